// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Covers says whether every field of want has its value in live too; what live has beyond that (defaults, fields of
// others) does not matter. Numbers are compared as numbers and quantities as quantities, because the API server writes
// 0.5 as 500m. In a list of objects the order does not matter.
func Covers(live, want any) bool {
	switch w := want.(type) {
	case nil:
		return true
	case map[string]any:
		l, ok := live.(map[string]any)
		if !ok {
			return len(w) == 0 && live == nil
		}
		for k, v := range w {
			if !Covers(l[k], v) {
				return false
			}
		}
		return true
	case []any:
		return coversList(live, w)
	default:
		return sameScalar(live, want)
	}
}

func coversList(live any, want []any) bool {
	l, ok := live.([]any)
	if !ok {
		return len(want) == 0 && live == nil
	}
	if len(want) == 0 {
		return len(l) == 0
	}
	if _, objects := want[0].(map[string]any); !objects {
		if len(l) != len(want) {
			return false
		}
		for i := range want {
			if !Covers(l[i], want[i]) {
				return false
			}
		}
		return true
	}
	for i := range want {
		if i < len(l) && Covers(l[i], want[i]) {
			continue
		}
		if !anyCovers(l, want[i]) {
			return false
		}
	}
	return true
}

func anyCovers(live []any, want any) bool {
	for _, l := range live {
		if Covers(l, want) {
			return true
		}
	}
	return false
}

func sameScalar(live, want any) bool {
	if live == want {
		return true
	}
	if live == nil {
		return want == "" || want == false || isZero(want) // the API server leaves empty values out
	}
	if l, ok := number(live); ok {
		w, ok := number(want)
		return ok && l == w
	}
	l, err := resource.ParseQuantity(fmt.Sprint(live))
	if err != nil {
		return false
	}
	w, err := resource.ParseQuantity(fmt.Sprint(want))
	return err == nil && l.Cmp(w) == 0
}

func isZero(v any) bool {
	n, ok := number(v)
	return ok && n == 0
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case int32:
		return float64(n), true
	case int:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}
