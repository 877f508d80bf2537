// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/test/load"
)

const weightAnnotation = "nginx.ingress.kubernetes.io/canary-weight"

// edit changes an Ingress as somebody else would.
func (s *story) edit(name string, change func(*networkingv1.Ingress)) time.Time {
	s.Helper()
	var asked time.Time
	s.again(func() error {
		route := &networkingv1.Ingress{}
		s.get(route, name)
		change(route)
		asked = time.Now()
		return s.objects.Update(s.ctx, route)
	})
	return asked
}

// leads says to which Services the user's Ingress leads.
func (s *story) leads() []string {
	s.Helper()
	route := &networkingv1.Ingress{}
	s.get(route, subject)
	var to []string
	for _, r := range route.Spec.Rules {
		for _, p := range r.HTTP.Paths {
			to = append(to, p.Backend.Service.Name)
		}
	}
	return to
}

func TestARouteThatSomebodyEdits(t *testing.T) {
	s := begin(t, 15, "Somebody edits the routes at 50 %: resets weight and backend, deletes the canary route, adds a host and TLS")
	s.deploy(workload{replicas: 4, steps: []string{"50%", "100%"}})
	s.startLoad()
	s.release("v2")
	s.atStep(1)
	weight := func(want string) {
		s.Helper()
		s.until("the weight is "+want, func() (bool, string) { w := s.weight(); return w == want, "it is " + w })
	}
	edited := s.edit(canaryRoute, func(i *networkingv1.Ingress) { i.Annotations[weightAnnotation] = "0" })
	weight("50")
	s.effect("weight reset to 0 → 50 again", edited)
	edited = s.edit(canaryRoute, func(i *networkingv1.Ingress) { i.Annotations[weightAnnotation] = "100" })
	weight("50")
	s.effect("weight reset to 100 → 50 again", edited)
	s.atStep(1)
	s.share("V2", 50)
	// What a GitOps tool does that knows only the user's own Ingress.
	edited = s.edit(subject, func(i *networkingv1.Ingress) {
		i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name = subject
	})
	s.until("the route leads to the stable version", func() (bool, string) {
		to := s.leads()
		return slices.Equal(to, []string{stableService}), fmt.Sprint(to)
	})
	s.effect("backend reset → stable version again", edited)
	s.atStep(1)
	s.share("V2", 50)
	route := &networkingv1.Ingress{}
	s.get(route, canaryRoute)
	deleted := time.Now()
	s.must(s.objects.Delete(s.ctx, route))
	weight("50")
	s.effect("canary route deleted → there with 50", deleted)
	s.atStep(1)
	s.share("V2", 50)

	other := "other-" + s.host()
	s.secretFor("cert", s.host())
	s.edit(subject, func(i *networkingv1.Ingress) {
		if i.Annotations == nil {
			i.Annotations = map[string]string{}
		}
		i.Annotations["team"], i.Annotations["nginx.ingress.kubernetes.io/ssl-redirect"] = "shop", "false"
		i.Spec.Rules = append(i.Spec.Rules, rule(other, path("/", networkingv1.PathTypePrefix, subject)))
		i.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{s.host()}, SecretName: "cert"}}
	})
	s.until("both hosts lead to the stable version", func() (bool, string) {
		to := s.leads()
		return slices.Equal(to, []string{stableService, stableService}), fmt.Sprint(to)
	})
	s.atStep(1)
	s.startLoadOn(load.Target{Address: s.Gateway(), Host: other, Path: "/version"})
	s.share("V2", 50)
	s.shareOf(s.loads[1], "V2", 50)
	back := s.release("v1")
	s.takenBack("taken back → last request to V2", "V2", back)
	s.over("v1")
	s.foreign(other)
	s.release("v2")
	s.atStep(1)
	s.approve()
	s.over("v2")
	s.foreign(other)
	s.share("V2", 100)
	s.shareOf(s.loads[1], "V2", 100)
}

// foreign checks that what others wrote into the user's Ingress is there as they wrote it.
func (s *story) foreign(host string) {
	s.Helper()
	route := &networkingv1.Ingress{}
	s.get(route, subject)
	if !slices.Equal(s.leads(), []string{subject, subject}) || route.Spec.Rules[1].Host != host {
		s.Errorf("the route leads to %v with rules %v, want the user's Service twice", s.leads(), route.Spec.Rules)
	}
	if len(route.Spec.TLS) != 1 || route.Spec.TLS[0].SecretName != "cert" || route.Annotations["team"] != "shop" {
		s.Errorf("TLS is %v, annotations are %v: what others wrote is lost", route.Spec.TLS, route.Annotations)
	}
}

func TestTwoReleasesBehindOneHost(t *testing.T) {
	s := begin(t, 16, "Two workloads behind one host are released together, with an Ingress each, and with one for both")
	shares := []string{"33%", "66%", "100%"}
	s.deploy(workload{replicas: 3, steps: shares, path: "/version"})
	s.deploy(workload{name: "cart", replicas: 3, steps: shares, path: "/"})
	s.startLoad()
	s.plainLoad(load.Target{Address: s.Gateway(), Host: s.host(), Path: "/"})
	shop, cart := s.loads[0], s.loads[1]
	asked := s.release("v2")
	s.releaseOf("cart", "v3")
	s.atStepOf(subject, 1)
	s.atStepOf("cart", 1)
	s.effect("both released → both at 33 %", asked)
	s.shareOf(shop, "V2", 33)
	s.shareOf(cart, "V3", 33)
	s.approveOf(subject)
	s.approveOf("cart")
	s.atStepOf(subject, 2)
	s.atStepOf("cart", 2)
	s.shareOf(shop, "V2", 66)
	s.shareOf(cart, "V3", 66)
	back := s.release("v1")
	s.approveOf("cart")
	s.takenBack("shop taken back, cart released → last request to shop's V2", "V2", back)
	s.overOf(subject, "v1")
	s.overOf("cart", "v3")
	s.shareOf(shop, "V1", 100)
	s.shareOf(cart, "V3", 100)

	// Cart's path moves into shop's Ingress.
	s.edit(subject, func(i *networkingv1.Ingress) {
		i.Spec.Rules[0].HTTP.Paths = append(i.Spec.Rules[0].HTTP.Paths, path("/", networkingv1.PathTypePrefix, "cart"))
	})
	s.must(s.objects.Delete(s.ctx, &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: "cart"}}))
	s.again(func() error {
		ro := s.rollout("cart")
		ro.Spec.Strategy.Canary.TrafficRoutings[0].Ingress.Name = subject
		return s.objects.Update(s.ctx, ro)
	})
	s.release("v2")
	s.atStepOf(subject, 1)
	asked = s.releaseOf("cart", "v2")
	s.atStepOf("cart", 1)
	s.effect("cart released on the Ingress on which shop is at 33 % → at 33 % too", asked)
	s.shareOf(shop, "V2", 33)
	s.shareOf(cart, "V2", 33)
	s.approveOf(subject)
	s.atStepOf(subject, 2)
	s.approveOf(subject)
	s.overOf(subject, "v2")
	s.shareOf(shop, "V2", 100)
	s.shareOf(cart, "V2", 33)
	s.approveOf("cart")
	s.atStepOf("cart", 2)
	back = s.releaseOf("cart", "v3")
	s.overOf("cart", "v3")
	s.effect("cart taken back on the shared Ingress → over", back)
	s.shareOf(shop, "V2", 100)
	s.shareOf(cart, "V3", 100)
	s.note("Two Rollouts of different Services on one Ingress are released at the same time; two of one Service go one after the other, and the second one says for which it waits.")
}

func TestAServiceThatIsDeletedAndRenamed(t *testing.T) {
	s := begin(t, 21, "The user's Service is deleted at 50 % and comes back; it is renamed after the release has begun")
	s.deploy(workload{replicas: 4, steps: []string{"50%", "100%"}})
	s.startLoad()
	s.release("v2")
	s.atStep(1)
	service := &corev1.Service{}
	s.get(service, subject)
	remove := func() {
		s.Helper()
		s.must(s.objects.Delete(s.ctx, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: subject}}))
	}
	again := func(name string) {
		s.Helper()
		s.must(s.objects.Create(s.ctx, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: name},
			Spec:       corev1.ServiceSpec{Selector: service.Spec.Selector, Ports: []corev1.ServicePort{{Port: 8090}}},
		}))
	}
	remove()
	s.share("V2", 50)
	s.always(2*time.Second, "the route does not lead where nothing is", func() (bool, string) {
		to := s.leads()
		return !slices.Contains(to, subject), fmt.Sprint(to)
	})
	s.until("the reason is told", func() (bool, string) {
		ro := s.rollout(subject)
		return containsAll(ro.Status.Message, "Service", subject), told(ro)
	})
	again(subject)
	s.atStep(1)
	s.approve()
	s.over("v2")
	s.share("V2", 100)

	s.release("v3")
	s.atStep(1)
	// Renamed: another Service, and the Ingress and the Rollout are to lead to it.
	again("store")
	s.edit(subject, func(i *networkingv1.Ingress) { i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name = "store" })
	ro := s.rollout(subject)
	ro.Spec.Strategy.Canary.TrafficRoutings[0].Service = "store"
	err := s.objects.Update(s.ctx, ro)
	s.Logf("the Rollout's Service renamed half-way: %v", err)
	s.always(2*time.Second, "nobody gets more than was approved", func() (bool, string) {
		n := s.load().Snapshot().ByVersion["V3"]
		return s.rollout(subject).Status.CurrentStepIndex <= 1, fmt.Sprintf("V3 answered %d", n)
	})
	back := s.release("v2")
	s.takenBack("taken back after the rename → last request to V3", "V3", back)
	s.atRest(subject)
	s.share("V2", 100)
	s.note("The Service is renamed by a second one, to which the Ingress leads: requests that are led past the release go to pods of both versions until it is taken back or ends.")
}

func TestDeletedInTheMiddle(t *testing.T) {
	s := begin(t, 23, "A Rollout, then an Application, is deleted at 50 %")
	s.deploy(workload{replicas: 4, steps: []string{"50%", "100%"}})
	s.startLoad()
	s.release("v2")
	s.atStep(1)
	s.share("V2", 50)
	deleted := time.Now()
	s.must(s.objects.Delete(s.ctx, s.rollout(subject)))
	s.until("the Rollout and its helpers are gone", func() (bool, string) {
		left := s.helpers(subject)
		ro := s.rollout(subject)
		return ro.Name == "" && len(left) == 0, fmt.Sprint(ro.Name, left)
	})
	s.effect("Rollout deleted → no helper left", deleted)
	if to := s.leads(); !slices.Equal(to, []string{subject}) {
		s.Errorf("the route leads to %v, want the user's own Service", to)
	}
	s.podsAre(map[string]int32{"v2": 4})
	s.share("V2", 100)
	s.stop()
	s.must(s.objects.DeleteAllOf(s.ctx, &networkingv1.Ingress{}, client.InNamespace(s.ns)))

	s.up(application{name: "app", version: "v1", publish: "v1", replicas: 4})
	s.running("app", "v1")
	s.startLoad()
	s.up(application{name: "app", version: "v2", publish: "v2", replicas: 4, weights: []int{50, 100}})
	s.suspended("app", "v2", 50)
	s.share("V2", 50)
	s.stop()
	deleted = time.Now()
	_, err := s.vela("", "delete", "app", "--yes")
	s.must(err)
	s.until("nothing of the Application is left", func() (bool, string) {
		left := s.leftOf("app")
		return len(left) == 0, fmt.Sprint(left)
	})
	s.effect("Application deleted → nothing of it left", deleted)
	s.note("A Rollout that is deleted gives its workload back to Kubernetes, which goes on to the template that it has. An Application that is deleted takes its pods along: the load ends before.")
}

// leftOf lists what there is of an Application.
func (s *story) leftOf(name string) []string {
	s.Helper()
	var left []string
	for _, list := range []client.ObjectList{
		&corev1.PodList{}, &corev1.ServiceList{}, &networkingv1.IngressList{}, &appsv1.DeploymentList{}, &appsv1.ReplicaSetList{},
		&rollouts.RolloutList{}, &v1beta1.ApplicationList{}, &v1beta1.ApplicationRevisionList{},
	} {
		s.must(s.objects.List(s.ctx, list, client.InNamespace(s.ns)))
		s.must(meta.EachListItem(list, func(o runtime.Object) error {
			about, err := meta.Accessor(o)
			if err == nil && (about.GetLabels()["app.oam.dev/name"] == name || about.GetName() == name) {
				left = append(left, fmt.Sprintf("%T %s", o, about.GetName()))
			}
			return err
		}))
	}
	trackers := &v1beta1.ResourceTrackerList{}
	s.must(s.objects.List(s.ctx, trackers, client.MatchingLabels{"app.oam.dev/name": name, "app.oam.dev/namespace": s.ns}))
	for i := range trackers.Items {
		left = append(left, "ResourceTracker "+trackers.Items[i].Name)
	}
	return append(left, s.helpers(name)...)
}
