// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package balance

import "sync/atomic"

// maxOrder bounds the length of a route's order. Weights whose sum is larger are scaled down to it; a weight above 0 then
// still keeps one place.
const maxOrder = 10_000

// Cursor is the place of a route in its order. It outlives the Route: a changed weight goes on where the last one stood.
type Cursor struct{ n atomic.Uint64 }

// Version is one of the backends that a route shares its requests among.
type Version struct {
	Name   string
	Weight int
	Pool   *Pool
	Stats  *Stats
}

// Route shares requests among versions. It is immutable; a change of weights makes a new one on the same Cursor.
type Route struct {
	Versions []Version
	order    []uint8
	cursor   *Cursor
}

// NewRoute gives a route over at most 255 versions. Weights are relative to each other; below 0 counts as 0.
func NewRoute(cursor *Cursor, versions []Version) *Route {
	weights := make([]int, len(versions))
	for i, v := range versions {
		weights[i] = max(v.Weight, 0)
	}
	return &Route{Versions: versions, order: spread(weights), cursor: cursor}
}

// Next gives the index of the version whose turn it is, or -1 when no version has a weight above 0.
func (r *Route) Next() int {
	switch len(r.order) {
	case 0:
		return -1
	case 1:
		return int(r.order[0])
	}
	turn := r.cursor.n.Add(1) - 1
	return int(r.order[turn%uint64(len(r.order))])
}

// Instead gives the version that takes over a request from others that could not serve it: the heaviest one with a weight
// above 0 that is not in the set (bit i stands for version i), or -1. A version at weight 0 never takes over.
func (r *Route) Instead(of uint64) int {
	best := -1
	for i, v := range r.Versions {
		if v.Weight <= 0 || of&(1<<uint(i)) != 0 {
			continue
		}
		if best < 0 || v.Weight > r.Versions[best].Weight {
			best = i
		}
	}
	return best
}

// spread gives the smooth order: version i stands in it weights[i]/gcd times, as evenly spaced as the others allow.
func spread(weights []int) []uint8 {
	weights = reduce(weights)
	total := 0
	for _, w := range weights {
		total += w
	}
	order := make([]uint8, 0, total)
	credit := make([]int, len(weights))
	for range total {
		best := -1
		for i, w := range weights {
			if w == 0 {
				continue
			}
			credit[i] += w
			if best < 0 || credit[i] > credit[best] {
				best = i
			}
		}
		credit[best] -= total
		order = append(order, uint8(best)) // NewRoute takes at most 255 versions
	}
	return order
}

// reduce divides by the greatest common divisor and, where the sum is still too large for an order, scales down.
func reduce(weights []int) []int {
	divisor, sum := 0, 0
	for _, w := range weights {
		divisor = gcd(divisor, w)
		sum += w
	}
	if divisor == 0 {
		return make([]int, len(weights))
	}
	sum /= divisor
	out := make([]int, len(weights))
	for i, w := range weights {
		out[i] = w / divisor
		if sum > maxOrder && w > 0 {
			out[i] = max(1, int(float64(out[i])*maxOrder/float64(sum)))
		}
	}
	return out
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
