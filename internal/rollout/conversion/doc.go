// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package conversion turns Rollouts of v1alpha1 into v1beta1 and back (kruise-rollouts.md 1.2). What v1alpha1 has no word for
// goes along in an annotation, so that nobody loses anything who reads or writes by the older version.
package conversion
