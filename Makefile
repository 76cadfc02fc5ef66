# Everything runs in .venv, which each target makes and fills as far as it needs; when nothing changed
# (the stamps are newer than pyproject.toml) that takes no time.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTEST_ARGS ?=

# An extra and those it contains: having installed the first, there is no need to install the others.
CONTAINED_demo := demo
CONTAINED_docs := docs
CONTAINED_test := test demo docs
CONTAINED_check := check test demo docs
CONTAINED_mutants := mutants

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo one-host test test-all test-lowest test-pythons check docs model simulate stress kills fuzz mutants \
	dist bench compare clean ensurepip

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Most tests wait for processes, so four at a time take little more of the machine than two. A file stays together;
# in the order of their names, since those with the longest tests are not those with the most.
IN_PARALLEL := -n 4 --dist loadfile --no-loadscope-reorder

demo: $(VENV)/.demo-installed ## Show the guard at work, on this machine only (ARGS=...)
	@$(BIN)/python -m tasks.demo $(ARGS)

one-host: $(VENV)/.test-installed ## Run the processes of docker/compose.yaml on this host, without Docker (ARGS=--smoke)
	sh tests/support/install_servers.sh
	sh tests/support/install_promtool.sh
	@$(BIN)/python docker/one_host $(ARGS)

test: $(VENV)/.test-installed ## Run the tests except the slow ones (PYTEST_ARGS=...)
	sh tests/support/install_servers.sh
	sh tests/support/install_promtool.sh
	$(BIN)/python -m pytest -m "not slow" $(IN_PARALLEL) $(PYTEST_ARGS)

test-all: $(VENV)/.test-installed ## Run all tests, some take minutes (PYTEST_ARGS=...)
	sh tests/support/install_servers.sh
	sh tests/support/install_promtool.sh
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# By uv: pip tries versions for a quarter of an hour before it finds those that fit together.
test-lowest: ## Run the core, store, access and edge tests on the oldest allowed libraries
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest/bin/python -e '.[test]' -c tests/lowest.txt
	sh tests/support/install_servers.sh
	.venv-lowest/bin/python -m pytest -m "not slow" tests/core tests/contracts tests/access tests/acceptance/test_edges.py $(PYTEST_ARGS)

PYTHONS ?= python3.11 python3.12 python3.13
test-pythons: ## Run core, store and edge tests with the wheel on each Python that is here (PYTHONS=...)
	sh tests/support/install_servers.sh
	.ci/test_pythons $(PYTHONS)

check: $(VENV)/.check-installed ## Lint, check types and the layers of the code
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(BIN)/python docs/event_table.py --check
	$(BIN)/python -m tests.packaging.user_types

# In a venv of its own, so that what is built does not depend on what is installed for tests. Files carry the time
# of the last commit: who builds the same commit gets the same wheel, byte for byte.
DIST ?= dist
dist: ## Build the wheel and the sdist into dist/ (DIST=...), and check their metadata
	$(PYTHON) -m venv --clear .venv-dist
	.venv-dist/bin/python -m pip install --quiet --disable-pip-version-check 'build>=1.3' 'twine>=6.2'
	rm -rf build "$(DIST)"
	umask 022 && SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} \
		.venv-dist/bin/python -m build --outdir "$(DIST)" .
	.venv-dist/bin/python -m twine check --strict "$(DIST)"/*

# Material says at each build that MkDocs has no future; see docs/decisions.md, D120.
docs: $(VENV)/.docs-installed ## Build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

model: ## Search the models of the protocol to their end (ARGS="failover" or --json)
	@sh tests/support/install_spin.sh
	@$(PYTHON) docs/model/check.py $(ARGS)

mutants: $(VENV)/.test-installed $(VENV)/.mutants-installed ## Change the core in one place at a time: does a test notice? (MODULES="lease barrier")
	@nice $(BIN)/python -m tests.mutants $(MODULES)

fuzz: $(VENV)/.test-installed ## Give every reader of untrusted input N inputs by each engine (N=... ARGS="texts --seed 1")
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/fuzz/requirements.txt || true
	@$(BIN)/python -m tests.fuzz -n $(or $(N),100000) $(ARGS)

simulate: $(VENV)/.test-installed ## Run the guard's own code in simulated time, N schedules (N=10000, ARGS=...)
	@$(BIN)/python -m tests.simulator $(or $(N),10000) $(ARGS)

MINUTES ?= 10
stress: $(VENV)/.test-installed ## Faults on real processes, and the books of every job (MINUTES=, ARGS=...)
	sh tests/support/install_servers.sh
	$(BIN)/python -m tests.stress --minutes $(MINUTES) $(ARGS)

kills: $(VENV)/.test-installed ## End N jobs in emergencies and compare journals with records (N=10000 ARGS="--seed 7")
	@$(BIN)/python -m tests.stress_kills $(or $(N),200) $(ARGS)

bench: $(VENV)/.test-installed ## Measure (ARGS=...)
	sh tests/support/install_servers.sh
	$(BIN)/python -m benchmarks $(ARGS)

compare: $(VENV)/.test-installed ## Measure the guard beside other queues, about an hour and a half (ARGS="--write")
	sh tests/support/install_servers.sh
	PYTHON="$(PYTHON)" sh benchmarks/compare/install.sh
	$(BIN)/python -m benchmarks.compare $(ARGS)

clean: ## Remove the virtual environment, caches and build results
	rm -rf $(VENV) .venv-* build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.%-installed: pyproject.toml guard/version.py | $(BIN)/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$*]'
	@touch $(foreach extra,$(CONTAINED_$*),$(VENV)/.$(extra)-installed)

# pip comes last: a venv that was interrupted half-way has none and is made again
$(BIN)/pip:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory ensurepip
	$(PYTHON) -m venv --clear $(VENV)

# Debian splits this part of Python off into a package of its own.
ensurepip:
	@echo "Python's venv module is incomplete: installing Debian's python3-venv"
	@sudo=$$([ "$$(id -u)" -eq 0 ] || echo "sudo -n"); \
	install="$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv"; \
	$$install >/dev/null 2>&1 || { $$sudo apt-get update -qq && $$install >/dev/null; } || \
	{ echo "That failed. Install python3-venv (as root) and try again." >&2; exit 1; }
