// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	cases := map[string]time.Duration{
		"1s": time.Second, "1m": time.Minute, "1h": time.Hour, "1d": 24 * time.Hour, "500ms": 500 * time.Millisecond,
		"1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute, "2d12h": 60 * time.Hour,
		"": 0, "0s": 0, "5": 0, "m": 0, "-1s": 0, "1y": 0, "1 s": 0, "1.2.3s": 0, "soon": 0, "9999999999999d": 0, "1s ": 0,
	}
	for text, want := range cases {
		got, err := ParseDuration(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("ParseDuration(%q) = %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestBackoff(t *testing.T) {
	want := []int{1, 1, 1, 1, 1, 1, 3, 6, 12, 25, 51, 102, 204, 300, 300, 300, 300, 300}
	for n, seconds := range want {
		if got := Backoff(int32(n)); got != time.Duration(seconds)*time.Second {
			t.Errorf("Backoff(%d) = %s; want %ds", n, got, seconds)
		}
	}
}

func TestStamps(t *testing.T) {
	whole := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	half := whole.Add(500 * time.Millisecond)
	if got := stamp(half); !got.Time.Equal(whole) {
		t.Errorf("stamp(%s) = %s; want the second it is in", half, got)
	}
	if got := stampNotBefore(half); !got.Time.Equal(whole.Add(time.Second)) {
		t.Errorf("stampNotBefore(%s) = %s; want the next second", half, got)
	}
	if got := stampNotBefore(whole); !got.Time.Equal(whole) {
		t.Errorf("stampNotBefore(%s) = %s; want the same", whole, got)
	}
	if end := deadline(stamp(half), time.Second); end.Before(half.Add(time.Second)) {
		t.Errorf("a timeout of 1s that began at %s ends at %s, too early", half, end)
	}
}

func TestPaths(t *testing.T) {
	in := map[string]any{"a": map[string]any{"b": []any{"x", map[string]any{"c-d": 1}}}}
	for path, want := range map[string]any{`a.b[0]`: "x", `a.b[1]["c-d"]`: 1, `a.b[1].c-d`: 1} {
		if got, err := lookup(in, path); err != nil || got != want {
			t.Errorf("lookup(%s) = %v, %v; want %v", path, got, err, want)
		}
		placed, err := place(in, path, "new")
		if err != nil {
			t.Errorf("place(%s): %v", path, err)
			continue
		}
		if got, err := lookup(placed, path); err != nil || got != "new" {
			t.Errorf("after place(%s): %v, %v", path, got, err)
		}
		if got, _ := lookup(in, path); got != want {
			t.Errorf("place(%s) changed what it was given", path)
		}
	}
	if got, err := place(nil, "x.y[2].z", true); err != nil {
		t.Errorf("place where nothing is: %v", err)
	} else if v, err := lookup(got, "x.y[2].z"); err != nil || v != true {
		t.Errorf("place where nothing is gives %v", got)
	}
	for _, path := range []string{"", ".", "a.", "a..b", "a[", "a[-1]", "a[x]", "a[1001]", `a["b]`, "a.b.c", "a[0]x", "a[0]"} {
		if got, err := place(in, path, 1); err == nil {
			t.Errorf("place(%q) = %v; want an error", path, got)
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Add(`a.b[0]["c"]`)
	f.Fuzz(func(t *testing.T, path string) {
		placed, err := place(nil, path, "v")
		if err != nil {
			return
		}
		if got, err := lookup(placed, path); err != nil || got != "v" {
			t.Fatalf("place(%q) is not found again: %v, %v", path, got, err)
		}
	})
}
