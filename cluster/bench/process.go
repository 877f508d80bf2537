// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopTimeout is how long a process may take to end after it was asked to.
const stopTimeout = 30 * time.Second

// process is a child that ends with this one.
type process struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{} // closed at the end
}

// start begins a program whose output goes to a log file.
func start(log string, env []string, name string, args ...string) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("making the log of %s: %w", filepath.Base(name), err)
	}
	defer func() { _ = out.Close() }()
	p := &process{cmd: exec.Command(name, args...), log: log, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Env = append(os.Environ(), env...)
	// An interrupt at the terminal reaches this process alone, which ends its children in order.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", filepath.Base(name), err)
	}
	go func() {
		_ = p.cmd.Wait() // the state tells
		close(p.ended)
	}()
	return p, nil
}

// alive gives an error, with the end of the log, when the process has ended.
func (p *process) alive() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s ended by itself (%s): %s", filepath.Base(p.cmd.Path), p.cmd.ProcessState, p.tail())
	default:
		return nil
	}
}

func (p *process) tail() string {
	data, _ := os.ReadFile(p.log)
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("; ")))
}

// stop asks the process to end, and makes it.
func (p *process) stop() error {
	if p == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopTimeout):
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	return fmt.Errorf("%s did not end within %s and was killed", filepath.Base(p.cmd.Path), stopTimeout)
}

func (p *process) cpu() float64 { return cpuSeconds(p.cmd.Process.Pid) }

// cpuSeconds is the processor time that a process has used so far (proc(5): utime and stime, in ticks of 1/100 s on Linux).
func cpuSeconds(id int) float64 {
	text := read(fmt.Sprintf("/proc/%d/stat", id))
	// The name of the program, in parentheses, may hold spaces; utime is the 14th field, the 12th after it.
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100
}

// peakMiB is the most memory that was ever resident, in MiB.
func (p *process) peakMiB() float64 {
	return kibibytes(field(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid), "VmHWM")) / 1024
}

// kibibytes reads "123 kB".
func kibibytes(text string) float64 {
	number, _, _ := strings.Cut(text, " ")
	n, _ := strconv.ParseFloat(number, 64)
	return n
}
