# The stack applied to an emulated account: included by the project's Makefile.
# A target that applies prints the seconds of each stage; one apply at a time, each takes seven minutes or more, most of them the provider waiting.
.PHONY: infra-test infra-test-all infra-emulator-test infra-apply infra-apply-development infra-apply-staging infra-mutations

infra-test: infra-lint infra-plan-test infra-checkov infra-function-check infra-function-test infra-container-test infra-emulator-test infra-apply ## Every test of the infrastructure, with production applied to the emulator

infra-test-all: infra-test infra-apply-development infra-apply-staging ## The same, with development and staging too

infra-emulator-test: $(TESTS_ENV)/.installed ## Test the emulator itself, and that a killed run leaves nothing
	cd infra/tests && $(CURDIR)/$(TESTS_ENV)/bin/python -m pytest -q -ra -p no:cacheprovider emulator applied

infra-apply: $(TESTS_ENV)/.installed $(STAMP) ## Apply production to the emulator twice, read it back, destroy it (KEEP=1 keeps it until Ctrl-C)
	@infra/lambdas/build
	@infra/tests/apply production $(if $(KEEP),--keep)

infra-apply-development infra-apply-staging: infra-apply-%: $(TESTS_ENV)/.installed $(STAMP)
	@infra/lambdas/build
	@infra/tests/apply $*

infra-mutations: $(TESTS_ENV)/.installed $(STAMP) ## Change figures of the code, apply, and ask that the read-back notices each
	@infra/lambdas/build
	@$(TESTS_ENV)/bin/python infra/tests/deployed/mutations.py
