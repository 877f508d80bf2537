// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"strings"
)

// longestName bounds the work of Nearest; no field or type name is longer.
const longestName = 64

// Nearest returns the known name that word most likely stands for, or "" when none is close. Case does not count, and
// about one letter in three may be wrong, missing, added or swapped with its neighbour.
func Nearest(word string, known []string) string {
	if len(word) > longestName {
		return ""
	}
	folded := strings.ToLower(word)
	best, bestDistance := "", len(folded)/3+1
	for _, candidate := range known {
		d := distance(folded, strings.ToLower(candidate))
		if d < bestDistance || (d == 0 && best == "") {
			best, bestDistance = candidate, d
		}
	}
	if best != "" {
		return best
	}
	for _, candidate := range known {
		lower := strings.ToLower(candidate)
		if len(folded) >= 3 && (strings.HasPrefix(lower, folded) || strings.HasPrefix(folded, lower)) {
			return candidate
		}
	}
	return ""
}

// distance is the optimal string alignment distance of two words.
func distance(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}

// List writes names for a sentence: "a", "a or b", "a, b or c".
func List(names []string) string {
	switch len(names) {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
