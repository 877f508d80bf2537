// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package text holds what vela says to people, in English and in Chinese, one catalogue file for each language. A sentence
// is looked up by its key; the strings that scripts and the tutorial compare with are not here, they are the same in
// every language.
package text
