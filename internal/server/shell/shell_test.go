// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package shell_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilexec "k8s.io/client-go/util/exec"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/shell"
	"github.com/vela-rollouts/vela/internal/test/flow"
	"github.com/vela-rollouts/vela/internal/test/uxstage"
)

// echo is a shell that says each line again, and ends with the code that "exit N" names.
func echo(ctx context.Context, p access.Person, target shell.Target, terminal shell.Terminal) error {
	size := <-terminal.Sizes
	fmt.Fprintf(terminal.Out, "%s in %s/%s at %dx%d\n", p.User, target.Pod, target.Container, size.Columns, size.Rows)
	for in := bufio.NewScanner(terminal.In); in.Scan(); {
		var code int
		if _, err := fmt.Sscanf(in.Text(), "exit %d", &code); err == nil {
			return utilexec.CodeExitError{Err: fmt.Errorf("command terminated with exit code %d", code), Code: code}
		}
		if in.Text() == "size" {
			size = <-terminal.Sizes
			fmt.Fprintf(terminal.Out, "%dx%d\n", size.Columns, size.Rows)
			continue
		}
		fmt.Fprintf(terminal.Out, "%s\n", in.Text())
	}
	return context.Cause(ctx)
}

func stage(t *testing.T) *uxstage.Stage {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "demo-1", Labels: map[string]string{v1beta1.LabelAppName: "demo"}}}
	pod.Spec.Containers = []corev1.Container{{Name: "demo"}}
	app := &v1beta1.Application{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "default"}, Spec: uxstage.Application("demo", "demo:v1")}
	s := uxstage.New(t, app, pod)
	s.Shell = echo
	return s
}

const tickets = "/apps/default/demo/pods/demo-1/exec-tickets"

func ticket(t *testing.T, b *uxstage.Browser) api.ExecTicket {
	t.Helper()
	var got api.ExecTicket
	b.Do(http.MethodPost, tickets, api.ExecRequest{Container: "demo", Columns: 100, Rows: 30}).Want(http.StatusCreated, &got)
	return got
}

// dial opens the WebSocket of a path with the cookies of a browser.
func dial(t *testing.T, s *uxstage.Stage, b *uxstage.Browser, path, origin string) (*websocket.Conn, int) {
	t.Helper()
	conn, resp, err := websocket.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+path, &websocket.DialOptions{
		HTTPClient: &http.Client{Jar: b.HTTP.Jar, Transport: b.HTTP.Transport}, HTTPHeader: http.Header{"Origin": {origin}},
	})
	if resp == nil {
		t.Fatal(err)
	}
	if err != nil {
		return nil, resp.StatusCode
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, resp.StatusCode
}

func read(t *testing.T, conn *websocket.Conn) (websocket.MessageType, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	kind, raw, err := conn.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return kind, string(raw)
}

func send(t *testing.T, conn *websocket.Conn, kind websocket.MessageType, text string) {
	t.Helper()
	if err := conn.Write(t.Context(), kind, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestAShellFromTicketToExitCode(t *testing.T) {
	s := stage(t)
	op := s.SignIn("op", access.Operator)
	conn, _ := dial(t, s, op, ticket(t, op).Path, s.URL)
	want := func(text string) {
		t.Helper()
		if kind, got := read(t, conn); kind != websocket.MessageBinary || got != text {
			t.Fatalf("got %q, want %q", got, text)
		}
	}
	want("op in demo-1/demo at 100x30\n")
	send(t, conn, websocket.MessageBinary, "hello\n")
	want("hello\n")
	send(t, conn, websocket.MessageText, `{"kind":"resize","columns":120,"rows":40}`)
	send(t, conn, websocket.MessageBinary, "size\n")
	want("120x40\n")
	send(t, conn, websocket.MessageBinary, "exit 3\n")
	kind, raw := read(t, conn)
	var m api.ExecMessage
	if err := json.Unmarshal([]byte(raw), &m); err != nil || kind != websocket.MessageText || m.Kind != api.ExecMessageKindExit || m.ExitCode == nil || *m.ExitCode != 3 {
		t.Errorf("the end is %s (%v)", raw, err)
	}
	for _, mark := range []string{"a shell was opened", "a shell was closed", "user=op", "pod=demo-1"} {
		if !strings.Contains(s.Log(), mark) {
			t.Errorf("the log does not say %q", mark)
		}
	}
}

func TestATicketIsGoodOnceForItsPersonAndForHalfAMinute(t *testing.T) {
	s := stage(t)
	op, other := s.SignIn("op", access.Operator), s.SignIn("other", access.Operator)
	used := ticket(t, op).Path
	if conn, status := dial(t, s, op, used, s.URL); conn == nil {
		t.Fatalf("status %d", status)
	}
	stolen, late := ticket(t, op).Path, ticket(t, op).Path
	cases := []struct {
		name   string
		who    *uxstage.Browser
		path   string
		origin string
		status int
	}{
		{"used before", op, used, s.URL, http.StatusNotFound},
		{"another person's", other, stolen, s.URL, http.StatusNotFound},
		{"gone after somebody else tried it", op, stolen, s.URL, http.StatusNotFound},
		{"from another site", op, ticket(t, op).Path, "https://evil.example", http.StatusForbidden},
		{"from nowhere", op, ticket(t, op).Path, "", http.StatusForbidden},
		{"of nobody", s.Open(), ticket(t, op).Path, s.URL, http.StatusUnauthorized},
		{"too late", op, late, s.URL, http.StatusNotFound},
	}
	for _, tc := range cases {
		if tc.name == "too late" {
			s.Clock.Step(31 * time.Second)
		}
		if conn, status := dial(t, s, tc.who, tc.path, tc.origin); conn != nil || status != tc.status {
			t.Errorf("a ticket %s: status %d, want %d", tc.name, status, tc.status)
		}
	}
}

func TestTicketsAreForThoseWhoMay(t *testing.T) {
	s := stage(t)
	s.SignIn("dev", access.Developer).Do(http.MethodPost, tickets, api.ExecRequest{Container: "demo"}).WantProblem(http.StatusForbidden, api.ProblemCodeForbidden)
	op := s.SignIn("op", access.Operator)
	op.Do(http.MethodPost, "/apps/default/demo/pods/foreign/exec-tickets", api.ExecRequest{Container: "demo"}).WantProblem(http.StatusNotFound, api.ProblemCodeNotFound)
	p := op.Do(http.MethodPost, tickets, api.ExecRequest{Container: "none"}).WantProblem(http.StatusUnprocessableEntity, api.ProblemCodeInvalid)
	if p.FieldErrors[0].Path != "/container" {
		t.Errorf("the field is %s", p.FieldErrors[0].Path)
	}
}

func TestAShellEndsWithTheRightToHaveIt(t *testing.T) {
	s := stage(t)
	s.Grant("op", access.Operator)
	op := s.SignIn("op")
	conn, _ := dial(t, s, op, ticket(t, op).Path, s.URL)
	read(t, conn)
	s.Grant("op", access.Viewer)
	ended := make(chan string, 1)
	go func() {
		_, raw, err := conn.Read(t.Context())
		ended <- fmt.Sprint(string(raw), err)
	}()
	if text, _ := flow.Next(t, s.Clock, "the end of the shell", ended); !strings.Contains(text, `"error"`) || !strings.Contains(text, "pods/exec") {
		t.Errorf("the end is %s", text)
	}
}

func TestShellsAreOffUnlessTheyAreSwitchedOn(t *testing.T) {
	off := shell.New(shell.Config{})
	ctx := access.WithPerson(t.Context(), access.Person{User: "op"})
	if _, err := off.CreateExecTicket(ctx, api.CreateExecTicketRequestObject{}); err == nil || !strings.Contains(err.Error(), "--ui-shell") {
		t.Errorf("got %v", err)
	}
	if _, err := off.OpenExec(ctx, api.OpenExecRequestObject{}); err == nil {
		t.Error("a WebSocket was opened")
	}
}
