// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package pki keeps the certificates, keys and kubeconfigs of one cluster in a
// directory. What exists and is good is kept; what is missing, was made for
// other names, or expires soon is made again. Keys are ECDSA P-256, drawn from
// crypto/rand; every file with a key is readable by its owner only.
package pki
