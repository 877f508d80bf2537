// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/vela-rollouts/vela/internal/server/api"
)

// Error is an answer other than the one that was asked for.
type Error struct {
	Status int
	Code   api.ProblemCode
	// Detail is one sentence for a person.
	Detail string
	// Params are what a translation of the sentence needs.
	Params map[string]string
	Fields []api.FieldError
	// RetryAfter is sent where it is not zero.
	RetryAfter time.Duration
	// Cause is for the log alone.
	Cause error
}

// Error is the sentence.
func (e *Error) Error() string { return e.Detail }

// Unwrap gives what is for the log alone.
func (e *Error) Unwrap() error { return e.Cause }

// With adds a parameter; an empty value is left out.
func (e *Error) With(name, value string) *Error {
	if value == "" {
		return e
	}
	if e.Params == nil {
		e.Params = map[string]string{}
	}
	e.Params[name] = value
	return e
}

func newf(status int, code api.ProblemCode, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// BadRequest is a request that cannot be read.
func BadRequest(format string, args ...any) *Error {
	return newf(http.StatusBadRequest, api.ProblemCodeBadRequest, format, args...)
}

// TooLarge is a body of more than limit bytes.
func TooLarge(limit int64) *Error {
	return newf(http.StatusRequestEntityTooLarge, api.ProblemCodeTooLarge, "the request has more than %d bytes; send less at a time", limit).
		With("limit", strconv.FormatInt(limit, 10))
}

// SignedOut says that nobody is signed in, or not any more.
func SignedOut() *Error {
	return newf(http.StatusUnauthorized, api.ProblemCodeSignedOut, "you are not signed in, or your session has ended; sign in again")
}

// Forbidden names the permission that is missing.
func Forbidden(verb, group, resource, namespace string) *Error {
	what := resource
	if group != "" {
		what += "." + group
	}
	where := "in the whole cluster"
	if namespace != "" {
		where = "in namespace " + namespace
	}
	return newf(http.StatusForbidden, api.ProblemCodeForbidden, "you may not %s %s %s; ask an administrator for a role that may", verb, what, where).
		With("verb", verb).With("group", group).With("resource", resource).With("namespace", namespace)
}

// NotFound says that there is no such thing.
func NotFound(kind, name string) *Error {
	return newf(http.StatusNotFound, api.ProblemCodeNotFound, "there is no %s %q here; it may have been deleted", kind, name).
		With("kind", kind).With("name", name)
}

// AlreadyExists says that the name is taken.
func AlreadyExists(kind, name string) *Error {
	return newf(http.StatusConflict, api.ProblemCodeAlreadyExists, "there is a %s %q already; choose another name", kind, name).
		With("kind", kind).With("name", name)
}

// Conflict says that somebody else stored the object in between.
func Conflict(kind, name string) *Error {
	return newf(http.StatusConflict, api.ProblemCodeConflict, "%s %q was changed in between; look at it again and repeat your change", kind, name).
		With("kind", kind).With("name", name)
}

// State is a refusal that the present state of things is the reason for (409).
func State(code api.ProblemCode, format string, args ...any) *Error {
	return newf(http.StatusConflict, code, format, args...)
}

// Unprocessable is a request that could never be carried out as it is (422).
func Unprocessable(code api.ProblemCode, format string, args ...any) *Error {
	return newf(http.StatusUnprocessableEntity, code, format, args...)
}

// Refused is a no of admission or of a controller, in its words.
func Refused(message string) *Error {
	return newf(http.StatusConflict, api.ProblemCodeRefused, "%s", message).With("message", message)
}

// Invalid lists what is wrong with the fields of a request.
func Invalid(fields ...api.FieldError) *Error {
	detail := "the request is not valid"
	if len(fields) > 0 {
		detail = fields[0].Path + ": " + fields[0].Message
	}
	if more := len(fields) - 1; more > 0 {
		detail += fmt.Sprintf("; and %d more", more)
	}
	e := newf(http.StatusUnprocessableEntity, api.ProblemCodeInvalid, "%s", detail)
	e.Fields = fields
	return e
}

// Field is one fault of a field.
func Field(path string, code api.FieldErrorCode, format string, args ...any) api.FieldError {
	return api.FieldError{Path: path, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Unavailable says that something the server needs does not answer.
func Unavailable(cause error, what string) *Error {
	e := newf(http.StatusServiceUnavailable, api.ProblemCodeUnavailable, "%s does not answer; try again in a moment", what).With("what", what)
	e.RetryAfter, e.Cause = 2*time.Second, cause
	return e
}

// NotImplemented is for operations of the contract that this build does not have.
func NotImplemented(operation string) *Error {
	return newf(http.StatusNotImplemented, api.ProblemCodeNotImplemented, "this server does not offer %s", operation).With("operation", operation)
}

// New is any other problem.
func New(status int, code api.ProblemCode, format string, args ...any) *Error {
	return newf(status, code, format, args...)
}

// Write sends e; trace is the id of the request in the log.
func Write(w http.ResponseWriter, e *Error, trace string) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, int(e.RetryAfter.Seconds()))))
	}
	w.WriteHeader(e.Status)
	_ = json.NewEncoder(w).Encode(api.Problem{ // the client is gone when this fails
		Type: "urn:vela:problem:" + string(e.Code), Title: http.StatusText(e.Status), Status: e.Status, Code: e.Code,
		Detail: e.Detail, Params: e.Params, FieldErrors: e.Fields, TraceId: trace,
	})
}

// internal hides what went wrong from the client.
func internal(err error) *Error {
	e := newf(http.StatusInternalServerError, api.ProblemCodeInternal, "something went wrong on the server; its log says what")
	e.Cause = err
	return e
}

// as finds an Error in a chain.
func as(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}
