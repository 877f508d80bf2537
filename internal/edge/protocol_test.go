// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

func echoSocket(w http.ResponseWriter, req *http.Request) {
	conn, err := websocket.Accept(w, req, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	for {
		kind, data, err := conn.Read(req.Context())
		if err != nil {
			return
		}
		if err := conn.Write(req.Context(), kind, data); err != nil {
			return
		}
	}
}

func (w *world) socket(ctx context.Context) *websocket.Conn {
	w.t.Helper()
	conn, _, err := websocket.Dial(ctx, w.url+"/", &websocket.DialOptions{Host: "demo.example"})
	if err != nil {
		w.t.Fatal(err)
	}
	return conn
}

func TestWebSocketPassesAndIsInFlight(t *testing.T) { onBothPaths(t, testWebSocketPassesAndIsInFlight) }

func testWebSocketPassesAndIsInFlight(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "echo", echoSocket)
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn := w.socket(ctx)
	for _, size := range []int{1, 125, 126, 30_000} {
		sent := strings.Repeat("x", size)
		if err := conn.Write(ctx, websocket.MessageText, []byte(sent)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := conn.Read(ctx); err != nil || string(got) != sent {
			t.Fatalf("%d bytes came back, error %v", len(got), err)
		}
	}
	if got := w.plan().Services["demo/stable"].InFlight; got != 1 {
		t.Errorf("%d in flight with one WebSocket open", got)
	}
	conn.Close(websocket.StatusNormalClosure, "")
}

func TestStopSaysGoodbyeToWebSocketsAndFinishesRequests(t *testing.T) {
	onBothPaths(t, testStopSaysGoodbyeToWebSocketsAndFinishesRequests)
}

func testStopSaysGoodbyeToWebSocketsAndFinishesRequests(t course) {
	w := newWorld(t, nil)
	release, entered := make(chan struct{}), make(chan struct{})
	b := newBackend(t, "both", func(rw http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Upgrade") != "" {
			echoSocket(rw, req)
			return
		}
		close(entered)
		<-release
		_, _ = io.WriteString(rw, "finished")
	})
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn := w.socket(ctx)
	type answer struct {
		body string
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		_, body, err := w.get(http.DefaultClient, "/")
		answered <- answer{body, err}
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- w.stop() }()
	_, _, err := conn.Read(ctx)
	if got := websocket.CloseStatus(err); got != websocket.StatusGoingAway {
		t.Errorf("the WebSocket ended with %v, want a close frame with status 1001", err)
	}
	close(release)
	if a := <-answered; a.err != nil || a.body != "finished" {
		t.Errorf("the request in flight got %q, error %v", a.body, a.err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("the edge ended with %v", err)
	}
}

func TestAVersionThatGoesAwayTakesNoWebSocketAlong(t *testing.T) {
	onBothPaths(t, testAVersionThatGoesAwayTakesNoWebSocketAlong)
}

func testAVersionThatGoesAwayTakesNoWebSocketAlong(t course) {
	w := newWorld(t, nil)
	stable, canary := newBackend(t, "stable", echoSocket), newBackend(t, "canary", echoSocket)
	w.canary(stable, canary, 100)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn := w.socket(ctx)
	w.weight(0)
	_, _, err := conn.Read(ctx)
	if got := websocket.CloseStatus(err); got != websocket.StatusGoingAway {
		t.Errorf("the WebSocket to the version that goes away ended with %v, want a close frame with status 1001", err)
	}
	w.await("nothing in flight on the version that goes away", func(p plan.Plan) bool { return p.Services["demo/canary"].Drained() })
	again := w.socket(ctx)
	defer func() { _ = again.CloseNow() }()
	if got := w.plan().Services["demo/stable"].InFlight; got != 1 {
		t.Errorf("%d in flight on the version that stays, want the new connection of who was sent away", got)
	}
}

func TestAWebSocketStaysWhereItsPodIsStillServed(t *testing.T) {
	onBothPaths(t, testAWebSocketStaysWhereItsPodIsStillServed)
}

func testAWebSocketStaysWhereItsPodIsStillServed(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "echo", echoSocket)
	w.service("shared", b.address)
	w.service("own", b.address)
	w.ingress("web", "shared")
	w.ready(map[string]int{"shared": 1})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn := w.socket(ctx)
	defer func() { _ = conn.CloseNow() }()
	w.ingress("web", "own") // as at the begin and at the end of each release
	w.await("no route to the first Service", func(p plan.Plan) bool { return !p.Services["demo/shared"].Weighted && p.Services["demo/own"].Weighted })
	if err := conn.Write(ctx, websocket.MessageText, []byte("still here")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := conn.Read(ctx); err != nil || string(got) != "still here" {
		t.Errorf("the connection was cut: got %q, %v", got, err)
	}
}

// A Service of a release is used again by the next one, for other pods; connections belong to their pod.
func TestAWebSocketOfAnEarlierReleaseIsOfItsPodNotOfTheServiceItCameThrough(t *testing.T) {
	onBothPaths(t, testAWebSocketOfAnEarlierReleaseIsOfItsPodNotOfTheServiceItCameThrough)
}

func testAWebSocketOfAnEarlierReleaseIsOfItsPodNotOfTheServiceItCameThrough(t course) {
	w := newWorld(t, nil)
	one, two, three := newBackend(t, "one", echoSocket), newBackend(t, "two", echoSocket), newBackend(t, "three", echoSocket)
	w.canary(one, two, 100)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn := w.socket(ctx)
	defer func() { _ = conn.CloseNow() }()
	alive := func(when string) {
		t.Helper()
		if err := conn.Write(ctx, websocket.MessageText, []byte(when)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := conn.Read(ctx); err != nil || string(got) != when {
			t.Fatalf("%s the connection was cut: %q, %v", when, got, err)
		}
	}
	// The second version becomes the stable one, and a third the canary.
	w.addEndpoint("stable", two.address)
	w.removeEndpoint("stable", one.address)
	w.ready(map[string]int{"stable": 1})
	w.weight(0)
	w.removeEndpoint("canary", two.address)
	w.addEndpoint("canary", three.address)
	w.await("the third version behind the canary's Service", func(p plan.Plan) bool {
		return slices.ContainsFunc(p.Services["demo/canary"].Endpoints, func(e plan.Endpoint) bool {
			return e.Address == three.address && e.State == plan.Ready
		})
	})
	w.weight(20)
	alive("after its version became the stable one")
	w.weight(0)
	w.await("the third version drained: nobody is connected to it", func(p plan.Plan) bool { return p.Services["demo/canary"].Drained() })
	alive("after the third version was taken back")
	w.weight(100)
	if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("its version goes away, and the connection ended with %v, want a close frame with status 1001", err)
	}
	w.await("the second version drained", func(p plan.Plan) bool { return p.Services["demo/stable"].Drained() })
}

type testService struct {
	grpc_testing.UnimplementedTestServiceServer
}

func (testService) UnaryCall(_ context.Context, in *grpc_testing.SimpleRequest) (*grpc_testing.SimpleResponse, error) {
	if in.GetFillUsername() {
		return nil, status.Error(codes.AlreadyExists, "said by the backend")
	}
	return &grpc_testing.SimpleResponse{Payload: in.GetPayload()}, nil
}

func (testService) FullDuplexCall(stream grpc.BidiStreamingServer[grpc_testing.StreamingOutputCallRequest, grpc_testing.StreamingOutputCallResponse]) error {
	stream.SetTrailer(metadata.Pairs("x-trailer", "kept"))
	for {
		in, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&grpc_testing.StreamingOutputCallResponse{Payload: in.GetPayload()}); err != nil {
			return err
		}
	}
}

func TestGRPCPasses(t *testing.T) { onBothPaths(t, testGRPCPasses) }

func testGRPCPasses(t course) {
	w := newWorld(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	grpc_testing.RegisterTestServiceServer(server, testService{})
	go server.Serve(l)
	t.Cleanup(server.Stop)
	w.service("stable", l.Addr().String())
	w.ingress("web", "stable", "backend-protocol", "GRPC")
	w.ready(map[string]int{"stable": 1})

	conn, err := grpc.NewClient("passthrough:"+strings.TrimPrefix(w.url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("demo.example"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := grpc_testing.NewTestServiceClient(conn)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	payload := &grpc_testing.Payload{Body: []byte(strings.Repeat("x", 100_000))}
	got, err := client.UnaryCall(ctx, &grpc_testing.SimpleRequest{Payload: payload})
	if err != nil || len(got.GetPayload().GetBody()) != 100_000 {
		t.Fatalf("unary: %v", err)
	}
	_, err = client.UnaryCall(ctx, &grpc_testing.SimpleRequest{FillUsername: true})
	if status.Code(err) != codes.AlreadyExists || !strings.Contains(err.Error(), "said by the backend") {
		t.Errorf("the backend's status came as %v", err)
	}
	stream, err := client.FullDuplexCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// More than the limit on ordinary bodies, and each message is answered before the next is sent.
	for range 30 {
		if err := stream.Send(&grpc_testing.StreamingOutputCallRequest{Payload: payload}); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v", err)
	}
	if got := stream.Trailer().Get("x-trailer"); len(got) != 1 || got[0] != "kept" {
		t.Errorf("trailer %v", got)
	}
	server.Stop()
	if _, err = client.UnaryCall(ctx, &grpc_testing.SimpleRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("without a backend: %v, want Unavailable", err)
	}
}

// selfSigned gives a Secret with a certificate for the hosts.
func (w *world) secret(name string, hosts ...string) *corev1.Secret {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(int64(w.version)), DNSNames: hosts, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		w.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		w.t.Fatal(err)
	}
	return &corev1.Secret{ObjectMeta: w.meta(name), Type: corev1.SecretTypeTLS, Data: map[string][]byte{
		corev1.TLSCertKey:       pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		corev1.TLSPrivateKeyKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}}
}

// serial makes a handshake and gives the serial number of the certificate it gets.
func (w *world) serial(name string) int64 {
	w.t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(w.tls, "https://"), &tls.Config{InsecureSkipVerify: true, ServerName: name}) //nolint:gosec // the test looks at the certificate itself
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestTLSFromSecretsWithHTTP2AndRedirect(t *testing.T) {
	onBothPaths(t, testTLSFromSecretsWithHTTP2AndRedirect)
}

func testTLSFromSecretsWithHTTP2AndRedirect(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "secure", func(rw http.ResponseWriter, req *http.Request) {
		fmt.Fprintf(rw, "%s %s", req.Header.Get("X-Forwarded-Proto"), req.Header.Get("X-Forwarded-Port"))
	})
	w.service("stable", b.address)
	secret := w.secret("pair", "demo.example")
	secrets := w.client.CoreV1().Secrets("demo")
	if _, err := secrets.Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.ingress("web", "stable")
	ing, err := w.client.NetworkingV1().Ingresses("demo").Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ing = ing.DeepCopy()
	ing.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{"demo.example"}, SecretName: "pair"}}
	ing.ResourceVersion = "with-tls"
	w.applyIngress(ing)
	p := w.await("TLS", func(p plan.Plan) bool {
		return p.Ingresses["demo/web"].ResourceVersion == "with-tls" && p.Services["demo/stable"].Ready == 1
	})
	if problems := p.Ingresses["demo/web"].Problems; len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	client := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a test certificate
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(w.tls, "https://"))
		},
	}}
	resp, err := client.Get("https://demo.example/x")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(w.tls, "https://"))
	if resp.ProtoMajor != 2 || string(body) != "https "+port {
		t.Errorf("HTTP/%d, body %q", resp.ProtoMajor, body)
	}
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, _ := http.NewRequest(http.MethodGet, w.url+"/a?b=c", nil)
	req.Host = "demo.example:8080"
	redirect, err := stay.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	redirect.Body.Close()
	if redirect.StatusCode != http.StatusPermanentRedirect || redirect.Header.Get("Location") != "https://demo.example/a?b=c" {
		t.Errorf("plain HTTP got %d to %q", redirect.StatusCode, redirect.Header.Get("Location"))
	}

	before := w.serial("demo.example")
	renewed := w.secret("pair", "demo.example")
	if _, err := secrets.Update(t.Context(), renewed, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(patience)
	for w.serial("demo.example") == before && time.Now().Before(deadline) {
		continue // each handshake takes time of its own; nothing tells when a certificate is served
	}
	if w.serial("demo.example") == before {
		t.Error("the renewed certificate is not served")
	}
	if w.serial("nobody.example") == w.serial("demo.example") {
		t.Error("an unknown name got another host's certificate")
	}
}

func TestHTTP2WithoutTLSByPriorKnowledge(t *testing.T) {
	onBothPaths(t, testHTTP2WithoutTLSByPriorKnowledge)
}

func testHTTP2WithoutTLSByPriorKnowledge(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "plain", nil)
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	if code, body, err := w.get(client, "/"); err != nil || code != http.StatusOK || body != "plain" {
		t.Errorf("status %d, body %q, error %v", code, body, err)
	}
}

// raw sends bytes and gives everything that comes back until the connection closes or a second passes in silence.
func (w *world) raw(request string) string {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		w.t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	got, _ := io.ReadAll(bufio.NewReader(conn))
	return string(got)
}

func TestAmbiguousMessagesAreNotPassedOn(t *testing.T) {
	onBothPaths(t, testAmbiguousMessagesAreNotPassedOn)
}

func testAmbiguousMessagesAreNotPassedOn(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "victim", func(rw http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		fmt.Fprintf(rw, "%s %s [%s]", req.Method, req.URL.Path, body)
	})
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	head := "POST /front HTTP/1.1\r\nHost: demo.example\r\n"
	cases := map[string]struct{ request, reason string }{
		"two different lengths":              {head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "RFC 9112 section 6.3"},
		"a length that is no number":         {head + "Content-Length: +5\r\n\r\nhello", "RFC 9110 section 8.6"},
		"a list of lengths":                  {head + "Content-Length: 5, 6\r\n\r\nhello!", "RFC 9112 section 6.3"},
		"an unknown transfer coding":         {head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "RFC 9112 section 6.1"},
		"chunked twice":                      {head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "RFC 9112 section 7.1"},
		"a space before the colon":           {head + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "RFC 9112 section 5.1"},
		"no host":                            {"GET / HTTP/1.1\r\n\r\n", "RFC 9112 section 3.2"},
		"two hosts":                          {"GET / HTTP/1.1\r\nHost: demo.example\r\nHost: other.example\r\n\r\n", "RFC 9112 section 3.2"},
		"a header continued on another line": {head + "X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n", "RFC 9112 section 5.2"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := w.raw(tc.request)
			if !strings.HasPrefix(got, "HTTP/1.1 4") && !strings.HasPrefix(got, "HTTP/1.1 501") || strings.Contains(got, "HTTP/1.1 200") {
				t.Errorf("answered, though %s forbids it:\n%s", tc.reason, got)
			}
		})
	}
}

func TestNothingAfterAChunkedMessageWithALengthIsRead(t *testing.T) {
	onBothPaths(t, testNothingAfterAChunkedMessageWithALengthIsRead)
}

func testNothingAfterAChunkedMessageWithALengthIsRead(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "victim", func(_ http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Content-Length") != "" || req.ContentLength > 0 {
			t.Errorf("the length was passed on: %v", req.Header)
		}
	})
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	got := w.raw("POST / HTTP/1.1\r\nHost: demo.example\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
		"GET /smuggled HTTP/1.1\r\nHost: demo.example\r\n\r\n")
	if b.hits.Load() != 1 || strings.Count(got, "HTTP/1.1 ") != 1 || !strings.Contains(got, "Connection: close") {
		t.Errorf("%d requests reached the backend; the client got\n%s", b.hits.Load(), got)
	}
}

func TestUpgradeToHTTP2IsNotPassedOn(t *testing.T) { onBothPaths(t, testUpgradeToHTTP2IsNotPassedOn) }

func testUpgradeToHTTP2IsNotPassedOn(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "plain", func(_ http.ResponseWriter, req *http.Request) {
		for _, name := range []string{"Upgrade", "Http2-Settings", "Connection"} {
			if got := req.Header.Get(name); got != "" {
				t.Errorf("%s: %s was passed on", name, got)
			}
		}
	})
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	w.mustGet("/", "Connection", "Upgrade, HTTP2-Settings", "Upgrade", "h2c", "HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA")
}
