# Needs Python 3.11+ and make. Everything else is installed into .venv from requirements.lock, by hash.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: run test check lab verify lock clean

run: $(READY)
	@$(BIN)/toll run

# One test runs nbval, in a process of its own; here its plugin would only cost time.
test: $(READY)
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -p no:nbval

# The quick checks: lint, formatting, types, raw tables.
check: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/toll check

lab: $(READY)
	@$(BIN)/toll lab

verify: $(READY)
	@$(BIN)/toll verify

# pip installs only uv, checked against the lock's hashes; uv then installs the rest about six times faster.
# The path to src/ becomes a relative one: Python 3.11 cannot start from a folder with letters that its locale lacks.
$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) from requirements.lock"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version)'
	@$(PYTHON) -m venv $(VENV)
	@awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.lock
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@for path in $(VENV)/lib/python3.*/site-packages/_toll.pth; do echo ../../../../src > "$$path"; done
	@touch $@

# Run this after changing the dependencies in pyproject.toml.
lock: $(READY)
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock

clean:
	@rm -rf $(VENV) .toll
