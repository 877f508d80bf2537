// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package schema derives a JSON schema from a Go struct and checks untyped input against it.
//
// In go a struct type with `json`, `schema` and `doc` tags and the bytes a user wrote; out come the filled struct, or
// one Fault for each thing that is wrong: a sentence that begins with the path of the field and ends with the mend.
// Definitions use it for their parameters, application/validate for the Application itself.
package schema
