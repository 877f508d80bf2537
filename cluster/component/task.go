// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// errEnded is what a task reports that returned without being asked to.
var errEnded = errors.New("it ended without being asked to")

// Task runs one blocking function in the background: the Start, Stop and Died
// of a component whose work is a Run(ctx) that returns when ctx ends.
type Task struct {
	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
	died   chan error
}

// NewTask returns a task that is not started.
func NewTask() *Task {
	return &Task{died: make(chan error, 1)}
}

// Go runs the function until Halt. A second call while it runs does nothing.
func (t *Task) Go(run func(ctx context.Context) error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cancel != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.cancel, t.done = cancel, make(chan struct{})
	done := t.done
	go func() {
		defer close(done)
		err := guarded(ctx, run)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errEnded
		}
		t.died <- err
	}()
}

// guarded turns a panic of a part into its error, so that the others are
// stopped in order.
func guarded(ctx context.Context, run func(ctx context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return run(ctx)
}

// Halt asks the function to end and waits for it, at most until ctx ends.
func (t *Task) Halt(ctx context.Context) error {
	t.mu.Lock()
	cancel, done := t.cancel, t.done
	t.mu.Unlock()
	if cancel == nil {
		return nil
	}
	cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for its end: %w", ctx.Err())
	}
}

// Died yields the error of a function that ended without Halt.
func (t *Task) Died() <-chan error { return t.died }
