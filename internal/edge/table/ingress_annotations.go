// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// prefix is that of the dialect's annotations.
const prefix = "nginx.ingress.kubernetes.io/"

// Defaults of the dialect, as ingress-nginx documents them.
const (
	defaultConnect   = 5 * time.Second
	defaultRead      = 60 * time.Second
	defaultBodyLimit = 1 << 20
)

const (
	maxPattern = 1024 // a longer canary-by-header-pattern is refused
	maxTotal   = 1_000_000
	maxSeconds = 24 * 60 * 60
)

// settings are the annotations of one Ingress, read.
type settings struct {
	canary        bool
	weight, total int
	rules         []Rule
	ruled         map[string]string // the annotations that rules came from, by name
	transport     Transport
	bodyLimit     int64
	bodyLimitSet  bool
	redirect      bool // where the host has TLS
	forceRedirect bool // also where it has not
	problems      []string
}

func (s *settings) problem(key, format string, args ...any) {
	s.problems = append(s.problems, "annotation "+prefix+key+" "+fmt.Sprintf(format, args...))
}

// readAnnotations understands what it can; a bad value becomes a problem that names the annotation and the mend, and its
// effect is the safe one: no traffic for a canary, the documented default for anything else.
func readAnnotations(all map[string]string) settings {
	s := settings{
		total:     100,
		transport: Transport{Protocol: HTTP, Connect: defaultConnect, Read: defaultRead},
		bodyLimit: defaultBodyLimit,
		redirect:  true,
	}
	own := map[string]string{}
	for key, value := range all {
		if name, ours := strings.CutPrefix(key, prefix); ours {
			own[name] = strings.TrimSpace(value)
		}
	}
	// An unreadable value of canary is a canary without a share: as a stable Ingress it could take a place by mistake.
	s.canary = s.flag(own, "canary", own["canary"] != "")
	s.redirect = s.flag(own, "ssl-redirect", true)
	s.forceRedirect = s.flag(own, "force-ssl-redirect", false)
	s.readTransport(own)
	s.readBodyLimit(own)
	s.readCanary(own)
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if !understood(name) {
			s.problem(name, "has no effect: this edge does not support it; remove it, or serve this Ingress with a controller that does")
		}
	}
	return s
}

func understood(name string) bool {
	switch name {
	case "canary", "canary-weight", "canary-weight-total", "canary-by-header", "canary-by-header-value",
		"canary-by-header-pattern", "canary-by-cookie", "backend-protocol", "proxy-read-timeout", "proxy-send-timeout",
		"proxy-connect-timeout", "proxy-body-size", "ssl-redirect", "force-ssl-redirect":
		return true
	}
	return false
}

func (s *settings) flag(own map[string]string, name string, otherwise bool) bool {
	value, set := own[name]
	if !set {
		return otherwise
	}
	on, err := strconv.ParseBool(value)
	if err != nil {
		s.problem(name, `is %q; use "true" or "false"`, shorten(value))
		return otherwise
	}
	return on
}

func (s *settings) readTransport(own map[string]string) {
	if value, set := own["backend-protocol"]; set {
		switch p := Protocol(strings.ToUpper(value)); p {
		case HTTP, HTTPS, GRPC, GRPCS:
			s.transport.Protocol = p
		default:
			s.problem("backend-protocol", "is %q; use HTTP, HTTPS, GRPC or GRPCS (served as HTTP until then)", shorten(value))
		}
	}
	s.transport.Connect = s.seconds(own, "proxy-connect-timeout", defaultConnect)
	s.transport.Read = s.seconds(own, "proxy-read-timeout", defaultRead)
	if s.transport.Read == defaultRead {
		// The edge bounds silence in both directions with one figure; WebSocket set-ups commonly raise both together.
		s.transport.Read = max(s.transport.Read, s.seconds(own, "proxy-send-timeout", defaultRead))
	}
}

func (s *settings) seconds(own map[string]string, name string, otherwise time.Duration) time.Duration {
	value, set := own[name]
	if !set {
		return otherwise
	}
	n, err := strconv.Atoi(strings.TrimSuffix(value, "s"))
	if err != nil || n < 1 || n > maxSeconds {
		s.problem(name, "is %q; use whole seconds from 1 to %d (%d until then)", shorten(value), maxSeconds, int(otherwise.Seconds()))
		return otherwise
	}
	return time.Duration(n) * time.Second
}

// readBodyLimit reads an nginx size: digits and an optional k, m or g. 0 means no limit.
func (s *settings) readBodyLimit(own map[string]string) {
	value, set := own["proxy-body-size"]
	if !set {
		return
	}
	digits, unit := value, int64(1)
	if n := len(value); n > 0 {
		switch value[n-1] {
		case 'k', 'K':
			digits, unit = value[:n-1], 1<<10
		case 'm', 'M':
			digits, unit = value[:n-1], 1<<20
		case 'g', 'G':
			digits, unit = value[:n-1], 1<<30
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		s.problem("proxy-body-size", `is %q; use a size such as "8m", or "0" for no limit (1m until then)`, shorten(value))
		return
	}
	s.bodyLimit, s.bodyLimitSet = n*unit, true
}

func (s *settings) readCanary(own map[string]string) {
	if !s.canary {
		return
	}
	if value, set := own["canary-weight-total"]; set {
		n, err := strconv.Atoi(value)
		switch {
		case err != nil || n < 1 || n > maxTotal:
			s.problem("canary-weight-total", "is %q; use a whole number from 1 to %d (the canary gets no share until then)", shorten(value), maxTotal)
			s.total = 0
		default:
			s.total = n
		}
	}
	if value, set := own["canary-weight"]; set {
		n, err := strconv.Atoi(value)
		switch {
		case s.total == 0:
		case err != nil || n < 0 || n > s.total:
			s.problem("canary-weight", "is %q; use a whole number from 0 to %d (0 until then)", shorten(value), s.total)
		default:
			s.weight = n
		}
	}
	if s.total == 0 {
		s.total = 100
	}
	s.readRules(own)
}

func (s *settings) readRules(own map[string]string) {
	header := own["canary-by-header"]
	value, hasValue := own["canary-by-header-value"]
	pattern, hasPattern := own["canary-by-header-pattern"]
	switch {
	case header == "" && (hasValue || hasPattern):
		s.problem("canary-by-header", "is missing, and canary-by-header-value and -pattern mean nothing without it; name the header")
	case header != "" && !token(header):
		s.problem("canary-by-header", "is %q, which is not a header name; use letters, digits and dashes", shorten(header))
	case header != "":
		rule := Rule{Header: header}
		if hasValue && value != "" {
			rule.Value = value
		} else if hasPattern && pattern != "" {
			compiled, err := compile(pattern)
			if err != nil {
				s.problem("canary-by-header-pattern", "is not a regular expression (RE2) of at most %d characters: %v", maxPattern, err)
				break
			}
			rule.Pattern = compiled
		}
		s.rule(rule, own, "canary-by-header", "canary-by-header-value", "canary-by-header-pattern")
	}
	if cookie := own["canary-by-cookie"]; cookie != "" {
		if !token(cookie) {
			s.problem("canary-by-cookie", "is %q, which is not a cookie name; use letters, digits and dashes", shorten(cookie))
			return
		}
		s.rule(Rule{Cookie: cookie}, own, "canary-by-cookie")
	}
}

// rule adds a rule and notes the annotations that it came from.
func (s *settings) rule(r Rule, own map[string]string, names ...string) {
	s.rules = append(s.rules, r)
	for _, name := range names {
		if value := own[name]; value != "" {
			if s.ruled == nil {
				s.ruled = map[string]string{}
			}
			s.ruled[name] = value
		}
	}
}

func compile(pattern string) (*regexp.Regexp, error) {
	if len(pattern) > maxPattern {
		return nil, fmt.Errorf("it has %d characters", len(pattern))
	}
	return regexp.Compile(pattern)
}

// token tells whether s is a token of RFC 9110 section 5.6.2, of a bearable length.
func token(s string) bool {
	if s == "" || len(s) > 256 {
		return false
	}
	for _, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		digit := c >= '0' && c <= '9'
		if !letter && !digit && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return true
}

// shorten keeps a problem readable whatever the value was.
func shorten(value string) string {
	const most = 40
	if len(value) <= most {
		return value
	}
	return strings.ToValidUTF8(value[:most], "") + "…"
}
