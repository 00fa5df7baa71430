# Build Ledger: every command a newcomer needs. Each does its own set-up in a fresh clone.
#
#   make run     watch Build Ledger build its own repository      make test    every test, check and conformance case
#   make demo    the same, but stop after one build               make check   linters, types, contracts, drift
#   make bench   measure beside Buildbot (ONLY=case,… RUNS=n)     make wheel   build both wheels and the sdist
#   make workers build the workers in Go and TypeScript           make check-workers   their own tests
#   make conformance   show that all three workers keep the protocol
#   make faults   harm it again and again, and count what went wrong (ONLY=loop,… COUNT=n SEED=n)
#   make mutants   show that tests fail for deliberate faults (ONLY=text)      make check-lowest   test with the oldest packages allowed

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.stamps
NODE_PATH_LINE = export PATH="$(CURDIR)/$(BIN):$$PATH"
ONLY ?=
RUNS ?=
FULL ?=
COUNT ?=
SEED ?=
# The checks and the tests wait for processes, sockets and clocks about half of the time: twice as many as two cores.
JOBS ?= 4

# The tests start this code hundreds of times; where the surroundings forbid it to be kept, each start compiles it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run demo test check check-python check-dashboard check-workers check-go check-node bench workers conformance faults mutants check-lowest wheel proto openapi dashboard lock clean

help:
	@sed -n 's/^#   //p' Makefile

## Set-up: each stamp is made again when what it was made from has changed.

$(SETUP)/venv:
	@scripts/need-python "$(PYTHON)"
	$(PYTHON) -m venv $(VENV)
	mkdir -p $(SETUP) && touch $@

$(SETUP)/python: requirements/dev.txt requirements/build.txt pyproject.toml hatch_build.py | $(SETUP)/venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt -r requirements/build.txt
	BUILDLEDGER_SKIP_DASHBOARD=1 $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(SETUP)/node: scripts/need-node | $(SETUP)/python
	scripts/need-node $(BIN)
	touch $@

$(SETUP)/dashboard-packages: dashboard/package-lock.json dashboard/package.json | $(SETUP)/node
	$(NODE_PATH_LINE) && cd dashboard && npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(SETUP)/dashboard: $(SETUP)/dashboard-packages $(shell find dashboard/src dashboard/index.html dashboard/vite.config.ts buildledger/api/openapi.json 2>/dev/null)
	$(NODE_PATH_LINE) && cd dashboard && npm run --silent build
	touch $@

# After Node.js, not beside it: both may install into the virtual environment.
$(SETUP)/go: scripts/need-go workers/go/go.mod | $(SETUP)/python $(SETUP)/node
	$(NODE_PATH_LINE) && scripts/need-go $(BIN)
	touch $@

GO_SOURCES := $(shell find workers/go -name '*.go' 2>/dev/null) workers/go/go.sum workers/go/build.sh
# The worker and the supervisor for one system; that of this machine is needed first.
NATIVE := out/workers/linux-$(shell uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/').built
OTHERS := $(filter-out $(NATIVE),out/workers/linux-amd64.built out/workers/linux-arm64.built out/workers/windows-amd64.built)

$(NATIVE) $(OTHERS): out/workers/%.built: $(GO_SOURCES) | $(SETUP)/go
	$(NODE_PATH_LINE) && workers/go/build.sh $(CURDIR)/out/workers $(subst -,/,$*)
	touch $@

$(OTHERS): | $(NATIVE)

out/workers/SHA256SUMS: $(NATIVE) $(OTHERS)
	cd out/workers && sha256sum bl-*-amd64 bl-*-arm64 bl-*.exe > SHA256SUMS

$(SETUP)/node-worker-packages: workers/node/package-lock.json workers/node/package.json | $(SETUP)/node
	$(NODE_PATH_LINE) && cd workers/node && npm ci --no-audit --no-fund --loglevel=error
	touch $@

workers/node/dist/cli.js: $(SETUP)/node-worker-packages $(shell find workers/node/src -type f 2>/dev/null)
	$(NODE_PATH_LINE) && cd workers/node && npm run --silent build
	touch $@

$(SETUP)/test-tools: scripts/need-test-tools | $(SETUP)/venv
	scripts/need-test-tools
	touch $@

# An unchanged Buildbot: its worker for the tests of the bridge, its master for those of `config from-buildbot`.
$(SETUP)/buildbot: requirements/buildbot.txt | $(SETUP)/venv
	$(BIN)/python -m venv --clear $(VENV)/buildbot
	$(VENV)/buildbot/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

dashboard: $(SETUP)/dashboard

## What people type.

run: $(SETUP)/python $(SETUP)/dashboard
	@$(BIN)/buildledger demo

demo: $(SETUP)/python $(SETUP)/dashboard
	@$(BIN)/buildledger demo --once

# What can go on side by side does; what each says is printed when it ends. The kit has limits of time: it is played alone.
test:
	@$(MAKE) --no-print-directory -j $(JOBS) --output-sync=target check check-workers workers $(SETUP)/test-tools $(SETUP)/buildbot
	@$(MAKE) --no-print-directory conformance
	$(BIN)/pytest -n $(JOBS) --dist loadgroup

check: check-python check-dashboard

check-python: $(SETUP)/python
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m buildledger.grpc_protos.generate --check
	$(BIN)/python -m buildledger.api.export --check

check-dashboard: $(SETUP)/dashboard
	$(NODE_PATH_LINE) && cd dashboard && npm run --silent check

check-workers: check-go check-node

check-go: $(SETUP)/go
	$(NODE_PATH_LINE) && cd workers/go && unformatted="$$("$$(go env GOROOT)/bin/gofmt" -l .)" && test -z "$$unformatted" && go vet ./... && GOOS=windows go vet ./... && go test ./...

check-node: $(SETUP)/node-worker-packages
	$(NODE_PATH_LINE) && cd workers/node && npm run --silent check

bench: $(SETUP)/python $(SETUP)/dashboard out/workers/SHA256SUMS
	$(NODE_PATH_LINE) && $(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(RUNS),--runs $(RUNS))

workers: out/workers/SHA256SUMS workers/node/dist/cli.js

conformance: $(SETUP)/python $(NATIVE) workers/node/dist/cli.js
	$(NODE_PATH_LINE) && scripts/conformance $(BIN) $(if $(FULL),full,fast)

faults: $(SETUP)/dashboard $(SETUP)/test-tools workers
	$(NODE_PATH_LINE) && $(BIN)/python -m tests.faults $(if $(ONLY),--only $(ONLY)) $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED))

mutants: $(SETUP)/dashboard $(SETUP)/test-tools $(SETUP)/buildbot $(SETUP)/go workers
	$(NODE_PATH_LINE) && CI=true $(BIN)/python -m tests.mutants --only "$(ONLY)"

check-lowest: $(SETUP)/python $(SETUP)/dashboard $(SETUP)/test-tools workers
	$(NODE_PATH_LINE) && scripts/check-lowest $(BIN) $(VENV)/lowest

wheel: $(SETUP)/python $(SETUP)/dashboard
	$(BIN)/python -m hatchling build
	cd packaging/worker && $(CURDIR)/$(BIN)/python -m hatchling build -t wheel -d $(CURDIR)/dist

## For developers who change what is generated.

proto: $(SETUP)/python
	$(BIN)/python -m buildledger.grpc_protos.generate

openapi: $(SETUP)/python
	$(BIN)/python -m buildledger.api.export
	$(NODE_PATH_LINE) && cd dashboard && npm run --silent types

lock: $(SETUP)/venv
	scripts/lock $(BIN)

clean:
	rm -rf $(VENV) dashboard/node_modules buildledger/dashboard_static dist out
