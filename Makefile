# PRISM. `make demo` and `make test` need Python 3.11 to 3.14 and make, nothing else.
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench pictures reference lock clean setup setup-test
MAKEFLAGS += --no-print-directory

PYTHON ?=
PORT ?= 8000
SETUP = python=$$(PYTHON="$(PYTHON)" .ci/python) && "$$python" .ci/setup.py
PYTEST = .venv/bin/python -m pytest
ROOMS = cli frontend_template lambdas local stacks cdk_app.py tests .ci/setup.py .ci/lock.py

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: setup ## A creator's whole platform on this machine: http://demo.localhost:8000
	@.venv/bin/prism demo --port $(PORT)

test: setup-test ## Every test; those of a whole live evening at the end, in real time and with the machine to themselves
	@failed=0; \
	$(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder -m "not evening" || failed=1; \
	$(PYTEST) -m evening tests/e2e/test_live.py || failed=1; \
	exit $$failed

lint: setup-test ## Style, types, import directions, generated files
	@failed=0; \
	.venv/bin/ruff check . || failed=1; \
	.venv/bin/ruff format --check --output-format concise . || { echo "fix: .venv/bin/ruff format ." >&2; failed=1; }; \
	.venv/bin/mypy $(ROOMS) || failed=1; \
	.venv/bin/lint-imports --no-logo || failed=1; \
	.venv/bin/python -m cli.reference --check || failed=1; \
	exit $$failed

bench: setup-test ## Cold start, synthesis, page weight: fails beyond a number
	@.venv/bin/python -m tests.bench

pictures: setup-test ## Take the screenshots of docs/pictures/ anew
	@.venv/bin/python -m tests.e2e.pictures

reference: setup ## Write the generated files anew: docs/cli.md, creators/schema.json, docs/openapi.json
	@.venv/bin/python -m cli.reference

lock: setup ## Resolve the versions of pyproject.toml into requirements*.txt, with hashes
	@.venv/bin/python .ci/lock.py

setup:
	@$(SETUP) demo

setup-test:
	@$(SETUP) test

clean: ## Remove what was made here: .venv, .prism (with the demo's data), caches
	rm -rf .venv .prism tests/npm/node_modules cdk.out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
