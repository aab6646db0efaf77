# `make search` and `make test` are all the set-up there is: each makes .venv if it is missing,
# installs into it when pyproject.toml or constraints.txt changed, and does what it says.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# The first Python of 3.11 or newer that can make virtual environments; override: make PYTHON=...
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: help search test test-all lint format constraints clean

help:  ## Say what there is.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

search: $(INSTALLED)  ## Search backbone_compare on real CIFAR-10; options: make search ARGS="--trials 6"
	$(BIN)/orchestrator search backbone_compare $(ARGS)

test: $(INSTALLED)  ## Run the tests, without the slow ones; options: make test ARGS="-k cli"
	$(BIN)/python tests/two_at_once.py -m "not slow" $(ARGS)

test-all: $(INSTALLED)  ## Run all tests.
	$(BIN)/python -m pytest $(ARGS)

lint: $(INSTALLED)  ## Check style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED)  ## Put the style right.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

constraints: $(INSTALLED)  ## Write down what is installed now as the tested set.
	{ sed -n '/^#/p' constraints.txt; $(BIN)/pip freeze --all --exclude-editable \
		| grep -Ev '^(nvidia-|cuda-|triton==|pip==)|@ file:'; } > constraints.new
	mv constraints.new constraints.txt

clean:  ## Remove .venv and what tools left; results and caches of data stay.
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Done last, the stamp says that the installation is whole; a half-made one is simply done again.
$(INSTALLED): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer with its venv module is needed, and none was found." >&2; \
		echo "On Debian or Ubuntu: apt-get install python3-venv; or name one: make PYTHON=/path/to/python3.12" >&2; \
		exit 1; fi
	@echo "Installing into .venv with $$($(PYTHON) --version): a few minutes, once."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check --no-input --progress-bar off --quiet \
		-e ".[offline,dev,postgres]" -c constraints.txt
	@touch $@
