// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"testing"
	"time"
)

func TestARequestStrayedWhenItWasSentAfterTheMoment(t *testing.T) {
	moment := time.Unix(1700000000, 0)
	sent := func(v1, v2 time.Duration) Totals {
		return Totals{SentTo: map[string]Span{"V1": {Last: moment.Add(v1)}, "V2": {Last: moment.Add(v2)}}}
	}
	cases := map[string]struct {
		all  Totals
		want float64
		yes  bool
	}{
		"V2 is to have all, and V1 got nothing since":    {sent(-time.Second, time.Second), 100, false},
		"V2 is to have all, and V1 got one since":        {sent(time.Second, time.Second), 100, true},
		"V2 is to have nothing, and got nothing since":   {sent(time.Second, -time.Second), 0, false},
		"V2 is to have nothing, and got one since":       {sent(time.Second, time.Second), 0, true},
		"one that was sent at that moment was under way": {sent(0, time.Second), 100, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := c.all.Strayed("V2", c.want, moment); got != c.yes {
				t.Errorf("strayed: %v, want %v", got, c.yes)
			}
		})
	}
}
