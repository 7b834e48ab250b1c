# `make claims` runs the main job, `make test` the tests; both first set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m

.PHONY: claims test check setup clean
.DEFAULT_GOAL := help

help: ## what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

claims: setup ## check every claim, write reports/verdicts.json and the report
	$(RUN) pytest claims/ -n auto --report

test: setup ## run the tests
	$(RUN) pytest tests/ -n auto

check: setup ## lint, format and types
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

setup: $(VENV)/installed ## install lrn and its tools into .venv

NATIVE := $(wildcard lrn/engines/native/*.hpp lrn/engines/native/*.cpp lrn/engines/native/CMakeLists.txt)
$(VENV)/installed: pyproject.toml constraints.txt $(NATIVE)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "lrn needs Python 3.11 or later; $(PYTHON) is " + sys.version.split()[0] + " (say PYTHON=... to choose another)")'
	@echo "Setting up $(VENV): a few minutes the first time."
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(RUN) lrn.engines
	@touch $@

clean: ## remove what was built, and the ledger
	rm -rf $(VENV) build .ledger .pytest_cache .mypy_cache .ruff_cache .hypothesis
