#!/usr/bin/env bash
# SPDX-FileCopyrightText: The vela authors
# SPDX-License-Identifier: Apache-2.0
# Pictures of every page, in both languages and themes, into bin/screenshots; those that docs/*/velaux.md shows go into docs/img/velaux too.
set -euo pipefail
cd "$(dirname "$0")/.."
all=$PWD/bin/screenshots kept=docs/img/velaux

rm -rf "$all"
VELAUX_SHOTS=$all npm --prefix ui run --silent test:browser -- looks
mkdir -p "$kept"
rm -f "$kept"/*.webp
grep -oh 'velaux/[a-z0-9-]*\.webp' docs/en/velaux.md docs/zh/velaux.md | sort -u | while read -r name; do
  cp "$all/${name#velaux/}" "$kept/"
done
echo "$(ls "$all" | wc -l) pictures in bin/screenshots, $(ls "$kept" | wc -l) of them in $kept ($(du -sh "$kept" | cut -f1))"
