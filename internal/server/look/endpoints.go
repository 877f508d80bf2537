// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package look

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/api"
)

// Endpoints are the addresses that an application answers at: those of its routes first, then those within the cluster. What a release
// put beside them is left out.
func Endpoints(seen Seen) api.EndpointList {
	list := api.EndpointList{Items: []api.Endpoint{}}
	for i := range seen.Ingresses {
		if ing := &seen.Ingresses[i]; !isCanary(ing) {
			list.Items = append(list.Items, ofIngress(ing)...)
		}
	}
	for i := range seen.HTTPRoutes {
		list.Items = append(list.Items, ofRoute(seen, &seen.HTTPRoutes[i])...)
	}
	for _, s := range seen.Services {
		if component := s.Labels[v1beta1.LabelAppComponent]; component != "" {
			list.Items = append(list.Items, ofService(component, s)...)
		}
	}
	slices.SortStableFunc(list.Items, func(a, b api.Endpoint) int {
		if a.Internal != b.Internal {
			if b.Internal {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Url, b.Url))
	})
	return list
}

func ofIngress(i *networkingv1.Ingress) []api.Endpoint {
	address := ""
	for _, lb := range i.Status.LoadBalancer.Ingress {
		address = cmp.Or(address, lb.IP, lb.Hostname)
	}
	var all []api.Endpoint
	for _, rule := range i.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		scheme, port := "http", "80"
		if slices.ContainsFunc(i.Spec.TLS, func(t networkingv1.IngressTLS) bool { return slices.Contains(t.Hosts, rule.Host) }) {
			scheme, port = "https", "443"
		}
		for _, p := range rule.HTTP.Paths {
			e := api.Endpoint{Component: componentOf(&i.ObjectMeta), Kind: "Ingress", Namespace: i.Namespace, Name: i.Name, Host: rule.Host}
			all = append(all, reached(e, scheme, address, port, p.Path))
		}
	}
	return all
}

// reached fills in how an address outside is asked.
func reached(e api.Endpoint, scheme, address, port, path string) api.Endpoint {
	path = "/" + strings.TrimPrefix(path, "/")
	if address != "" {
		e.Address = net.JoinHostPort(address, port)
	}
	at := address
	if usual := map[string]string{"http": "80", "https": "443"}[scheme]; address != "" && port != usual {
		at = e.Address
	}
	host := cmp.Or(strings.Replace(e.Host, "*", "any", 1), at)
	if host == "" {
		return e
	}
	e.Url = scheme + "://" + host + path
	if at == "" {
		return e
	}
	switch {
	case scheme == "https":
		e.Curl = fmt.Sprintf("curl --connect-to '::%s' '%s'", e.Address, e.Url)
	case e.Host != "":
		e.Curl = fmt.Sprintf("curl -H 'Host: %s' 'http://%s%s'", host, at, path)
	default:
		e.Curl = fmt.Sprintf("curl '%s'", e.Url)
	}
	return e
}

func ofRoute(seen Seen, r *gatewayv1.HTTPRoute) []api.Endpoint {
	scheme, address, port := "http", "", "80"
	for _, ref := range r.Spec.ParentRefs {
		for _, g := range seen.Gateways {
			if g.Name != string(ref.Name) || address != "" {
				continue
			}
			for _, a := range g.Status.Addresses {
				address = cmp.Or(address, a.Value)
			}
			for _, l := range g.Spec.Listeners {
				if ref.SectionName != nil && *ref.SectionName != l.Name || l.Protocol != gatewayv1.HTTPProtocolType && l.Protocol != gatewayv1.HTTPSProtocolType {
					continue
				}
				scheme, port = strings.ToLower(string(l.Protocol)), strconv.Itoa(int(l.Port))
				break
			}
		}
	}
	hosts := []string{""}
	if len(r.Spec.Hostnames) > 0 {
		hosts = nil
		for _, h := range r.Spec.Hostnames {
			hosts = append(hosts, string(h))
		}
	}
	var all []api.Endpoint
	for _, host := range hosts {
		for _, path := range paths(r) {
			e := api.Endpoint{Component: componentOf(&r.ObjectMeta), Kind: "HTTPRoute", Namespace: r.Namespace, Name: r.Name, Host: host}
			all = append(all, reached(e, scheme, address, port, path))
		}
	}
	return all
}

// paths that a route matches, each once.
func paths(r *gatewayv1.HTTPRoute) []string {
	var all []string
	for _, rule := range r.Spec.Rules {
		if len(rule.Matches) == 0 {
			all = append(all, "/")
		}
		for _, m := range rule.Matches {
			path := "/"
			if m.Path != nil && m.Path.Value != nil {
				path = *m.Path.Value
			}
			all = append(all, path)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func ofService(component string, s corev1.Service) []api.Endpoint {
	var all []api.Endpoint
	for _, p := range s.Spec.Ports {
		host := fmt.Sprintf("%s.%s.svc", s.Name, s.Namespace)
		all = append(all, api.Endpoint{
			Component: component, Kind: "Service", Namespace: s.Namespace, Name: s.Name, Internal: true, Host: host,
			Address: net.JoinHostPort(host, strconv.Itoa(int(p.Port))), Url: "http://" + net.JoinHostPort(host, strconv.Itoa(int(p.Port))),
		})
	}
	return all
}
