// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// cursor says what a client has: everything as it was at seq base, and of the batch of seq at, whose versions are sent in
// rising order, those up to upTo. After a whole batch all three are the same; base 0 is nothing. It holds for one set of topics.
type cursor struct {
	epoch          string
	base, at, upTo uint64
	topics         uint32
}

// String is opaque to clients; it has at most 70 characters.
func (c cursor) String() string {
	return fmt.Sprintf("%s.%x.%x.%x.%x", c.epoch, c.base, c.at, c.upTo, c.topics)
}

// readCursor is the cursor of an id, false for what is none.
func readCursor(s string) (cursor, bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 5 {
		return cursor{}, false
	}
	var n [4]uint64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseUint(parts[i+1], 16, 64); err != nil {
			return cursor{}, false
		}
	}
	return cursor{epoch: parts[0], base: n[0], at: n[1], upTo: n[2], topics: uint32(n[3])}, n[3] <= 1<<32-1
}

// had is the version that the client has of a topic whose versions are known, in rising order; 0 when that cannot be said.
func (c cursor) had(versions []uint64) uint64 {
	last := func(bound uint64) uint64 {
		i, exact := slices.BinarySearch(versions, bound)
		switch {
		case exact:
			return bound
		case i == 0:
			return 0
		default:
			return versions[i-1]
		}
	}
	if v := last(c.at); v <= c.upTo {
		return v
	}
	return last(c.base)
}

// topicsHash is the same for the same set of topics.
func topicsHash(keys []string) uint32 {
	sorted := slices.Sorted(slices.Values(keys))
	sum := fnv.New32a()
	for _, k := range sorted {
		_, _ = sum.Write([]byte(k + "\x00")) // a hash does not fail
	}
	return sum.Sum32()
}
