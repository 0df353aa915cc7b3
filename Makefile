# One door for people and CI. Every verb sets up what it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The tests look for real recordings and the reference bench in these folders.
TOCSIN_DATA ?= $(wildcard ../shared/data/real)
TOCSIN_BENCH ?= $(wildcard ../shared/bench)
FUZZ ?= 1000000
export TOCSIN_DATA TOCSIN_BENCH

.PHONY: help install demo test test-deps check line fuzz bench bench-long docs web lock clean

help:
	@echo "make install    everything that is needed, into .venv (Python 3.11+ and pip; nothing else)"
	@echo "make demo       the two-bases day, live on the map at http://127.0.0.1:8080"
	@echo "make test       all tests"
	@echo "make test-deps  Debian packages that some tests need (root; TEST_DEPS=0 turns it off)"
	@echo "make check      format, lint, types, import rules"
	@echo "make line       the guards of the line: warns, advises, records, never commands"
	@echo "make fuzz       a million damaged payloads of each format (FUZZ=N: another number)"
	@echo "make bench      measurements, with ratios within one run"
	@echo "make bench-long the watch on its whole set of raids and days: hours; bird hours go on where they stopped"
	@echo "make docs       check that the docs tell the truth"
	@echo "make web        build the web page"
	@echo "make lock       write the hashed requirements anew"

$(BIN)/python:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Tocsin needs Python 3.11 or newer"'
	$(PYTHON) -m venv $(VENV)

# The stamp is older than what it stands for: then the next verb installs anew.
$(VENV)/.installed: requirements/all.txt pyproject.toml hatch_build.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/all.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	$(BIN)/tocsin warm
	@touch $@

# Also the page's checkers and axe-core: two tests at a time must not install them under each other.
$(VENV)/.installed-dev: requirements/dev.txt web/package-lock.json $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python hatch_build.py --npm --version >/dev/null
	@touch $@

install: $(VENV)/.installed

demo: install
	$(BIN)/tocsin demo $(DEMO)

web: install
	$(BIN)/python hatch_build.py

test-deps:
	@sh tools/test-deps.sh

test: $(VENV)/.installed-dev
	@sh tools/test.sh $(BIN)/python $(PYTEST)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check src tests bench tools hatch_build.py
	$(BIN)/ruff check src tests bench tools hatch_build.py
	$(BIN)/mypy
	$(BIN)/lint-imports

line: $(VENV)/.installed-dev
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/line

fuzz: $(VENV)/.installed-dev
	TOCSIN_FUZZ=$(FUZZ) $(BIN)/python -m pytest -q -n auto -m fuzz tests/codec

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench $(BENCH)

bench-long: $(VENV)/.installed-dev
	$(BIN)/python -m bench watch --long --pieces build/bird-hours.jsonl $(BENCH)

docs: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -q tests/docs

lock: $(VENV)/.installed-dev
	sh tools/lock.sh

clean:
	rm -rf $(VENV) build dist web/node_modules src/tocsin/service/static
