// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// settings is an application with a ConfigMap and a Secret that its pods read.
func settings(a application, colour string) application {
	a.more = fmt.Sprintf(`        - type: storage
          properties:
            configMap: [{name: settings, mountPath: /etc/demo, data: {colour: %[1]s}}]
            secret: [{name: login, mountToEnv: {envName: PASSWORD, secretKey: password}, stringData: {password: "%[1]s"}}]
`, colour)
	return a
}

// read gives the colour that the pods of a version are told: by the ConfigMap that they mount and the Secret that is in their environment.
func (s *story) read(version string) []string {
	s.Helper()
	colours := map[string]bool{}
	for _, p := range s.pods(subject, version) {
		for _, v := range p.Spec.Volumes {
			if v.ConfigMap == nil || !strings.HasPrefix(v.ConfigMap.Name, "settings") {
				continue
			}
			c := &corev1.ConfigMap{}
			if !s.get(c, v.ConfigMap.Name) {
				s.Errorf("pod %s of %s reads ConfigMap %s, which is not there", p.Name, version, v.ConfigMap.Name)
			}
			colours["ConfigMap "+c.Data["colour"]] = true
		}
		for _, e := range p.Spec.Containers[0].Env {
			if e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil {
				continue
			}
			secret := &corev1.Secret{}
			if !s.get(secret, e.ValueFrom.SecretKeyRef.Name) {
				s.Errorf("pod %s of %s reads Secret %s, which is not there", p.Name, version, e.ValueFrom.SecretKeyRef.Name)
			}
			colours["Secret "+string(secret.Data[e.ValueFrom.SecretKeyRef.Key])] = true
		}
	}
	return slices.Sorted(maps.Keys(colours))
}

func TestSettingsAreReleasedWithTheVersion(t *testing.T) {
	s := begin(t, 20, "The release changes a ConfigMap and a Secret too; a rollback brings both back")
	s.up(settings(application{version: "v1", publish: "v1", replicas: 4}, "blue"))
	s.running(subject, "v1")
	s.startLoad()
	colours := func(version, want string) {
		s.Helper()
		if got := s.read(version); !slices.Equal(got, []string{"ConfigMap " + want, "Secret " + want}) {
			s.Errorf("pods of %s read %v, want %s in both", version, got, want)
		}
	}
	colours("v1", "blue")
	s.up(settings(application{version: "v2", publish: "v2", replicas: 4, weights: []int{50, 100}}, "red"))
	s.suspended(subject, "v2", 50)
	s.share("V2", 50)
	colours("v1", "blue")
	colours("v2", "red")
	// A pod of the old version that has to start again reads what it read before.
	one := s.pods(subject, "v1")[0]
	s.must(s.objects.Delete(s.ctx, &one))
	s.podsAre(map[string]int32{"v1": 2, "v2": 2})
	colours("v1", "blue")
	back := s.ask("rollback")
	s.takenBack("rollback → last request to V2", "V2", back)
	s.running(subject, "v1")
	s.podsAre(map[string]int32{"v1": 4})
	colours("v1", "blue")
	s.up(settings(application{version: "v2", publish: "v2-again", replicas: 4, weights: []int{50, 100}}, "green"))
	s.suspended(subject, "v2-again", 50)
	s.ask("resume")
	s.running(subject, "v2-again")
	s.share("V2", 100)
	colours("v2", "green")
	s.until("the settings of versions that are gone are gone too", func() (bool, string) {
		list := &corev1.ConfigMapList{}
		s.must(s.objects.List(s.ctx, list, client.InNamespace(s.ns)))
		for i := range list.Items {
			if list.Items[i].Data["colour"] == "red" {
				return false, list.Items[i].Name + " is red"
			}
		}
		return true, ""
	})
}
