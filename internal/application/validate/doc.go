// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package validate reads an Application from YAML and tells everything that is wrong with one.
//
// In goes what a user wrote; out comes the Application, or one sentence for each mistake: the path of the field first, the
// mend last. The admission webhook and the CLI ask the same questions here, so both answer alike. The package is pure.
package validate
