// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import "k8s.io/apimachinery/pkg/runtime"

// silent is an event recorder without a listener.
type silent struct{}

// Eventf drops the event.
func (silent) Eventf(_, _ runtime.Object, _, _, _, _ string, _ ...any) {}
