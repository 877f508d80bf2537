// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package ingress routes by Ingresses in the dialect of nginx: a second Ingress with the annotations canary and
// canary-weight leads a share of the requests to the new version's Service. ingress-nginx, Traefik and our edge read it.
//
// The user's Ingress keeps everything but the names of the backends that are the released Service: they lead to the stable
// version's Service while the release lasts, as new pods match the user's own Service too.
package ingress
