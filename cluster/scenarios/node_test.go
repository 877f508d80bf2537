// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"crypto/tls"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// cordon shuts the only node to new pods, or opens it.
func (s *story) cordon(on bool) {
	s.Helper()
	nodes := &corev1.NodeList{}
	s.must(s.objects.List(s.detached(), nodes)) // at the end of the story too
	for i := range nodes.Items {
		s.must(s.objects.Patch(s.detached(), &nodes.Items[i], client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"unschedulable":%v}}`, on))))
	}
}

// evict does what kubectl drain does with a pod.
func (s *story) evict(p corev1.Pod) {
	s.Helper()
	s.must(s.kube.PolicyV1().Evictions(s.ns).Evict(s.ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: p.Name}}))
}

func TestAPauseWithADrainAndNewCertificates(t *testing.T) {
	s := beginAlone(t, 24, "During a long pause the node is drained pod by pod, and certificates are replaced")
	s.deploy(workload{replicas: 4, steps: []string{"50%", "100%"}})
	serial := s.secretFor("cert", s.host())
	s.edit(subject, func(i *networkingv1.Ingress) {
		i.Annotations = map[string]string{"nginx.ingress.kubernetes.io/ssl-redirect": "false"}
		i.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{s.host()}, SecretName: "cert"}}
	})
	s.startLoad()
	secure := s.startSecure()
	secure.sees(s, serial)
	s.release("v2")
	s.atStep(1)
	s.share("V2", 50)

	s.Cleanup(func() { s.cordon(false) })
	s.cordon(true)
	drained := time.Now()
	for _, p := range s.pods(subject, "v2") {
		s.evict(p)
	}
	s.takenBack("pods of V2 evicted → last request to V2", "V2", drained)
	s.podsSettle(map[string]int{"v1": 2, "v2": 2})
	s.evict(s.pods(subject, "v1")[0])
	s.share("V1", 100)
	s.note("velad has one node: of a drain that evicts all pods at once nobody could answer. The new version's pods and one of the stable version's are evicted here and find no place until the node is open again.")
	open := time.Now()
	s.cordon(false)
	s.atStep(1)
	s.podsAre(map[string]int32{"v1": 2, "v2": 2})
	s.effect("node open again → at 50 % again", open)
	s.share("V2", 50)

	for range 3 {
		replaced := time.Now()
		serial = s.secretFor("cert", s.host())
		secure.sees(s, serial)
		s.effect("certificate replaced → served", replaced)
	}
	s.share("V2", 50)
	s.approve()
	s.over("v2")
	s.share("V2", 100)
	sent, failures := secure.stop()
	s.row.Sent, s.row.Failed = s.row.Sent+sent, s.row.Failed+uint64(len(failures))
	if len(failures) > 0 || sent == 0 {
		s.Errorf("%d of %d requests over TLS failed: %q", len(failures), sent, failures[:min(len(failures), 10)])
	}
}

// secure asks over TLS, on a new connection for each request, and remembers the certificate that it saw last.
type secure struct {
	mu       sync.Mutex
	sent     uint64
	failures []string
	serial   *big.Int
	halt     func()
}

func (s *story) startSecure() *secure {
	s.Helper()
	c := &secure{serial: new(big.Int)}
	dialer := &net.Dialer{}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{
		ServerName: s.host(), InsecureSkipVerify: true, // the story signs its certificates itself, and looks at their numbers
	}}
	do := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	c.halt = s.repeat(10*time.Millisecond, func() {
		req, err := http.NewRequest(http.MethodGet, "https://127.0.0.1:18443/version", nil)
		if err != nil {
			return
		}
		req.Host = s.host()
		resp, err := do.Do(req)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sent++
		if err != nil {
			c.failures = append(c.failures, err.Error())
			return
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			c.failures = append(c.failures, fmt.Sprintf("status %d, %v", resp.StatusCode, err))
		}
		c.serial = resp.TLS.PeerCertificates[0].SerialNumber
	})
	return c
}

// sees waits until a certificate is served.
func (c *secure) sees(s *story, serial *big.Int) {
	s.Helper()
	s.until("the certificate is served", func() (bool, string) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.serial.Cmp(serial) == 0, fmt.Sprintf("it is %s, want %s; failures: %v", c.serial, serial, c.failures)
	})
}

func (c *secure) stop() (uint64, []string) {
	c.halt()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent, c.failures
}
