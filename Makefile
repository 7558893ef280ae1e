# Courtyard from a shell: `make` alone says what there is.

# The first interpreter that is new enough; PYTHON=/path/to/python names another one.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
# Processes that run tests at the same time.
JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
# The console is built by its own target, and again whenever its sources changed.
PIP = COURTYARD_SKIP_CONSOLE=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check
# What the code is made of, for ruff; basedpyright reads its own list from pyproject.toml.
CODE := $(wildcard src tests benchmarks) console hatch_build.py
# With Node on the path: the machine's own, or the one that the build of the console fetches.
NODE = PATH="$$($(BIN)/python console/build.py --node):$$PATH"

.DEFAULT_GOAL := help
.PHONY: help run test check tests tests-again lint format bench bench-quick bench-growth bench-mixed bench-large console openapi dev constraints clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

run: $(VENV)/.installed ## install what is missing, then serve with demo data on 127.0.0.1:8000 and :8443
	@$(BIN)/python console/build.py || true
	@exec $(BIN)/courtyard serve --demo

test: check ## the same as check

check: lint tests ## everything CI runs: format, lint, types, import contracts, tests (with docs)

tests: $(VENV)/.installed-dev ## the tests alone
	@$(BIN)/python console/build.py
	$(BIN)/pytest -n $(JOBS)

tests-again: $(VENV)/.installed-dev ## those that failed, one after the other
	$(BIN)/pytest -n 0 --last-failed --last-failed-no-failures none

lint: $(VENV)/.installed-dev ## format check, lint, types and import contracts, no tests
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-logo
	@$(BIN)/python console/build.py
	$(NODE) npm --prefix console run --silent check

console: $(VENV)/.installed ## build the web console if its sources changed; fetches Node if there is none
	@$(BIN)/python console/build.py

openapi: $(VENV)/.installed ## write console/openapi.json anew, from which the types of the console are made
	@$(BIN)/python console/refresh.py

dev: console ## the console with changes shown at once, on :5173, before a server that make run started
	@$(NODE) npm --prefix console run dev

format: $(VENV)/.installed-dev ## let ruff mend layout and what it can
	$(BIN)/ruff check --fix-only $(CODE)
	$(BIN)/ruff format $(CODE)

bench: $(VENV)/.installed-dev ## measure Courtyard beside others (half an hour); writes benchmarks/RESULTS.md and docs/performance.svg
	@$(BIN)/python -m benchmarks.run

bench-quick: $(VENV)/.installed-dev ## the same in three minutes, once the others are installed; writes nothing
	@$(BIN)/python -m benchmarks.run --quick --dry

bench-growth: $(VENV)/.installed-dev ## Courtyard alone, with 1,000 to 1,000,000 rows of each kind (COUNTS="1000 100000" for others)
	@$(BIN)/python -m benchmarks.growth $(COUNTS)

bench-mixed: $(VENV)/.installed-dev ## four minutes of mixed load, the last of them three times what the server can do
	@$(BIN)/python -m benchmarks.mixed

bench-large: $(VENV)/.installed-dev ## 1 GiB up and down, on the local disk and in an object store; three minutes
	@$(BIN)/python -m benchmarks.large_files

constraints: $(VENV)/.installed-dev ## newest versions that fit pyproject.toml into constraints.txt
	$(PIP) --upgrade --upgrade-strategy eager --editable '.[dev]'
	@{ echo '# Tested together. Refresh: make constraints'; $(BIN)/python -m pip freeze --exclude-editable; } > constraints.txt
	@touch $(VENV)/.installed $(VENV)/.installed-dev

clean: ## remove what make made here; your data directory stays
	rm -rf $(VENV) dist src/courtyard/console console/node_modules console/src/schema.d.ts .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than what it was made from, or the install runs again: no pip when nothing changed.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/pip
	@echo 'Installing Courtyard into $(VENV) ...'
	@$(PIP) --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/pip
	@echo 'Installing Courtyard and its development tools into $(VENV) ...'
	@$(PIP) --constraint constraints.txt --editable '.[dev]'
	@touch $(VENV)/.installed $@

# pip is the last thing a new environment gets: one that was interrupted is made again.
$(BIN)/pip:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Courtyard needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || true)" >&2; exit 1; fi
	@if "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then "$(PYTHON)" -m venv $(VENV); \
	elif command -v uv >/dev/null 2>&1; then uv venv --quiet --seed --python "$(PYTHON)" $(VENV); \
	else echo 'This Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; fi
