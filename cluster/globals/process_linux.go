// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package globals

import (
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

// maxLog is the size from which a log is put aside at the start.
const maxLog = 20 << 20

// Redirect sends everything the process prints, whoever does it, to the log
// file, and returns the standard output it had: the linked libraries print to
// the terminal in a dozen ways. A crash is still shown on the old standard error.
func Redirect(file string) (terminal *os.File, err error) {
	if info, err := os.Stat(file); err == nil && info.Size() > maxLog {
		if err := os.Rename(file, file+".1"); err != nil {
			return nil, fmt.Errorf("putting the old log aside: %w", err)
		}
	}
	log, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	out, err := keep(1)
	if err != nil {
		return nil, err
	}
	oldErr, err := keep(2)
	if err != nil {
		return nil, err
	}
	if err := debug.SetCrashOutput(oldErr, debug.CrashOptions{}); err != nil {
		return nil, fmt.Errorf("directing crashes to the terminal: %w", err)
	}
	for _, fd := range []int{1, 2} {
		if err := unix.Dup3(int(log.Fd()), fd, 0); err != nil {
			return nil, fmt.Errorf("directing output to the log: %w", err)
		}
	}
	return out, log.Close()
}

// keep makes a copy of a descriptor that no child inherits.
func keep(fd int) (*os.File, error) {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("keeping the terminal: %w", err)
	}
	return os.NewFile(uintptr(n), "terminal"), nil
}

// Logs are the loggers of the parts of a process.
type Logs struct {
	Own  *slog.Logger
	Etcd *zap.Logger
}

// Loggers sets the linked libraries up to log to w, and returns the loggers of
// our own parts. Libraries log warnings and errors; verbose: everything.
func Loggers(w *os.File, verbose bool) (Logs, error) {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	etcd, err := Setup(slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})), w)
	if err != nil {
		return Logs{}, err
	}
	return Logs{Own: slog.New(slog.NewTextHandler(w, nil)), Etcd: etcd}, nil
}

// Tune collects garbage sooner when the process holds much: on one machine
// memory is for the applications. The environment wins.
func Tune() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(600 << 20)
	}
}
