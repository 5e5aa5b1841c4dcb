# Everything runs from .venv, made here; `make help` lists the targets.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ENV ?= poc
# The bindings are large: without compiled bytecode each import takes a minute.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-local setup-dev setup-ml demo synth test test-all check format lock clean

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-12s %s\n", $$1, $$2}'

.venv/base: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --compile -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.venv/local: .venv/base requirements-local.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --compile -r requirements-local.txt
	touch $@

.venv/dev: .venv/local requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --compile -r requirements-dev.txt
	touch $@

.venv-ml/done: requirements-ml.txt
	$(PYTHON) -m venv .venv-ml
	.venv-ml/bin/pip install --quiet --disable-pip-version-check --compile -r requirements-ml.txt
	touch $@

setup: .venv/base ## What synth, plan and deploy need
setup-local: .venv/local ## What the embedded AWS needs besides
setup-dev: .venv/dev ## What tests and checks need besides
setup-ml: .venv-ml/done ## AutoGluon, for tests of the container scripts

demo: .venv/local ## The whole life of an environment on the embedded AWS
	$(BIN)/sagekeep demo --env $(ENV)

synth: .venv/base ## Settings to Terraform: make synth ENV=poc
	$(BIN)/sagekeep synth --env $(ENV)

test: .venv/dev ## What CI runs
	$(BIN)/python -m pytest -m "not slow"

test-all: .venv/dev .venv-ml/done ## Everything, with AutoGluon and cdktf-cli
	$(BIN)/python -m pytest

check: .venv/dev ## Format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/dev ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

LOCK := $(BIN)/pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe --no-header \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock: .venv/dev ## Pin the newest versions that the .in files allow
	for name in requirements requirements-local requirements-dev requirements-ml; do \
	  $(LOCK) --output-file $$name.txt $$name.in || exit 1; done

clean: ## Remove what is generated; stops a local AWS first, refuses while state is local
	-$(BIN)/sagekeep local down 2>/dev/null
	@if ls cdktf*.out/stacks/*.tfstate >/dev/null 2>&1; then echo "cdktf.out holds Terraform state: destroy first"; exit 1; fi
	rm -rf cdktf.out cdktf.*.out .sagekeep .pytest_cache .mypy_cache .ruff_cache .hypothesis
