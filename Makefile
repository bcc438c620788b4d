# Runcast: `make up` serves everything here, `make demo` shows it. Needs Python 3.11 or later with venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv keeps its cache in $HOME/.cache, or where that cannot be written here.
CACHE := $(shell d="$${UV_CACHE_DIR:-$${XDG_CACHE_HOME:-$$HOME/.cache}/uv}"; mkdir -p "$$d" 2> /dev/null && test -w "$$d" || echo --cache-dir $(VENV)/cache)
UV := $(BIN)/python -m uv --quiet $(CACHE)

# What the benchmark runs beside this project's own code.
PROGRAMS := benchmarks/.build/load benchmarks/.build/floor
PEERS := benchmarks/peers/node_modules/.package-lock.json
CENTRIFUGO := benchmarks/.build/centrifugo

# Where the api looks for the page, and what it is built from.
PAGE := api/runcast_api/static/index.html
PAGE_SOURCES := $(shell find dashboard -maxdepth 1 -type f 2> /dev/null; find dashboard/src dashboard/public -type f 2> /dev/null)
# Without npm the page is neither checked nor tested.
NPM := $(shell command -v npm)

.PHONY: up demo test check types chaos lock bench-fanout bench-noisy bench-runner bench-log clean

up: $(VENV)/.all $(PAGE)
	@exec $(BIN)/runcast up

demo: $(VENV)/.all
	@exec $(BIN)/runcast demo

# So many files at once, each worker with real parts of its own; a server that is given is one for all. A debugger needs WORKERS=0.
WORKERS ?= $(if $(TEST_REDIS_URL)$(TEST_MONGODB_URL),0,2)
# Bytecode is kept whatever the environment says: without it each of the many services that tests start compiles all it imports.
test: $(VENV)/.dev tests/e2e/node_modules/.package-lock.json $(PAGE)
	$(if $(NPM),cd dashboard && npm test --silent)
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term:skip-covered $(ARGS)
	$(BIN)/coverage report --include='libs/runcast_core/*' --fail-under=$(CORE_COVERAGE) > /dev/null

# The hand-over from replay to live, with as many random courses of events over each bus; about 3 s for each of RUNS.
RUNS ?= 50
chaos: $(VENV)/.dev
	RUNCAST_CHAOS_RUNS=$(RUNS) $(BIN)/pytest --show-capture=no tests/faults/test_hand_over.py $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(if $(NPM),$(MAKE) --silent dashboard/node_modules/.package-lock.json && cd dashboard && npm run --silent check)

# Beside Node's Socket.IO and others, within ten minutes; see benchmarks/README.md. ARGS=--quick takes one.
bench-fanout: $(VENV)/.all $(PROGRAMS) $(PEERS) $(if $(findstring centrifugo,$(ARGS)),$(CENTRIFUGO))
	@$(BIN)/python -m benchmarks.fanout $(ARGS)

# What one organization's flood does to another's events; ARGS=--quick takes half a minute.
bench-noisy: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.noisy $(ARGS)

# From a container's output to a client, beside `docker logs -f` and the system this replaces. Needs a container engine.
bench-runner: $(VENV)/.dev benchmarks/.build/printer $(PEERS)
	@$(BIN)/python -m benchmarks.runner $(ARGS)

# The types of the api's calls, as the page knows them, from the api's own document.
types: $(VENV)/.dev dashboard/node_modules/.package-lock.json
	$(BIN)/python -m runcast_api.documentation | (cd dashboard && npm run --silent types) > $(VENV)/schema.d.ts
	@mv $(VENV)/schema.d.ts dashboard/src/api/schema.d.ts

# The page's log view in Chromium beside TanStack Virtual; ARGS=--quick takes about a minute. Needs npm and Chromium.
bench-log: $(VENV)/.dev dashboard/node_modules/.package-lock.json
	@$(BIN)/python -m benchmarks.log $(ARGS)

lock: $(VENV)/.dev
	PATH="$(CURDIR)/$(BIN):$$PATH" requirements/compile --upgrade

# Of runcast_core, in per cent of lines. Without a MongoDB or its stand-in, the MongoDB store is out of reach.
CORE_COVERAGE ?= $(if $(filter all,$(RUNCAST_TEST_DEMAND)),100,80)

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Runcast needs Python 3.11 or later")'
	@$(PYTHON) -m venv $(VENV) || (echo "python3-venv is missing: apt-get install python3-venv" && false)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.all: requirements/all.txt pyproject.toml | $(BIN)/uv
	$(UV) pip install --require-hashes -r requirements/all.txt
	$(UV) pip install --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.all
	$(UV) pip install --require-hashes -r requirements/dev.txt
	@touch $@

dashboard/node_modules/.package-lock.json: dashboard/package-lock.json
	@cd dashboard && npm ci --loglevel=error --no-audit --no-fund
	@touch $@

# What only the tests through the official JavaScript client need; without it they are skipped, with the reason.
tests/e2e/node_modules/.package-lock.json: tests/e2e/package.json
	@if ! command -v npm > /dev/null; then echo "npm is missing: tests through the JavaScript client will be skipped"; \
	elif ! (cd tests/e2e && npm install --silent --no-audit --no-fund --no-package-lock); then \
	echo "npm could not install the JavaScript client: the tests through it cannot run"; \
	test "$(RUNCAST_TEST_DEMAND)" != all; fi

# Without it the api serves a page that says what to install.
$(PAGE): $(PAGE_SOURCES)
	@if ! test -f dashboard/package.json; then echo "dashboard/ is not here: the page is not built"; \
	elif ! command -v npm > /dev/null; then echo "npm is missing: install it with Node 20.19 or later, and the page is built"; \
	elif ! ($(MAKE) --silent dashboard/node_modules/.package-lock.json && cd dashboard && npm run build); then \
	rm -f $@; echo "The page could not be built; that takes npm and Node 20.19 or later, here it is Node $$(node --version)"; \
	test "$(RUNCAST_TEST_DEMAND)" != all; fi

$(PROGRAMS): benchmarks/.build/%: benchmarks/%.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -o $@ $<

benchmarks/.build/printer: benchmarks/runner/printer.c
	@mkdir -p $(@D)
	$(CC) -O2 -static -Wall -Wextra -o $@ $<

$(PEERS): benchmarks/peers/package.json
	@cd benchmarks/peers && npm install --silent --no-audit --no-fund --no-package-lock

# Built inside a module of its own, so that its version is pinned; takes minutes.
$(CENTRIFUGO): benchmarks/peers/centrifugo/go.mod
	@mkdir -p $(@D)/centrifugo-module && cp $< $(@D)/centrifugo-module
	cd $(@D)/centrifugo-module && GOBIN=$(CURDIR)/$(@D) go install -mod=mod github.com/centrifugal/centrifugo/v5
	@touch $@

clean:
	rm -rf $(VENV) $(dir $(PAGE)) dashboard/node_modules tests/e2e/node_modules benchmarks/peers/node_modules benchmarks/.build
