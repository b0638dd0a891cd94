# Dateline: `make serve` and `make test` are all it takes. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASE_IMAGE ?= docker.io/library/python:3.11-slim
WHEELS ?=
IMAGE ?= dateline

.DEFAULT_GOAL := help
.PHONY: help env env-dev train serve test bench image fmt lint requirements clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

env: $(VENV)/.runtime ## make the environment that runs Dateline (.venv)

$(VENV)/.runtime: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Dateline needs Python 3.11 or newer; give one with: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

env-dev: $(VENV)/.dev

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

train: env ## train a new model version from seeds/ and let it serve
	$(BIN)/python -m training train

serve: env ## train on first use, serve on 127.0.0.1:8080, show a sample answer
	$(BIN)/python -m training train --if-needed
	$(BIN)/python -m service --sample

lint: env-dev ## ruff, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint ## lint, types and all tests
	$(BIN)/python -m pytest

bench: env-dev ## run tests/benchmarks/ on the current model and print its tables (BENCH=--quick: the short way)
	$(BIN)/python -m training train --if-needed
	$(BIN)/python -m tests.benchmarks $(BENCH)

fmt: env-dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

image: ## build the container image with docker or, where only that exists, buildah
	@builder=$$(docker info >/dev/null 2>&1 && echo "docker build" || (command -v buildah >/dev/null && echo "buildah build --format docker")); \
	test -n "$$builder" || { echo "make image needs a running docker, or buildah" >&2; exit 1; }; \
	$$builder --build-arg BASE_IMAGE=$(BASE_IMAGE) --build-arg WHEELS=$(WHEELS) -t $(IMAGE) .

requirements: env-dev ## pin requirements*.txt anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --upgrade pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --upgrade pyproject.toml --group dev -o requirements-dev.txt

clean: ## remove the environment, caches and models
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find models -mindepth 1 ! -name README.md -delete
