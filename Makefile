# Perennial: `make` lists what can be done. Everything happens in .venv, made from requirements.lock.

PYTHON ?= python3
ONLY ?=
ARGS ?=
UPGRADE ?=
UV := 0.13.9
BIN := .venv/bin

# Nothing here reports to anyone.
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := 1

.DEFAULT_GOAL := help
.PHONY: help install install-spark demo test test-services lab bench bands others rivals check dictionary lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/installed ## make .venv from requirements.lock: about two minutes, once

install-spark: .venv/spark ## add PySpark to .venv, for features on a cluster: it needs a Java runtime

demo: install ## simulate a company, live its months, publish; prints the page to open
	@$(BIN)/perennial demo

test: install ## run the tests (ARGS="tests/metrics -k churn" for some of them)
	@$(BIN)/pytest -m "not services" -n auto --dist loadfile $(ARGS)

test-services: install ## run the tests that need Chromium, a JRE or PostgreSQL
	@$(BIN)/pytest -m services -n 2 --dist loadfile $(ARGS)

lab: install ## open JupyterLab on notebooks/, for this machine only
	@$(BIN)/jupyter lab --ip=127.0.0.1 --ServerApp.root_dir=notebooks --KernelManager.transport=ipc

bench: install ## run the benchmarks (ONLY=name for one); writes benchmarks/results.json
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

bands: install ## live twenty simulated companies; is each as companies are? writes docs/simulated-company.md
	@$(BIN)/python -m benchmarks.bands $(ARGS)

others: install ## what the models reach on data of others (PERENNIAL_SAMPLES); writes docs/others-data.md
	@$(BIN)/python -m benchmarks.others

rivals: install .venv-rivals/made ## the renewal trees beside LightGBM, CatBoost and AutoGluon: a quarter of an hour
	@$(BIN)/python -m benchmarks.rivals $(ARGS)

check: install ## lint, formatting, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

dictionary: install ## write docs/data-dictionary.md, numbers.md and features.md from what is declared
	@$(BIN)/python -c "$$WRITE_DICTIONARY"

lock: ## resolve requirements.lock from pyproject.toml (UPGRADE=1: to the newest releases)
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && \
	$(PYTHON) -m venv "$$tools" && "$$tools/bin/pip" install -qq --disable-pip-version-check uv==$(UV) && \
	"$$tools/bin/uv" pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  $(if $(UPGRADE),--upgrade) --quiet --output-file requirements.lock && \
	$(PYTHON) -c "$$SPARK" > "$$tools/spark.in" && \
	"$$tools/bin/uv" pip compile "$$tools/spark.in" --universal --python-version 3.11 --no-annotate \
	  --constraints requirements.lock \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --quiet --output-file requirements-spark.lock

clean: ## remove .venv and caches; never data/, mlruns/ or reports/
	@rm -rf .venv .venv-rivals .pytest_cache .ruff_cache .mypy_cache .hypothesis src/*.egg-info
	@find src tests benchmarks notebooks -depth \( -name __pycache__ -o -name .ipynb_checkpoints \) \
	  -exec rm -rf {} + 2>/dev/null || true

# The rivals need other versions than Perennial does, so they live apart.
.venv-rivals/made: benchmarks/rivals-requirements.txt
	@$(PYTHON) -m venv --clear .venv-rivals
	@.venv-rivals/bin/pip install -qq --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
	  -r benchmarks/rivals-requirements.txt
	@touch $@

# The packages, exactly as locked. pip would write the bytecode on one core; compileall uses them all,
# and writes it where PYTHONDONTWRITEBYTECODE is set too: without it each start would take ten seconds
# more. Tests of packages are never imported, and some packages ship templates that are no Python yet.
.venv/locked: requirements.lock
	@$(PYTHON) -c "$$NEEDS_PYTHON" $(PYTHON)
	@echo "Installing the locked packages into .venv: about two minutes"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
	  --no-compile -r requirements.lock
	@$(BIN)/python -m compileall -qq -j 0 -x '/tests/' .venv/lib || true
	@touch $@

# --no-deps because the lock has them all but NCCL; --no-build-isolation because it has setuptools too.
.venv/installed: .venv/locked pyproject.toml
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# PySpark is released as source alone; what else is in its lock is there already, or is a wheel.
.venv/spark: .venv/installed requirements-spark.lock
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --require-hashes --no-build-isolation \
	  --only-binary :all: --no-binary pyspark --no-compile -r requirements-spark.lock
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib/python3.*/site-packages/pyspark || true
	@touch $@

define NEEDS_PYTHON
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 14):
    sys.exit("Perennial needs Python 3.11 to 3.14, and %s is %d.%d. Name one that is: "
             "make install PYTHON=python3.12" % (sys.argv[1], sys.version_info[0], sys.version_info[1]))
endef
export NEEDS_PYTHON

define SPARK
import tomllib
told = tomllib.load(open("pyproject.toml", "rb"))
print(*told["project"]["optional-dependencies"]["spark"], sep="\n")
endef
export SPARK

define WRITE_DICTIONARY
from pathlib import Path
from warehouse.contract import TABLES
from warehouse.contract.dictionary import dictionary
from features.handbook import handbook
from metrics.glossary import glossary
Path("docs/data-dictionary.md").write_text(dictionary(TABLES.values()), encoding="utf-8")
Path("docs/numbers.md").write_text(glossary(), encoding="utf-8")
Path("docs/features.md").write_text(handbook(), encoding="utf-8")
endef
export WRITE_DICTIONARY
