# The commands of this project. Everything is installed into .venv/; nothing outside the checkout is touched.
SHELL := /bin/bash
PYTHON ?= python3.10
VENV := .venv
BIN := $(VENV)/bin
# Tests side by side. Two keep two cores busy; each further one may start a Switchboard of its own.
WORKERS ?= 2
# What failed beside others gets one look alone, and is named if that passes.
ONCE_MORE = $(BIN)/python tests/once_more.py
# What measures time comes after the others, one by one. (5: ARGS leaves none of these.)
ALONE = $(BIN)/python -m pytest -n 0 -m alone
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3

# The checkout itself, importable, and its command. (An editable install would need setuptools to build with the
# `packaging` that Rasa pins, which it cannot, or an isolated build environment that no lock file covers.)
define LINK
echo "$(CURDIR)" > $$($(BIN)/python -c 'import site; print(site.getsitepackages()[0])')/switchboard.pth && \
printf '#!/bin/sh\nexec "%s" -m switchboard "$$@"\n' "$(CURDIR)/$(BIN)/python" > $(BIN)/switchboard && \
chmod +x $(BIN)/switchboard
endef

.PHONY: help setup setup-dev run demo-channels test test-nightly check bench lock clean

help: ## Show the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed ## Install what running needs into .venv/

setup-dev: $(VENV)/.installed-dev ## Install what testing needs as well

run: setup ## Start the demo: shop with widget, bot, agent desk
	@exec $(BIN)/switchboard run

demo-channels: setup-dev ## Start the demo with every channel on one page, without an account anywhere
	@exec $(BIN)/python tests/demo

test: setup-dev ## Run every test this machine can run; ARGS="..." narrows it, WORKERS=0 takes one process
	@rm -f .pytest_cache/v/cache/lastfailed
	@$(BIN)/python -m pytest -n $(WORKERS) -m "not alone" $(ARGS) || [ $$? = 5 ] || $(ONCE_MORE)
	@$(ALONE) $(ARGS) || [ $$? = 5 ] || $(ONCE_MORE)

test-nightly: setup-dev ## The same with the long fuzz and soak rounds
	@SWITCHBOARD_NIGHTLY=true $(BIN)/python -m pytest -n $(WORKERS) --timeout 3600 -m "not alone" $(ARGS) || [ $$? = 5 ]
	@SWITCHBOARD_NIGHTLY=true $(ALONE) --timeout 3600 $(ARGS) || [ $$? = 5 ]

check: setup-dev ## Format, lint, types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: setup-dev ## Measure beside plain Rasa; writes docs/performance.md and bench/results.json
	@$(BIN)/python -m bench

lock: ## Compile requirements*.txt from pyproject.toml (needs uv)
	uv pip compile --quiet pyproject.toml --universal --python-version 3.10 --override overrides.txt --generate-hashes \
	  --no-annotate --no-emit-index-url --no-header -o requirements.txt
	uv pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.10 --override overrides.txt \
	  -c requirements.txt --generate-hashes --no-annotate --no-emit-index-url --no-header -o requirements-dev.txt

clean: ## Forget the data folder: databases, models, logs
	rm -rf var

# Each stamp is as new as the lock file it was made from, so a changed lock installs again and nothing else does.
$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV) (about two minutes the first time)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	@$(LINK)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV) (about two minutes the first time)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@$(LINK)
	@touch $@ $(VENV)/.installed

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null && $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null \
	  || { echo "Switchboard needs Python 3.10, and '$(PYTHON)' is not it; install it, or name it: make PYTHON=/path/to/python3.10 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
