# Runboard. On a fresh machine `make run` and `make test` install what they need themselves.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := $(or $(CARGO_TARGET_DIR),target)/release/runboard
# Tools this project installs for itself come first.
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help run dev demo build test e2e sdks bench fuzz screenshots gallery clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build and serve on http://127.0.0.1:8080 with an embedded database
	$(BIN) serve

dev: ## Serve a debug build, rebuilt on every change
	scripts/setup.sh dev
	cargo leptos watch

demo: build ## Fill demo.db with a believable fleet and keep it running on http://127.0.0.1:8080
	scripts/demo.sh $(BIN)

build: ## Build target/release/runboard, one file with the whole site in it
	scripts/setup.sh build
	node scripts/site.mjs
	cargo build --release --features ssr

test: ## Run every check and every test
	scripts/setup.sh test
	scripts/test.sh

e2e: build ## Run the browser tests alone; ARGS goes to Playwright
	scripts/setup.sh test
	playwright test --config end2end $(ARGS)

sdks: build ## Run agents of real SDKs against the server; ARGS goes to Playwright
	scripts/setup.sh sdks
	playwright test --config end2end/sdks.config.ts $(ARGS)

bench: build ## Measure speed and size; RUNS=20000 for a quick look
	scripts/setup.sh test
	cargo bench --features ssr --bench load

fuzz: ## Fuzz the reader of OTLP for SECONDS=600 per target; TARGETS="decode derive spans"
	SECONDS_EACH=$(or $(SECONDS),600) scripts/fuzz.sh $(TARGETS)

screenshots: build ## Make docs/screenshot.png from demo data
	scripts/setup.sh test
	playwright test --config end2end/screenshots.config.ts readme

gallery: build ## Make end2end/gallery: every state of the pages in both themes and three sizes
	scripts/setup.sh test
	playwright test --config end2end/screenshots.config.ts gallery

clean: ## Remove what was built, not what was installed
	cargo clean
	rm -rf target fuzz/target end2end/test-results end2end/playwright-report
