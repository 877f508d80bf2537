// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package beside

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// family gives a process and those that it started.
func family(id int) []int {
	out := []int{id}
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", id, id)) // one that has ended has none
	for _, child := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(child); err == nil {
			out = append(out, family(n)...)
		}
	}
	return out
}

// cpu is the processor time of a process and those that it started (proc(5): utime and stime, in ticks of 1/100 s on Linux).
func cpu(id int) time.Duration {
	var ticks int64
	for _, id := range family(id) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 13 {
			continue
		}
		for _, field := range fields[11:13] {
			n, _ := strconv.ParseInt(field, 10, 64)
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// resident is the memory of a process and those that it started, in MiB: each page in equal parts to those that share it.
func resident(id int) float64 {
	kib := 0.0
	for _, id := range family(id) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", id))
		for line := range strings.Lines(string(text)) {
			if value, found := strings.CutPrefix(line, "Pss:"); found {
				n, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
				kib += n
			}
		}
	}
	return kib / 1024
}
