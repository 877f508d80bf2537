// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package payload carries the programs that velad starts beside itself: containerd, its shim, runc, the network plugins and the
// image of the pause container. They are built by `make build` (program build in this folder), embedded compressed, and unpacked
// once into velad's data folder.
//
// In goes a folder, out come the paths of the programs in it. A second unpack reads a few file times and writes nothing; a file
// that differs from what was built, for whatever reason, is replaced whole. Called by velad before it starts containerd.
package payload
