// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package exit

import "errors"

// The exit codes of vela.
const (
	// OK says that what was asked is done.
	OK = 0
	// Failed says that something went wrong.
	Failed = 1
	// Usage says that the command line itself is wrong; nothing was sent anywhere.
	Usage = 2
	// Refused says that what was asked is not possible in the present state, such as resuming what is not suspended.
	Refused = 3
	// TimedOut says that it was asked, but was not done in time; it may still come true.
	TimedOut = 4
	// Interrupted says that the person pressed Ctrl-C.
	Interrupted = 130
)

// coded is an error that knows its exit code.
type coded struct {
	code int
	err  error
}

func (c coded) Error() string { return c.err.Error() }
func (c coded) Unwrap() error { return c.err }

// With gives err an exit code; a nil error stays nil.
func With(code int, err error) error {
	if err == nil {
		return nil
	}
	return coded{code, err}
}

// Code is the exit code of err: 0 for nil, Failed for an error that was not given one.
func Code(err error) int {
	if err == nil {
		return OK
	}
	var c coded
	if errors.As(err, &c) {
		return c.code
	}
	return Failed
}
