# SPDX-FileCopyrightText: The vela authors
# SPDX-License-Identifier: Apache-2.0
SHELL := /bin/bash
.DEFAULT_GOAL := help
export GOWORK := off
export CGO_ENABLED ?= 1

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
K8S_VERSION := $(shell cd cluster && go list -m -f '{{.Version}}' k8s.io/kubernetes 2>/dev/null)
K8S_MINOR := $(word 2,$(subst ., ,$(K8S_VERSION)))
K8S_LDFLAGS := $(foreach p,k8s.io/component-base/version k8s.io/client-go/pkg/version,-X $(p).gitVersion=$(K8S_VERSION) -X $(p).gitMajor=1 -X $(p).gitMinor=$(K8S_MINOR))
CONTROLLER_GEN := go tool -modfile=tools.mod controller-gen
LINT := go tool -modfile=lint.mod golangci-lint
TESTRUN := go run ./hack/testrun
FUZZTIME ?= 20s
RUNS ?= 10

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

deps: ## Install the Debian packages that building and running need, or name them
	@hack/deps.sh

build: ui cli payload ## Build bin/vela, bin/vela-core and bin/velad (the first time takes about 12 minutes)
	@echo "Building vela-core ..."
	@go build -tags netgo,osusergo -ldflags '$(LDFLAGS)' -o bin/vela-core ./cmd/vela-core
	@hack/progress.sh "Building velad (links Kubernetes; the first time takes minutes)" \
	  go -C cluster build -ldflags '$(LDFLAGS) $(K8S_LDFLAGS)' -o ../bin/velad ./cmd/velad

ui: ## Build the web pages into ui/dist (needs Node and npm)
	@hack/ui.sh build

cli: ## Build bin/vela alone
	@echo "Building vela ..."
	@CGO_ENABLED=0 go build -ldflags '$(LDFLAGS)' -o bin/vela ./cmd/vela

cli-cross: ## Build the command line for Linux, macOS and Windows into bin/cli
	@hack/cross.sh '$(LDFLAGS)'

payload: deps ## Build what velad carries: containerd, runc, network plugins, the pause image
	@cluster/payload/build.sh

images: ## Build the demo images into bin/images
	@go run ./examples/canary/buildimages -out bin/images

core-images: ui ## Build the images that the chart runs into bin/core
	@go run ./deploy/images -out bin/core -version '$(VERSION)'

demo: build images ## Build, start, play the page for real, show the measured splits
	@go run ./hack/demo

check: ## Quick checks for each change: lint, unit tests, simulations, goldens
	@$(TESTRUN) "lint=.=make --no-print-directory lint" "unit=.=go test ./..." "ui=ui=npm test"

test: build images core-images ## Everything that CI runs
	@hack/deps.sh browser
	@$(TESTRUN) \
	  "lint=.=make --no-print-directory lint" \
	  "unit=.=go test ./..." \
	  "ui=ui=npm test" \
	  "pages=ui=npm run test:browser" \
	  "cli-cross=.=make --no-print-directory cli-cross" \
	  "fuzz=.=make --no-print-directory fuzz" \
	  "cluster=cluster=go test -p 1 -timeout 30m ./..."

test-pages: ui ## Every web page in Chromium: axe, security policy, both languages and themes, narrow, keyboard
	@hack/deps.sh browser
	@$(TESTRUN) "pages=ui=npm run test:browser"

screenshots: ui ## Pictures of every page into bin/screenshots, and those that the docs show into docs/img/velaux
	@hack/deps.sh browser
	@hack/screenshots.sh

test-e2e: build images core-images ## The end-to-end tests alone, in velad with real containers
	@$(TESTRUN) "e2e=cluster=go test -count=1 -timeout 30m ./e2e/..."

test-ui: build images ## A person's steps in a real browser, in English and in Chinese, against velad under load
	@hack/deps.sh browser
	@VELAUX=1 $(TESTRUN) "velaux=cluster=go test -count=1 -timeout 30m ./velaux"

conformance: build ## The Gateway API's official conformance suite against the edge, in velad; writes docs/conformance
	@go -C cluster run ./conformance -version '$(VERSION)' -report ../docs/conformance/report.yaml

test-scenarios: build images ## What goes wrong in releases, under load: play all of it and write docs/en/scenarios.md
	@VELA_SCENARIOS=1 VELA_SCENARIOS_TABLE=$(CURDIR)/docs $(TESTRUN) "scenarios=cluster=go test -count=1 -timeout 60m ./scenarios/..."

soak-scenarios: build images ## The same RUNS=10 times without a pause, three stories at a time; writes no table
	@VELA_SCENARIOS=1 VELA_SCENARIOS_TOGETHER=1 $(TESTRUN) "scenarios=cluster=go test -count=$(RUNS) -parallel 3 -failfast -timeout 6h ./scenarios/..."

bench: build images ## Measure against the budgets and print the table
	@hack/deps.sh bench
	@go -C cluster run ./bench

bench-scale: build images ## Measure 500 releases at once, on a control plane with fake nodes (about 15 minutes)
	@go -C cluster run ./bench -only scale

fuzz: ## Fuzz the parsers, FUZZTIME=20s each
	@hack/fuzz.sh $(FUZZTIME)

lint: ## Run the linters
	@hack/ui.sh install && npm --prefix ui run --silent lint
	@$(LINT) run --allow-parallel-runners ./... && cd cluster && go tool -modfile=../lint.mod golangci-lint run --allow-parallel-runners -c ../.golangci.yaml ./...

generate: ## Generate deep copies and CRDs from the types in api/, and the server's code from its contract
	@$(CONTROLLER_GEN) object paths=./api/... crd output:crd:dir=api/crds
	@go tool -modfile=tools.mod oapi-codegen -config internal/server/api/generate.yaml -o internal/server/api/api.gen.go internal/server/openapi.yaml
	@hack/gateway-crds.sh

clean: ## Remove what was built
	@rm -rf bin cluster/payload/bin/*.zst
	@find ui/dist -mindepth 1 -not -name .keep -delete

.PHONY: help deps build ui cli cli-cross payload images core-images demo check test test-pages screenshots test-ui test-e2e test-scenarios soak-scenarios conformance bench bench-scale fuzz lint generate clean
