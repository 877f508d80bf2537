#!/bin/sh
# SPDX-FileCopyrightText: The vela authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds what velad carries, from any folder; the work is done by the program in build/. Options: -force.
set -eu
cd "$(dirname "$0")/.."
exec go run ./payload/build "$@"
