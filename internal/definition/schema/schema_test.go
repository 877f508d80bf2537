// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/internal/definition/schema"
)

type inner struct {
	Port int32  `json:"port" schema:"required,min=1,max=65535"`
	Mode string `json:"mode,omitempty" schema:"enum=fast|slow,default=fast"`
}

type outer struct {
	inner2
	Name  string            `json:"name,omitempty" schema:"minLength=1"`
	Ports []inner           `json:"ports,omitempty" schema:"minItems=1"`
	Tags  map[string]string `json:"tags,omitempty"`
	On    bool              `json:"on,omitempty" schema:"default=true"`
	Count int64             `json:"count,omitempty" schema:"default=3"`
}

type inner2 struct {
	Text string `json:"text,omitempty"`
}

// Check has a rule that the schema cannot say.
func (i inner) Check(at string) []error {
	if i.Port == 13 {
		return []error{schema.Faultf(schema.Join(at, "port"), "13 brings bad luck; write 14")}
	}
	return nil
}

func TestDecodeFaults(t *testing.T) {
	cases := map[string]struct {
		reason string
		raw    string
		want   string
	}{
		"nothing given":           {"every field is optional", ``, ""},
		"null given":              {"null is as good as absent", `null`, ""},
		"null fields":             {"null is as good as absent", `{"name": null, "ports": null}`, ""},
		"a list instead of a map": {"the owner is named by the path", `[1]`, "p: must be a map of fields, but is a list; write name: value lines below it"},
		"broken JSON":             {"the parser's words are kept", `{"name"`, "p: is not valid JSON (parsing: unexpected EOF), so write it anew"},
		"text after the value":    {"half of it would be dropped", `{} {}`, "p: is not valid JSON (parsing: text after the value), so write it anew"},
		"unknown, nothing near":   {"all fields are listed", `{"zzzzzz": 1}`, "p.zzzzzz: thing has no such field; remove it or use count, name, on, ports, tags or text"},
		"unknown, other case":     {"case is the only difference", `{"NAME": "ab"}`, "p.NAME: thing has no such field; write name instead"},
		"a strange key":           {"the key is quoted", `{"a b": 1}`, `p["a b"]: thing has no such field; remove it or use count, name, on, ports, tags or text`},
		"an empty text":           {"minLength", `{"name": ""}`, "p.name: is empty; write a value"},
		"an empty list":           {"minItems", `{"ports": []}`, "p.ports: is empty; add at least one entry"},
		"an empty entry":          {"YAML's lone dash", `{"ports": [null]}`, "p.ports[0]: is empty; fill the entry or remove it"},
		"a fraction":              {"whole numbers only", `{"ports": [{"port": 1.5}]}`, "p.ports[0].port: must be a whole number, but is the number 1.5; write a whole number"},
		"a huge number":           {"it fits in no integer", `{"count": 99999999999999999999}`, "p.count: must be a whole number, but is the number 99999999999999999999; write a whole number"},
		"an unknown choice":       {"no choice is near", `{"ports": [{"port": 1, "mode": "quick"}]}`, `p.ports[0].mode: "quick" is not known; write fast or slow`},
		"a rule of the struct":    {"Checker is asked with the path", `{"ports": [{"port": 12}, {"port": 13}]}`, "p.ports[1].port: 13 brings bad luck; write 14"},
		"a value of a map":        {"texts only", `{"tags": {"a": 1}}`, `p.tags.a: must be a text, but is the number 1; put it in quotes: "1"`},
		"true as a text":          {"the mend is without quotes", `{"on": "true"}`, `p.on: must be true or false, but is the text "true"; write true without quotes`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, faults := schema.Decode[outer](schema.Of[outer](), "p", "thing", []byte(tc.raw))
			got := ""
			if err := errors.Join(faults...); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("%s:\n got %s\nwant %s", tc.reason, got, tc.want)
			}
		})
	}
}

func TestDecodeFillsDefaults(t *testing.T) {
	got, faults := schema.Decode[outer](schema.Of[outer](), "p", "thing", []byte(`{"text": "x", "on": false, "ports": [{"port": 1}]}`))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := outer{inner2: inner2{Text: "x"}, Ports: []inner{{Port: 1, Mode: "fast"}}, Count: 3}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(outer{}, inner2{})); diff != "" {
		t.Errorf("defaults fill what is absent, and only that (-want +got):\n%s", diff)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"annotations", "image", "imagePullPolicy", "labels", "ports", "replicas", "webservice", "worker"}
	cases := map[string]struct{ word, want string }{
		"a letter is missing":   {"imge", "image"},
		"letters are swapped":   {"prots", "ports"},
		"other case":            {"imagepullpolicy", "imagePullPolicy"},
		"singular":              {"replica", "replicas"},
		"a beginning":           {"annot", "annotations"},
		"nothing like it":       {"telepathy", ""},
		"an empty word":         {"", ""},
		"a very long word":      {string(make([]byte, 1000)), ""},
		"not one of few letter": {"xy", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := schema.Nearest(tc.word, known); got != tc.want {
				t.Errorf("nearest to %q is %q, want %q", tc.word, got, tc.want)
			}
		})
	}
}
