# `make claims` runs the main job, `make test` the tests; both first set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m

.PHONY: claims fresh-seeds test slow sabotage mutants check setup clean
.DEFAULT_GOAL := help

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

claims: setup ## check every claim, write verdicts and report to reports/; with AGAINST=FILE, fail where a verdict differs
	$(RUN) pytest claims/ -n auto --report $(if $(AGAINST),--against "$(AGAINST)")

OFFSETS ?= 1000000 2000000 3000000
fresh-seeds: setup ## check every claim on other seeds (OFFSETS="..."); the verdicts must be those of reports/verdicts.json
	@failed=; for offset in $(OFFSETS); do \
	  $(RUN) pytest claims/ -n auto --seed-offset $$offset --against reports/verdicts.json \
	    --verdicts reports/seeds-$$offset/verdicts.json || failed="$$failed $$offset"; \
	done; \
	if [ -n "$$failed" ]; then echo "Verdicts differ from reports/verdicts.json, or claims failed, at offset$$failed"; exit 1; fi; \
	echo "The same verdicts at every offset: $(OFFSETS)"

test: setup ## run the tests
	$(RUN) pytest tests/ -n auto

slow: setup ## run the tests that take minutes
	$(RUN) pytest tests/ -n auto --slow

sabotage: setup ## plant each fault of tests/sabotage/faults.toml in a copy of the library, and see it found
	$(RUN) pytest tests/sabotage -n auto --slow

MUTANTS ?= lrn.*
mutants: setup ## change the library in every small way and see tests fail, for hours (MUTANTS="lrn.intervals.*" for a part)
	PYTHONPATH="$(CURDIR)/tests/sabotage" $(RUN) mutmut run "$(MUTANTS)"
	$(RUN) mutmut results

check: setup ## lint, format, types, and CI's workflows
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(VENV)/bin/zizmor --offline --quiet .github/workflows

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
	rm -rf $(VENV) build mutants .ledger .pytest_cache .mypy_cache .ruff_cache .hypothesis
