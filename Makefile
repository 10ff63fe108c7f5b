# make demo    run the product here, with a receiver to look at; FRESH=1 starts clean
# make test    the whole suite; what is not installed is left out and named
# make faults  kill, stop and move what there is; takes three quarters of an hour, prints tables
# make fuzz    odd requests for ten minutes (MINUTES=60: longer), others each time
# make bench   how fast it is, in tables (half an hour; QUICK=1: 2 minutes); needs the machine alone
# make check   style, architecture, types, migrations, deployment settings

# The stamps carry the hash of what is installed: nothing changed, nothing to do.
PYTHON := .venv/bin/python
TO_RUN := .venv/.to-run-$(shell cat requirements.txt | sha256sum | cut -c1-16)
TO_TEST := .venv/.to-test-$(shell cat requirements.txt requirements-dev.txt | sha256sum | cut -c1-16)
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check

.PHONY: demo test faults fuzz bench check
.DEFAULT_GOAL := demo

demo: $(TO_RUN)
	@$(PYTHON) manage.py demo $(if $(FRESH),--fresh)

test: $(TO_TEST)
	@$(PYTHON) -m tests.run

faults: $(TO_TEST)
	@$(PYTHON) -m tests.faults
	@KILLS=20 $(PYTHON) -m tests.run -n 0 tests/engine

fuzz: $(TO_TEST)
	@$(PYTHON) -m tests.fuzz --minutes $(or $(MINUTES),10)

bench: $(TO_TEST)
	@$(PYTHON) -m tests.bench $(if $(QUICK),--quick)

check: $(TO_TEST)
	@.ci/check

$(TO_RUN):
	@$(PYTHON) -V >/dev/null 2>&1 || python3 -m venv --clear .venv
	@$(INSTALL) -r requirements.txt
	@rm -f .venv/.to-run-* && touch $@

$(TO_TEST):
	@$(PYTHON) -V >/dev/null 2>&1 || python3 -m venv --clear .venv
	@$(INSTALL) -r requirements-dev.txt
	@rm -f .venv/.to-test-* && touch $@
