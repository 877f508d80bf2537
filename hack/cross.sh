#!/usr/bin/env bash
# SPDX-FileCopyrightText: The vela authors
# SPDX-License-Identifier: Apache-2.0
# Builds the command line for every platform it is shipped for: cross.sh LDFLAGS
set -euo pipefail
for os in linux darwin windows; do
  for arch in amd64 arm64; do
    out=bin/cli/vela-$os-$arch
    [ "$os" = windows ] && out=$out.exe
    echo "  $out"
    CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -ldflags "$1" -o "$out" ./cmd/vela
  done
done
