# Every target gets what it needs first, so there is no order to know. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# Hundreds of processes start from this code; without byte code each one compiles it anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
TOOLS := prometheus promtool alertmanager amtool helm helm3 kubeconform registry go
# A part of the tests, as in `make test T=tests/webhook`.
T ?= tests
# Test processes, which take whole files in the order of tests/conftest.py. Many tests only wait for real processes,
# so there are five of them even where there are fewer cores.
PROCESSES := $(shell cores=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1); echo $$((cores > 5 ? cores : 5)))
PYTEST := $(BIN)/pytest --numprocesses=$(PROCESSES) --dist=loadfile --no-loadscope-reorder

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ See it work

.PHONY: demo
demo: setup ## Run the whole loop on this machine, without a cluster (ONCE=1 ends after the scenario)
	@tools/install prometheus alertmanager
	@$(BIN)/python -m demo $(if $(ONCE),--once)

.PHONY: demo-clean
demo-clean: setup ## Remove what earlier demos have left
	@$(BIN)/python -m demo --clean

.PHONY: minikube
minikube: ## Build the images into Minikube, install the chart there and say what to do next
	@scripts/minikube.sh --check
	@tools/install helm
	@scripts/minikube.sh

.PHONY: host-setup
host-setup: ## Write what the monitor needs to reach the release on Kubernetes into OIMS_HOST_DIR
	@scripts/host_setup.sh

##@ Change it

.PHONY: test
test: lint check ## Lint, then run every test that needs no cluster (T=tests/webhook: only those)

.PHONY: check
check: setup ## Run the tests of make test without lint
	@tools/install $(TOOLS)
	@tools/servers || true # without them their tests are skipped, and say so
	@tools/install versitygw || true # likewise
	@OIMS_CHROMIUM=$$(tools/browser) && export OIMS_CHROMIUM && $(PYTEST) $(T)

.PHONY: chart-test
chart-test: setup ## Test the chart without a cluster: a part of make test
	@tools/install $(TOOLS)
	@$(PYTEST) tests/chart

.PHONY: e2e
e2e: setup ## Prove the chart on the cluster of the current kube context (E2E_YES=1: do not ask)
	@tools/install helm helm3
	@tools/e2e -m 'not matrix' $(or $(T:tests=),tests/e2e)

.PHONY: e2e-matrix
e2e-matrix: setup ## Run the fault matrix on that cluster: faults that take minutes each (E2E_YES=1)
	@tools/install helm helm3
	@tools/e2e -m matrix $(or $(T:tests=),tests/e2e)

.PHONY: images
images: ## Build the images oims-app, oims-webhook and oims-automation (CONTAINER=podman, TAG=, PYTHON_IMAGE=)
	@tools/images

.PHONY: release
release: setup ## Build and push images and chart, write bills of materials and checksums (VERSION=0.2.0 REGISTRY=host/path)
	@tools/install helm
	@$(BIN)/python -m tools.release "$(VERSION)" "$(REGISTRY)"

.PHONY: digests
digests: setup ## Pin base image and images of others by digest, at a release (CONTAINER=podman)
	@$(BIN)/python -m tools.digests

.PHONY: lint
lint: setup ## Check code, types, playbooks, YAML, scripts, workflows, Dockerfile, templates and the docs' English
	@tools/install actionlint
	@tools/lint

.PHONY: audit
audit: setup ## Look for known holes in the locked dependencies; says so where the data cannot be reached
	@$(BIN)/python -m tools.audit

.PHONY: format
format: setup ## Put Python code into the project's form and mend what ruff can
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: docs
docs: setup ## Write what is generated: settings, chart values, policy reference, schemas, the tables of faults and threats
	@$(BIN)/python -m tools.settings_page
	@$(BIN)/python -m automation.policy.reference
	@$(BIN)/python -m tools.chart_values
	@$(BIN)/python -m tools.proof_pages

##@ Measure it

.PHONY: bench
bench: setup ## Measure against a floor in the same run (B=intake, B=pages, B=pings, B=log or B=playbook)
	@$(BIN)/python -m bench.$(or $(B),intake)

.PHONY: soak
soak: setup ## Many events with random kills of every part (SOAK_MINUTES=30 SOAK_EVENTS=1000000 SOAK_SEED=1)
	@$(BIN)/python -m tests.soak

.PHONY: screenshots
screenshots: setup ## Picture every page from demo data; those in docs/screenshots are made anew
	@tools/install prometheus promtool
	@OIMS_CHROMIUM=$$(tools/browser) && export OIMS_CHROMIUM && $(BIN)/python -m tools.screenshots

.PHONY: site
site: setup ## Make the documentation into a site in .cache/site, with every link checked
	@$(BIN)/zensical build --strict
	@echo "open .cache/site/index.html"

##@ Set up (the other targets do this by themselves)

.PHONY: setup
setup: ## Make .venv with the Python dependencies that uv.lock pins
	@tools/setup

.PHONY: tools
tools: ## Put Prometheus, Alertmanager, Helm and their checkers into .tools/bin
	@tools/install $(TOOLS)

.PHONY: servers
servers: ## Put Debian's mail servers and reverse proxies, and an object store, beside the tests that look at them
	@tools/servers
	@tools/install versitygw

.PHONY: browser
browser: ## Find a Chromium for the browser tests, or install Debian's
	@tools/browser

.PHONY: clean
clean: ## Remove everything that was built or stored here: .venv, .tools, .demo and caches
	@rm -rf .venv .tools .demo .cache .ansible .pytest_cache .mypy_cache .ruff_cache .hypothesis
