# `make` runs every check; `make bench` measures (needs the extra "bench").
PYTHON ?= python

check:
	$(PYTHON) -m pytest
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

bench:
	$(PYTHON) -m pytest benchmarks

.PHONY: check bench
