#!/usr/bin/env bash
# SPDX-FileCopyrightText: The vela authors
# SPDX-License-Identifier: Apache-2.0
# Builds the web pages into ui/dist, where the server embeds them, if something changed since the last time; needs Node and npm.
#   ui.sh build    the bundle
#   ui.sh install  the packages alone
set -euo pipefail
cd "$(dirname "$0")/../ui"

if ! command -v npm >/dev/null; then
  echo "Building the web pages needs Node 20.19 or newer and npm (Debian: apt-get install nodejs npm)." >&2
  exit 1
fi

# The packages belong to one lockfile: a copy of it stands where they were installed from.
install() {
  if ! cmp -s package-lock.json node_modules/.installed-from; then
    echo "Installing the packages of the web pages ..."
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
    cp package-lock.json node_modules/.installed-from
  fi
}

stale() {
  [ ! -f dist/.vite/manifest.json ] ||
    [ -n "$(find src public scripts index.html package.json package-lock.json tsconfig.json vite.config.ts \
      ../internal/server/openapi.yaml -newer dist/.vite/manifest.json -not -name '*.gen.ts' -print -quit)" ]
}

install
if [ "${1:-build}" = build ] && stale; then
  echo "Building the web pages ..."
  npm run --silent build
fi
