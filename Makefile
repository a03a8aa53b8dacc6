# On a machine with Python, make and a package index: `make demo`, `make test`.

PYTHON ?= python3
OUT ?= out/demo
WORKERS ?= 2
ARGS ?=

BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help demo test lint types pages shipped clean

help:
	@echo "make demo    install into .venv, then photographs in, super-resolution SavedModel out ($(OUT))"
	@echo "make test    the whole test suite, $(WORKERS) processes (ARGS=... goes to pytest)"
	@echo "make lint    ruff: rules and format"
	@echo "make types   mypy"
	@echo "make pages   writes RESULTS.md and docs/METHODS.md from records, docstrings and recipes"
	@echo "make shipped exports saved_models/ anew, as the next version, when the exporter has changed"
	@echo "make clean   remove .venv, build products and caches; out/ stays"
	@echo "PYTHON=$(PYTHON) makes .venv: Python 3.11, 3.12 or 3.13"

demo: $(INSTALLED)
	$(BIN)/genssl run super_resolution --output $(OUT)
	@echo "report:     $$(ls -t $(OUT)/runs/*/*/report.html | head -n 1)"
	@echo "SavedModel: $$(ls -td $(OUT)/saved_models/*/* | head -n 1)"

test: $(INSTALLED)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

pages: $(INSTALLED)
	$(BIN)/genssl results
	$(BIN)/python -m pipelines.results.methods_page

shipped: $(INSTALLED)
	$(BIN)/python -m pipelines.shipped

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is younger than what it was made from: nothing is installed twice.
$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v[:2] <= (3, 13) else "keras_genssl needs Python 3.11, 3.12 or 3.13; $(PYTHON) is %d.%d. Name another: make PYTHON=python3.12 ..." % v[:2])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[dask,test,dev]"
	@touch $@
