# One word a job. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONPATH := $(CURDIR)

.DEFAULT_GOAL := help
.PHONY: help run test unit lint types bench screenshots clean system node

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.run ## set up and run: pages, media worker and a demo lesson (LAN=1: for the PC next door; DEMO=0: no demo)
	@SHUANGSHI_LAN=$(or $(LAN),$(SHUANGSHI_LAN),0) SHUANGSHI_DEMO=$(or $(DEMO),$(SHUANGSHI_DEMO),1) $(BIN)/shuangshi run

test: system $(VENV)/.test node ## set up everything, system packages too, and run all tests
	$(BIN)/python -m pytest $(ARGS)

unit: $(VENV)/.test ## only the fast tests: no browser, no other process
	$(BIN)/python -m pytest -m "not scenario" $(ARGS)

lint: $(VENV)/.test ## style, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.test node ## strict types: Python and the browser code
	$(BIN)/mypy
	cd client_web && node_modules/.bin/tsc -p jsconfig.json

bench: system $(VENV)/.test ## measure, each figure beside its baseline of the same run
	$(BIN)/python -m tests.bench $(ARGS)

screenshots: system $(VENV)/.test ## take the pictures of docs/pictures from the running demo
	$(BIN)/python -m tests.screenshots $(ARGS)

clean: ## remove what the other commands made (not the data directory)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache client_web/node_modules
	find . -name __pycache__ -prune -exec rm -rf {} +

system: ## install the system packages that the tests use (needs root or sudo; does nothing if all are there)
	@tests/system-packages.sh

node: client_web/node_modules/.done

client_web/node_modules/.done: client_web/package-lock.json
	cd client_web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(BIN)/pip:
	@PYTHON="$(PYTHON)" docker/make-venv.sh $(VENV)

$(VENV)/.run: $(BIN)/pip pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: $(BIN)/pip pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e .[postgresql,test,lint]
	@touch $@ $(VENV)/.run
