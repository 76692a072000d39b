.PHONY: run check test test-all test-both test-postgres test-slow format texts client

PYTHON ?= python3
BIN := .venv/bin
PYTEST ?= $(BIN)/pytest
export QU_DEMO ?= true
# Tests wait as often as they compute, so four processes keep two cores busy. Files stay whole and in their order:
# what a file sets up is set up once, and browsers come last in all.
SIDE_BY_SIDE ?= -n 4 --dist loadfile --no-loadscope-reorder

# Compiled modules are kept, whatever the environment says: each process of the tests would compile everything anew.
test test-all test-both test-postgres test-slow: export PYTHONDONTWRITEBYTECODE :=

TYPESCRIPT := 5.9.3 # compiles the generated client in a test, where there is npm
OIDC_PROVIDER := 9.13.3 # at which a test signs in with a company account

run: .venv/installed
	@$(BIN)/python dashboard.py

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: check
	$(PYTEST) $(SIDE_BY_SIDE) -m "not slow"

test-slow: .venv/installed-dev
	$(PYTEST) $(SIDE_BY_SIDE) -m slow

# What has a console behind it, once more on PostgreSQL.
test-postgres: .venv/installed-dev
	$(PYTEST) $(SIDE_BY_SIDE) -m "not slow and not browser" --database=postgres

# In one run: servers, browsers and clips are there once for both.
test-both: .venv/installed-dev
	$(PYTEST) $(SIDE_BY_SIDE)

test-all: check test-both test-postgres

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Brings the catalogues up to what the code asks for: new texts are added empty, what nobody asks for goes to the end.
texts: .venv/installed-dev
	$(BIN)/python -m babel.messages.frontend -q extract -F pyproject.toml --no-location --sort-output -o .venv/console.pot .
	$(BIN)/python -m babel.messages.frontend -q update -D console -d backend/i18n/locales -i .venv/console.pot \
		--no-fuzzy-matching --no-wrap --ignore-pot-creation-date

# Makes the types of the Python client from the operations.
client: .venv/installed
	$(BIN)/python -m backend.typed_client.stub

.venv/installed: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt requirements-postgres.txt requirements-s3.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	if command -v npm >/dev/null; then npm install --prefix .venv/node --no-save --silent typescript@$(TYPESCRIPT) oidc-provider@$(OIDC_PROVIDER); fi
	@touch $@
