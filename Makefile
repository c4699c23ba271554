# `make help` lists the targets. Settings: PYTHON, API_PORT, DASHBOARD_PORT (make run API_PORT=5001).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
API_PORT ?= 5000
DASHBOARD_PORT ?= 8501
export API_PORT DASHBOARD_PORT

.DEFAULT_GOAL := help
.PHONY: help run test train report features lock browser clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

run: $(VENV)/runtime.stamp ## Start the API (port API_PORT) and the dashboard (port DASHBOARD_PORT); Ctrl-C stops both
	@$(BIN)/python run.py

train: $(VENV)/runtime.stamp ## Train on the shipped data, publish the bundle, write the deliverables
	@$(BIN)/python -m training

features: $(VENV)/runtime.stamp ## Rebuild data/processed from data/raw
	@$(BIN)/python -m training features

report: $(VENV)/runtime.stamp ## Write deliverables/ from the bundle in use
	@$(BIN)/python -m training report

test: $(VENV)/dev.stamp browser ## The whole gate: ruff, mypy, import contracts, pytest
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

browser: $(VENV)/dev.stamp # A browser for the tests: the one that is there, else the system's package, else Playwright's
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null 2>&1 && exit 0; done; \
	echo "No browser found; installing one for the tests."; \
	if command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	elif command -v apt-get >/dev/null 2>&1 && sudo -n true 2>/dev/null; then \
		sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	else \
		$(BIN)/python -m playwright install chromium; \
	fi || echo "No browser could be installed: the browser tests will be skipped, and say so."

lock: $(VENV)/dev.stamp ## Refresh the exact versions in the two lock files
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate requirements.txt -o requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate requirements-dev.txt -c requirements.lock -o requirements-dev.lock

clean: ## Remove the environment, caches and built tables; the bundles stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache data/processed/*.parquet

$(VENV)/runtime.stamp: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is not. Name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing the dependencies into $(VENV); once, about a minute."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -r requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/runtime.stamp
	@echo "Installing what the tests need into $(VENV)."
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -r requirements-dev.lock
	@touch $@
