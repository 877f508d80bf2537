// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package validate says what is wrong with a Rollout, in sentences that name the field and the mend. Admission refuses by it
// (kruise-rollouts.md 1.6).
package validate
