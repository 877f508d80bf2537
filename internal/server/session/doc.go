// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package session knows who is signed in. A session is a sealed cookie (AES-256-GCM; the keys are in a Secret, a new one each
// day): the browser keeps it and cannot read it, the server keeps nothing but what was ended before its time. It lasts eight
// hours, and thirty minutes without a request.
//
// Who signs in is a local account (argon2id, in a Secret), a service account by its token (TokenReview), or somebody whom an identity
// provider knows (OpenID Connect: authorization code, PKCE, state and nonce).
package session
