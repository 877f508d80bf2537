#!/usr/bin/env bash
# SPDX-FileCopyrightText: The vela authors
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that building and running velad needs, where it may; otherwise names them and fails.
# deps.sh bench installs what the edge is measured beside, deps.sh browser the browser that looks at the web pages.
set -euo pipefail

missing=()
command -v gcc >/dev/null || missing+=(gcc libc6-dev)
command -v pkg-config >/dev/null || missing+=(pkg-config)
command -v nft >/dev/null || missing+=(nftables)
command -v ip >/dev/null || missing+=(iproute2)
if ! pkg-config --exists libseccomp 2>/dev/null; then missing+=(libseccomp-dev); fi
if [ "${1:-}" = bench ]; then
  for program in nginx:nginx-light haproxy:haproxy wrk:wrk; do
    PATH=$PATH:/usr/sbin command -v "${program%%:*}" >/dev/null || missing+=("${program#*:}")
  done
fi
if [ "${1:-}" = browser ]; then
  command -v chromium >/dev/null || missing+=(chromium)
  fc-list :lang=zh 2>/dev/null | grep -q . || missing+=(fontconfig fonts-noto-cjk)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing Debian packages: ${missing[*]}. Install them with: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "Installing ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
# A proxy that is installed to be measured must not begin to serve on this machine.
if [ "${1:-}" = bench ] && [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod +x /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/tmp/vela-apt.log 2>&1; then
  tail -n 20 /tmp/vela-apt.log >&2
  echo "Installing failed. Install by hand: apt-get install ${missing[*]}" >&2
  exit 1
fi
