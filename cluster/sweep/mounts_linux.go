// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package sweep

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Mounts lists the mount points below the cluster's directories, the deepest last.
func Mounts(places Places) ([]string, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("reading the mounts: %w", err)
	}
	return below(string(data), places.DataDir, places.RunDir), nil
}

// below picks mount points in the text of mountinfo(5).
func below(mountinfo string, dirs ...string) []string {
	var out []string
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		point := unescape(fields[4])
		for _, dir := range dirs {
			if strings.HasPrefix(point, dir+"/") {
				out = append(out, point)
				break
			}
		}
	}
	return out
}

// unescape undoes the octal escapes of mountinfo(5).
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

func unmount(places Places) error {
	points, err := Mounts(places)
	if err != nil {
		return err
	}
	var errs []error
	for _, point := range slices.Backward(points) {
		err := syscall.Unmount(point, syscall.MNT_DETACH)
		if err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
			errs = append(errs, fmt.Errorf("unmounting %s: %w", point, err))
		}
	}
	return errors.Join(errs...)
}
