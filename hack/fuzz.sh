#!/usr/bin/env bash
# SPDX-FileCopyrightText: The vela authors
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target of the root module for a time each: fuzz.sh 20s
set -euo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
grep -rlE '^func Fuzz[A-Z]' --include='*_test.go' internal api | sort >"$log.files"
while read -r file; do
  for target in $(grep -oE '^func Fuzz[A-Za-z0-9_]+' "$file" | awk '{print $2}'); do
    echo "  $target in $(dirname "$file"), $1"
    if go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 10x >"$log" 2>&1 </dev/null; then
      tail -n 1 "$log"
      continue
    fi
    # The fuzzing engine may find its own time over while a worker is at an input (golang/go issue 48591): no input failed then.
    if grep -q 'context deadline exceeded' "$log" && ! grep -qE 'Failing input written|panic' "$log"; then
      echo "  $target: the time was over while an input ran; none failed"
      continue
    fi
    cat "$log"
    exit 1
  done
done <"$log.files"
rm -f "$log.files"
