# Bursar's tasks. `make` lists them; `make run` needs only Python 3.11+ and make.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTHON_IN := $(BIN)/python
STAMP := $(VENV)/.installed
WORKERS ?= auto
ARGS ?=
# `make lock` takes no release younger than this, except of the packages in LOCK_FRESH.
LOCK_AGE ?= 7 days
LOCK_FRESH ?= fastapi

.DEFAULT_GOAL := help
.PHONY: help setup run web client screenshots check check-web fix test fuzz bench crash conformance requirements docs snapshots lock package clean

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## make .venv from requirements.lock

# The stamp makes every later run skip the install until the lock or the package changes.
$(STAMP): requirements.lock pyproject.toml deploy/setup.sh
	@deploy/setup.sh
	@touch $@

run: $(STAMP) ## start everything with a demo workspace; builds the web pages first when needed
	@deploy/pages.sh --if-needed
	@exec $(BIN)/bursar up --demo $(ARGS)

web: $(STAMP) ## build the web pages that the API serves (needs Node, or the one in .venv)
	@deploy/pages.sh

# Every npm call finds the machine's Node, else the one in .venv.
NPM = PATH="$$(deploy/node.sh || echo "$(BIN)"):$$PATH" npm --silent --prefix web run

client: $(STAMP) ## regenerate the web pages' client from the OpenAPI snapshot
	@deploy/pages.sh --tools
	$(NPM) client

screenshots: ## take the README's screenshots: BURSAR_URL and BURSAR_LINK name a running demo
	$(NPM) screenshots

check-web: $(STAMP) ## the checks of web/: client, formatting, ESLint, tsc, knip, vitest, Storybook
	@deploy/pages.sh --tools
	$(NPM) client:check
	$(NPM) format:check
	$(NPM) types
	$(NPM) lint
	$(NPM) unused
	$(NPM) test
	$(NPM) storybook:build

check: $(STAMP) check-web ## every check without the test suite
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports
	$(BIN)/deptry src --no-ansi
	$(PYTHON_IN) -m bursar.interfaces.reference --check
	$(PYTHON_IN) -m pytest tests/house -q --durations=0 --durations-min=2

fix: $(STAMP) ## format and repair what can be repaired, and regenerate the reference
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(PYTHON_IN) -m bursar.interfaces.reference

test: $(STAMP) ## the test suite with coverage (ARGS="-k name" narrows it)
	@deploy/pages.sh --if-needed
	$(PYTHON_IN) -m pytest -n $(WORKERS) --cov --cov-report=term $(ARGS)

bench: $(STAMP) ## the benchmarks; results in bench/RESULTS.md
	$(PYTHON_IN) -m bench $(ARGS)

crash: $(STAMP) ## the kill matrix: 54 kills of every part under load (ARGS="--kills 9")
	$(PYTHON_IN) -m tests.crash.matrix $(ARGS)

FUZZ_ROUNDS ?= 400
FUZZ_SEED ?= $(shell date +%s)
fuzz: $(STAMP) ## hostile input for every operation, long form (FUZZ_ROUNDS, FUZZ_SEED)
	@echo "seed $(FUZZ_SEED)"
	BURSAR_FUZZ_ROUNDS=$(FUZZ_ROUNDS) BURSAR_FUZZ_SEED=$(FUZZ_SEED) \
		$(PYTHON_IN) -m pytest tests/interfaces/test_fuzz.py -q -n $(WORKERS) $(ARGS)

# The official tools and a Node new enough for them, pinned by hash; npm is all that is needed.
CONFORMANCE := deploy/conformance
$(CONFORMANCE)/node_modules/.package-lock.json: $(CONFORMANCE)/package.json $(CONFORMANCE)/package-lock.json
	npm ci --prefix $(CONFORMANCE) --loglevel=error
	@touch $@

conformance: $(STAMP) $(CONFORMANCE)/node_modules/.package-lock.json ## the official MCP Inspector and conformance suites (needs npm)
	$(PYTHON_IN) -m tests.conformance.run $(ARGS)

requirements: $(STAMP) ## which requirements the tests prove, by area
	@$(PYTHON_IN) -m tests.requirements_report $(ARGS)

docs: $(STAMP) ## regenerate docs/reference, .env.example and the command list
	$(PYTHON_IN) -m bursar.interfaces.reference

snapshots: docs ## the same: snapshots under tests/snapshots are generated together with the docs

lock: ## resolve requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --all-extras --group dev --universal \
		--python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" --exclude-newer "$(LOCK_AGE)" \
		$(foreach package,$(LOCK_FRESH),--exclude-newer-package "$(package)=0 days") \
		--quiet --output-file requirements.lock
	uv pip compile pyproject.toml --extra optimize --universal \
		--python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" --constraints requirements.lock \
		--quiet --output-file deploy/requirements.lock

package: $(STAMP) web ## build the wheel and the source archive, web pages included, into dist/
	$(PYTHON_IN) -m hatchling build

clean: ## remove .venv and caches (data under BURSAR_HOME stays)
	rm -rf $(VENV) web/node_modules web/.next web/out web/storybook-static .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
