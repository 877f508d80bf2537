// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package problem

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/vela-rollouts/vela/internal/server/api"
)

// From makes a problem of any error: those of this package stay, answers of the API server keep their meaning, a body
// that cannot be read is the client's fault, and all else is the server's and hidden.
func From(err error) *Error {
	if e, ok := as(err); ok {
		return e
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return TooLarge(tooLarge.Limit)
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return fromKubernetes(err, status.Status())
	}
	if e := fromBody(err); e != nil {
		return e
	}
	if e := fromParameter(err); e != nil {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) {
		return Unavailable(err, "the Kubernetes API server")
	}
	return internal(err)
}

func fromBody(err error) *Error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return Invalid(Field(pointer(wrong.Field), api.FieldErrorCodeWrongType, "is %s where another type is expected; look at the contract", wrong.Value))
	case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return BadRequest("the body is not JSON; send one JSON object")
	}
	return nil
}

// fromParameter is about the errors of the generated code for parameters.
func fromParameter(err error) *Error {
	var format *api.InvalidParamFormatError
	var missing *api.RequiredParamError
	switch {
	case errors.As(err, &format):
		return BadRequest("parameter %s cannot be read; look at the contract", format.ParamName).With("parameter", format.ParamName)
	case errors.As(err, &missing):
		return BadRequest("parameter %s is missing", missing.ParamName).With("parameter", missing.ParamName)
	}
	return nil
}

func fromKubernetes(err error, status metav1.Status) *Error {
	kind, name := "object", ""
	if d := status.Details; d != nil {
		kind, name = cut(d.Kind, kind), d.Name
	}
	switch {
	case apierrors.IsNotFound(err):
		return NotFound(kind, name)
	case apierrors.IsAlreadyExists(err):
		return AlreadyExists(kind, name)
	case apierrors.IsConflict(err):
		return Conflict(kind, name)
	case denied(status.Message) != "":
		return Refused(denied(status.Message))
	case apierrors.IsForbidden(err):
		e := New(http.StatusForbidden, api.ProblemCodeForbidden, "%s", status.Message)
		e.Params = missing(status.Message)
		return e
	case apierrors.IsInvalid(err):
		return invalid(status)
	case apierrors.IsBadRequest(err):
		return BadRequest("%s", status.Message)
	case apierrors.IsRequestEntityTooLargeError(err):
		return TooLarge(1 << 20)
	case apierrors.IsTooManyRequests(err), apierrors.IsServiceUnavailable(err), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		return Unavailable(err, "the Kubernetes API server")
	case apierrors.IsInternalError(err) && strings.Contains(status.Message, "failed calling webhook"):
		return Unavailable(err, "vela's admission webhook")
	}
	return internal(err)
}

// denied is the sentence of an admission webhook or policy that said no, empty for any other message.
func denied(message string) string {
	for _, mark := range []string{"denied the request: ", "denied request: "} {
		if _, sentence, ok := strings.Cut(message, mark); ok {
			return sentence
		}
	}
	return ""
}

func invalid(status metav1.Status) *Error {
	var fields []api.FieldError
	if status.Details != nil {
		for _, c := range status.Details.Causes {
			fields = append(fields, Field(Pointer(c.Field), codeOf(c.Type), "%s", c.Message))
		}
	}
	if len(fields) == 0 {
		fields = append(fields, Field("", api.FieldErrorCodeInvalid, "%s", status.Message))
	}
	return Invalid(fields...)
}

func codeOf(cause metav1.CauseType) api.FieldErrorCode {
	switch cause {
	case metav1.CauseTypeFieldValueRequired:
		return api.FieldErrorCodeRequired
	case metav1.CauseTypeFieldValueDuplicate:
		return api.FieldErrorCodeDuplicate
	case metav1.CauseTypeFieldValueNotSupported:
		return api.FieldErrorCodeNotAllowed
	default:
		return api.FieldErrorCodeInvalid
	}
}

// missing takes the permission out of the API server's sentence about it.
func missing(message string) map[string]string {
	found := regexp.MustCompile(`cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?`).FindStringSubmatch(message)
	if found == nil {
		return nil
	}
	params := map[string]string{"verb": found[1], "resource": found[2]}
	if found[3] != "" {
		params["group"] = found[3]
	}
	if found[4] != "" {
		params["namespace"] = found[4]
	}
	return params
}

func cut(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return strings.TrimSuffix(s, "s")
}

func pointer(field string) string {
	if field == "" {
		return ""
	}
	return "/" + strings.ReplaceAll(field, ".", "/")
}

// Pointer makes a JSON pointer (RFC 6901) of a path as people write it: spec.components[0].properties["a/b"] becomes
// /spec/components/0/properties/a~1b.
func Pointer(path string) string {
	var out strings.Builder
	add := func(part string) {
		if part == "" {
			return
		}
		out.WriteByte('/')
		out.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
	}
	for path != "" {
		switch path[0] {
		case '.':
			path = path[1:]
		case '[':
			end := strings.IndexByte(path, ']')
			if strings.HasPrefix(path, `["`) {
				if closing := strings.Index(path, `"]`); closing > 0 {
					end = closing + 1
				}
			}
			if end < 0 {
				add(path[1:])
				return out.String()
			}
			add(strings.Trim(path[1:end], `"`))
			path = path[end+1:]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			add(path[:end])
			path = path[end:]
		}
	}
	return out.String()
}
