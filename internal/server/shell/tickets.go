// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package shell opens shells in containers over WebSocket, where they are switched on. A ticket, which is good once and for
// half a minute, carries what was asked and allowed to the WebSocket, whose address so holds no secret that lasts.
package shell

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/lasting"
	"github.com/vela-rollouts/vela/internal/server/look"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

const (
	// lasts is how long a ticket is good.
	lasts = 30 * time.Second
	// mostTickets are kept and mostTickets shells are open at a time, mostShells of a session.
	mostTickets, mostShells = 1000, 4
	// idle is how long nothing may be typed.
	idle = 30 * time.Minute
	// columns and rows of a terminal whose size is not said.
	columns, rows = 80, 24
)

// Target is what runs where.
type Target struct {
	Namespace, Pod, Container string
	Command                   []string
}

// Config of the shells.
type Config struct {
	lasting.Config
	// Run is nil where shells are switched off.
	Run Run
}

// Shell answers the operations of this package.
type Shell struct {
	cfg    Config
	places *lasting.Places

	mu      sync.Mutex
	tickets map[string]ticket
}

type ticket struct {
	person  access.Person
	target  Target
	size    Size
	expires time.Time
}

// New returns a Shell.
func New(cfg Config) *Shell {
	return &Shell{cfg: cfg, places: lasting.NewPlaces("shells", mostShells, mostTickets), tickets: map[string]ticket{}}
}

func off() error {
	return problem.New(http.StatusForbidden, api.ProblemCodeExecOff, "shells are switched off on this server; start it with --ui-shell to have them")
}

// CreateExecTicket gives a ticket for one shell in a container of an application's pod.
func (s *Shell) CreateExecTicket(ctx context.Context, r api.CreateExecTicketRequestObject) (api.CreateExecTicketResponseObject, error) {
	if s.cfg.Run == nil {
		return nil, off()
	}
	person, err := access.From(ctx)
	if err != nil {
		return nil, err
	}
	base, err := s.cfg.Gather.App(ctx, r.Ns, r.App)
	if err != nil {
		return nil, err
	}
	pod := look.Find(look.Seen{Seen: base}, r.Pod)
	if pod == nil {
		return nil, problem.NotFound("pod", r.Pod).With("application", r.App)
	}
	if !slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == r.Body.Container }) {
		return nil, problem.Invalid(problem.Field("/container", api.FieldErrorCodeNotAllowed, "pod %s has no container %q; choose one of its own", r.Pod, r.Body.Container))
	}
	command := r.Body.Command
	if len(command) == 0 {
		command = []string{"sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash || exec sh"}
	}
	t := ticket{
		person: person, target: Target{Namespace: r.Ns, Pod: r.Pod, Container: r.Body.Container, Command: command},
		size: Size{Columns: orElse(r.Body.Columns, columns), Rows: orElse(r.Body.Rows, rows)}, expires: s.cfg.Clock.Now().Add(lasts),
	}
	if err := s.places.Free(person.Session); err != nil {
		return nil, err
	}
	id := strings.ToLower(rand.Text())
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, t := range s.tickets {
		if !s.cfg.Clock.Now().Before(t.expires) {
			delete(s.tickets, old)
		}
	}
	if len(s.tickets) >= mostTickets {
		return nil, problem.New(http.StatusTooManyRequests, api.ProblemCodeTooManyStreams, "there are too many shells already; try again in half a minute")
	}
	s.tickets[id] = t
	return api.CreateExecTicket201JSONResponse{Ticket: id, Path: "/api/v1/exec/" + id, ExpiresAt: t.expires.UTC()}, nil
}

func orElse(n, otherwise int) uint16 {
	if n < 1 || n > 1000 {
		return uint16(otherwise) //nolint:gosec // a constant
	}
	return uint16(n) //nolint:gosec // bounded above
}

// redeem takes a ticket, which is gone then, whoever comes with it.
func (s *Shell) redeem(id string, p access.Person) (ticket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tickets[id]
	delete(s.tickets, id)
	if !ok || !s.cfg.Clock.Now().Before(t.expires) || t.person.Session != p.Session || t.person.User != p.User {
		return ticket{}, problem.NotFound("ticket", "").With("seconds", "30")
	}
	return t, nil
}
