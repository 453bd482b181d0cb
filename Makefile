# Two commands for everybody: `make demo` and `make test`. The rest is for people who work on the code.
PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/bash

.PHONY: setup demo test check lint types sql fast bench ui lock generated

setup: .venv.ok

.venv.ok: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m orchestration.manifest
	touch .venv.ok

demo: setup
	$(BIN)/monitor demo

test: setup
	tests/browser
	tests/clients
	$(BIN)/pytest -n 2 --dist loadfile

check: setup
	$(MAKE) --no-print-directory -j 2 --output-sync=target lint types sql fast

lint:
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .

types:
	$(BIN)/mypy

sql:
	$(BIN)/sqlfluff lint --quiet --processes 1 dbt_project/models warehouse/questions

fast:
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not slow" tests/unit tests/structure

bench: setup
	$(BIN)/python -m tests.bench.run

ui: setup
	$(BIN)/monitor ui

lock:
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --extra dev --generate-hashes --no-emit-index-url --no-strip-extras --no-header --no-annotate pyproject.toml --output-file requirements.lock

generated:
	$(BIN)/python -m warehouse.catalogue.schemas
	$(BIN)/python -m warehouse.catalogue.staging
	$(BIN)/python -c 'from expectations.models import write_schema; write_schema()'
