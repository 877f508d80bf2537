// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
	utilexec "k8s.io/client-go/util/exec"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/lasting"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// largestMessage of a browser, in bytes: what somebody pastes.
const largestMessage = 256 << 10

// Size of a terminal, in characters.
type Size struct{ Columns, Rows uint16 }

// Terminal is a browser's, as a command sees it. Sizes is closed when the browser is gone.
type Terminal struct {
	In    io.Reader
	Out   io.Writer
	Sizes <-chan Size
}

// Run runs a command in the name of a person until it ends or ctx does. How the command ended is a utilexec.ExitError.
type Run func(ctx context.Context, p access.Person, target Target, terminal Terminal) error

type requestKey struct{}

// WithRequest hands a request on to OpenExec, which has to see where it came from.
func WithRequest(next api.StrictHandlerFunc, operationID string) api.StrictHandlerFunc {
	if operationID != "OpenExec" {
		return next
	}
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		return next(context.WithValue(ctx, requestKey{}, r), w, r, request)
	}
}

// OpenExec opens the shell of a ticket.
func (s *Shell) OpenExec(ctx context.Context, r api.OpenExecRequestObject) (api.OpenExecResponseObject, error) {
	if s.cfg.Run == nil {
		return nil, off()
	}
	person, err := access.From(ctx)
	if err != nil {
		return nil, err
	}
	request, ok := ctx.Value(requestKey{}).(*http.Request)
	if !ok || !strings.EqualFold(request.Header.Get("Upgrade"), "websocket") {
		return nil, problem.BadRequest("this is a WebSocket; ask for an upgrade")
	}
	if !sameSite(request) {
		return nil, problem.New(http.StatusForbidden, api.ProblemCodeCrossOrigin, "this request came from another site; use the page itself")
	}
	t, err := s.redeem(r.Ticket, person)
	if err != nil {
		return nil, err
	}
	leave, err := s.places.Take(person.Session)
	if err != nil {
		return nil, err
	}
	return answer(func(w http.ResponseWriter) error {
		defer leave()
		return s.serve(ctx, w, request, t)
	}), nil
}

// sameSite says that a browser sent a request from a page of this very site: a WebSocket is a GET, which no other check is about.
func sameSite(r *http.Request) bool {
	origin, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || origin.Host == "" || !strings.EqualFold(origin.Host, r.Host) {
		return false
	}
	from := r.Header.Get("Sec-Fetch-Site")
	return from == "" || from == "same-origin"
}

type answer func(http.ResponseWriter) error

// VisitOpenExecResponse turns the connection into a WebSocket.
func (a answer) VisitOpenExecResponse(w http.ResponseWriter) error { return a(w) }

func (s *Shell) serve(ctx context.Context, w http.ResponseWriter, r *http.Request, t ticket) error {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil { // it has told the client
		s.cfg.Log.InfoContext(ctx, "a shell was not opened", "user", t.person.User, "error", err)
		return nil
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(largestMessage)
	log := s.cfg.Log.With("user", t.person.User, "namespace", t.target.Namespace, "pod", t.target.Pod, "container", t.target.Container, "command", t.target.Command)
	log.InfoContext(ctx, "a shell was opened")
	// A read or write whose context ends takes the connection along, on which there is a goodbye to be said.
	asked := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	sizes := make(chan Size, 1)
	sizes <- t.size
	typed, keyboard := io.Pipe()
	defer context.AfterFunc(ctx, func() { _ = keyboard.CloseWithError(io.EOF) })()
	heard := make(chan struct{}, 1)
	go func() {
		defer close(sizes)
		err := listen(asked, conn, keyboard, sizes, heard)
		_ = keyboard.CloseWithError(io.EOF)
		stop(err)
	}()
	go s.watch(ctx, t, heard, stop)
	err = s.cfg.Run(ctx, t.person, t.target, Terminal{In: typed, Out: screen{asked, conn}, Sizes: sizes})
	_ = typed.CloseWithError(io.ErrClosedPipe)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	log.InfoContext(ctx, "a shell was closed", "how", fmt.Sprint(err))
	goodbye(context.WithoutCancel(ctx), conn, err)
	return nil
}

// listen takes what the browser sends until it goes.
func listen(ctx context.Context, conn *websocket.Conn, keyboard io.Writer, sizes chan Size, heard chan<- struct{}) error {
	for {
		kind, raw, err := conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("the browser is gone: %w", err)
		}
		select {
		case heard <- struct{}{}:
		default:
		}
		if kind == websocket.MessageBinary {
			if _, err := keyboard.Write(raw); err != nil {
				return err
			}
			continue
		}
		var m api.ExecMessage
		if err := json.Unmarshal(raw, &m); err != nil || m.Kind != api.ExecMessageKindResize {
			return problem.Refused("the browser sent a message that is none of a shell")
		}
		select {
		case <-sizes: // only the last one counts
		default:
		}
		sizes <- Size{orElse(m.Columns, columns), orElse(m.Rows, rows)}
	}
}

// watch ends a shell whose person may not have it any more, or that nobody types into.
func (s *Shell) watch(ctx context.Context, t ticket, heard <-chan struct{}, stop context.CancelCauseFunc) {
	look := s.cfg.Clock.NewTicker(lasting.RecheckEvery)
	defer look.Stop()
	last := s.cfg.Clock.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-heard:
			last = s.cfg.Clock.Now()
		case <-look.C():
			if s.cfg.Clock.Now().Sub(last) >= idle {
				stop(problem.Refused("nothing was typed for half an hour, so the shell was closed"))
				return
			}
			if why := s.cfg.Refused(ctx, access.Check{Verb: "create", Resource: "pods/exec", Namespace: t.target.Namespace}); why != nil {
				stop(why)
				return
			}
		}
	}
}

// screen writes to the browser's terminal.
type screen struct {
	ctx  context.Context //nolint:containedctx // io.Writer has none
	conn *websocket.Conn
}

// Write sends bytes of the terminal.
func (s screen) Write(b []byte) (int, error) {
	ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageBinary, b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// goodbye tells how it ended; a browser that is gone does not hear it.
func goodbye(ctx context.Context, conn *websocket.Conn, err error) {
	m := api.ExecMessage{Kind: api.ExecMessageKindExit}
	code := 0
	var exit utilexec.ExitError
	switch {
	case err == nil:
		m.ExitCode = &code
	case errors.As(err, &exit) && exit.Exited():
		code = exit.ExitStatus()
		m.ExitCode = &code
	default:
		m.Kind, m.Message = api.ExecMessageKindError, err.Error() // it is about what this very person asked for
	}
	raw, failed := json.Marshal(m)
	if failed != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if conn.Write(ctx, websocket.MessageText, raw) == nil {
		_ = conn.Close(websocket.StatusNormalClosure, "")
	}
}
