#!/usr/bin/env bash
# SPDX-FileCopyrightText: The vela authors
# SPDX-License-Identifier: Apache-2.0
# Runs a long command and shows that it is alive: progress.sh TITLE COMMAND...
set -euo pipefail
title=$1
shift
echo "$title ..."
began=$SECONDS
( while sleep 30; do echo "  still working after $((SECONDS - began)) s"; done ) &
ticker=$!
trap 'kill "$ticker" 2>/dev/null || true' EXIT
"$@"
echo "  done in $((SECONDS - began)) s"
