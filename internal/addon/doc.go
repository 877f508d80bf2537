// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package addon knows the add-ons. They are part of the product, so enabling one installs nothing: it is a record, kept in
// a ConfigMap of the cluster, of what people decided to use. What goes in is that record, what comes out the state of
// each add-on. It is pure.
package addon
