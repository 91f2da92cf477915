# Two commands on a fresh machine: `make run` and `make test`. Everything else is a part of them.
# Needs Python 3.11 to 3.13 with venv, git and make. PYTHON=... names the one to take; else the
# quickest of those found here is (.ci/python).

PYTHON ?=
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input
WORKERS ?= 2
# A run starts a dozen processes of the same modules: what the first one compiled, all others load.
unexport PYTHONDONTWRITEBYTECODE
# A worker takes whole files, so that what a file sets up is set up once; tests/conftest.py says
# which files come first.
WHOLE_FILES := --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test lint bench bench-search soak docs audit clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# -- set-up: each stamp remembers the input it was made from, so a second run does nothing --------

$(BIN)/python:
	@python=$${PYTHON:-$$(sh .ci/python)} && [ -n "$$python" ] && \
	    { "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	    { echo "Python 3.11 to 3.13 is needed; try PYTHON=python3.11 make $(MAKECMDGOALS)" >&2; exit 1; }; } && \
	    { "$$python" -m venv $(VENV) || \
	    { echo "venv is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }; }

$(VENV)/.runtime: requirements.lock | $(BIN)/python
	@echo "· Installing the dependencies ..."
	@$(PIP) install --quiet --require-hashes --no-deps -r requirements.lock
	@touch $@

$(VENV)/.editable: pyproject.toml $(VENV)/.runtime
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.development: requirements-dev.lock $(VENV)/.runtime
	@echo "· Installing what tests and checks need ..."
	@$(PIP) install --quiet --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.editable ## dependencies, catalogues and static files
	@$(BIN)/banyan setup --skip-database

setup-dev: setup $(VENV)/.development ## and what tests need: dev dependencies and Chromium
	@sh .ci/browser $(BIN)

# -- daily ---------------------------------------------------------------------------------------

run: $(VENV)/.editable ## start everything; Ctrl-C stops it
	@exec $(BIN)/banyan run

test: setup-dev ## the whole suite
	@$(BIN)/python -m pytest -n $(WORKERS) $(WHOLE_FILES) tests

lint: $(VENV)/.editable $(VENV)/.development ## style, types, floors, migrations, locks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	# No database is needed: the warning that none answers is expected.
	BANYAN_ENV=test $(BIN)/python -W ignore::RuntimeWarning -m django makemigrations --check --dry-run \
	    --settings banyan.config.settings
	@! grep -n '://' requirements.lock requirements-dev.lock || \
	    { echo "a lock file names an address; see docs/reference/dependencies.md" >&2; exit 1; }

bench: setup-dev ## speed against floors of the same run (up to 10 minutes)
	@$(BIN)/python -m bench

bench-search: setup-dev ## searches and listings at 100,000 goods and 1,000,000 posts (15 minutes)
	@$(BIN)/python -m bench.search

soak: setup-dev ## every property and the full matrix, for long
	@HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -n $(WORKERS) $(WHOLE_FILES) tests

docs: $(VENV)/.editable ## the parts of the documents that come from code
	@BANYAN_ENV=test $(BIN)/python -m banyan.ops.documents docs

audit: $(VENV)/.development ## known weaknesses in the locked versions (asks the package index)
	@$(BIN)/pip-audit --disable-pip --require-hashes -r requirements.lock

clean: ## what was built; data below var stays
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf var/static
	find banyan sandbox tests -name __pycache__ -prune -exec rm -rf {} +
	find banyan -name '*.mo' -delete
