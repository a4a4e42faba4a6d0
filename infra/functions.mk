# Functions, nodes and releases: included by the project's Makefile.
TESTS_ENV := $(VENV)/.infra
DEPLOY_ENV := $(VENV)/.deploy
RUFF_INFRA = $(BIN)/ruff
CHECKOV_ENV := $(VENV)/.checkov
IMAGES ?= images.txt

.PHONY: infra-checkov infra-cost infra-picture infra-functions infra-function-check infra-function-test deploy-images deploy-scan deploy-migrate deploy-release

infra-functions: ## Pack the functions for Lambda
	@infra/lambdas/build

infra-function-check: $(STAMP_DEV) ## Check the style of functions and releases
	@for folder in lambdas deploy; do \
		(cd infra/$$folder && $(RUFF_INFRA) format --config ../../backend/pyproject.toml --check . && \
			$(RUFF_INFRA) check --config ../../backend/pyproject.toml .) || exit 1; done

infra-function-test: $(TESTS_ENV)/.installed ## Test functions, a Qdrant node's start and releases against local servers
	@cd infra/lambdas && $(CURDIR)/$(TESTS_ENV)/bin/python -m pytest -q -ra -p no:cacheprovider tests
	@cd infra/deploy && $(CURDIR)/$(TESTS_ENV)/bin/python -m pytest -q -ra -p no:cacheprovider tests

infra-checkov: $(CHECKOV_ENV)/.installed $(TESTS_ENV)/.installed ## Hold production's plan against checkov's rules, the picture and its cost, without an account
	@EMULATOR_PYTHON=$(CURDIR)/$(TESTS_ENV)/bin/python infra/tests/planned production
	@$(BIN)/python infra/tests/rules.py $(CURDIR)/$(CHECKOV_ENV)/bin/checkov infra/build/planned/production.json
	@$(BIN)/python infra/picture.py infra/build/planned/production.json --check
	@$(BIN)/python infra/cost.py infra/build/planned/production.json --check

infra-picture: $(TESTS_ENV)/.installed ## Draw the architecture and count its resources, from production's plan
	@EMULATOR_PYTHON=$(CURDIR)/$(TESTS_ENV)/bin/python infra/tests/planned production
	@$(BIN)/python infra/picture.py infra/build/planned/production.json

infra-cost: $(TESTS_ENV)/.installed ## Say what each environment costs, from its plan, prices.toml and usage.toml
	@for environment in production staging development; do \
		EMULATOR_PYTHON=$(CURDIR)/$(TESTS_ENV)/bin/python infra/tests/planned $$environment || exit 1; done
	@$(BIN)/python infra/cost.py infra/build/planned/production.json infra/build/planned/staging.json infra/build/planned/development.json

deploy-images: ## Build and push what changed: REGISTRY=... NAME=... ASSETS_BUCKET=... writes IMAGES
	@infra/deploy/images > $(IMAGES).part && mv $(IMAGES).part $(IMAGES) && cat $(IMAGES)

deploy-scan: $(DEPLOY_ENV)/.installed ## Refuse images with critical findings
	@$(DEPLOY_ENV)/bin/python infra/deploy/release.py scan $(IMAGES)

deploy-migrate: $(DEPLOY_ENV)/.installed ## Run the new version's migrations: NAME=... CLUSTER=... SUBNETS=... SECURITY_GROUP=...
	@$(DEPLOY_ENV)/bin/python infra/deploy/release.py migrate $(IMAGES)

deploy-release: $(DEPLOY_ENV)/.installed ## Change the services, watch, take back on failure: NAME=... CLUSTER=... HEALTH_URL=...
	@$(DEPLOY_ENV)/bin/python infra/deploy/release.py release $(IMAGES)

$(TESTS_ENV)/.installed: infra/requirements-test.txt $(TOOLS)
	@$(PYTHON) -m venv --clear --without-pip $(TESTS_ENV)
	@$(BIN)/uv pip install --quiet --python $(TESTS_ENV)/bin/python --no-deps --require-hashes -r infra/requirements-test.txt
	@touch $@

# Alone: a machine that releases needs nothing of the application.
$(DEPLOY_ENV)/.installed: infra/requirements-deploy.txt
	@$(PYTHON) -m venv --clear $(DEPLOY_ENV)
	@$(DEPLOY_ENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r infra/requirements-deploy.txt
	@touch $@

# checkov wants an older boto3 than the rest.
$(CHECKOV_ENV)/.installed: infra/requirements-checkov.txt $(TOOLS)
	@$(PYTHON) -m venv --clear --without-pip $(CHECKOV_ENV)
	@$(BIN)/uv pip install --quiet --python $(CHECKOV_ENV)/bin/python --no-deps --require-hashes -r infra/requirements-checkov.txt
	@touch $@
