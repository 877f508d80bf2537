#!/usr/bin/env bash
# SPDX-FileCopyrightText: The vela authors
# SPDX-License-Identifier: Apache-2.0
# Copies the definitions of the Gateway API's kinds that the edge serves out of its Go module into api/crds/gateway.
set -euo pipefail
cd "$(dirname "$0")/.."
from=$(go list -m -f '{{.Dir}}' sigs.k8s.io/gateway-api)/config/crd/standard
to=api/crds/gateway
rm -f "$to"/*.yaml
for kind in gatewayclasses gateways grpcroutes httproutes referencegrants; do
  install -m 644 "$from/gateway.networking.k8s.io_$kind.yaml" "$to/"
done
