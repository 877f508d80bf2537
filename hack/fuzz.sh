#!/usr/bin/env bash
# SPDX-FileCopyrightText: The vela authors
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target of the root module for a time each: fuzz.sh 20s
set -euo pipefail
grep -rlE '^func Fuzz[A-Z]' --include='*_test.go' internal api | sort | while read -r file; do
  grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | awk '{print $2}' | while read -r target; do
    echo "  $target in $(dirname "$file"), $1"
    go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$1" </dev/null
  done
done
