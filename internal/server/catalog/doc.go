// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package catalog answers which types of components, traits, policies and steps there are, with the schemas of their properties, the
// words for them in English and Chinese, and hints for forms.
package catalog
