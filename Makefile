# The whole vocabulary of chores. `make run`: try it. `make check`: what is quick.
# `make test`: everything. `make bench`: the figures; `make bench-quick`: in two minutes.
# `make torture`: kills, power cuts, faults and the simulation, as long as wanted. `make fuzz`:
# hostile bytes, a minute for each parser. Longer chores: `cargo xtask`.

DATA ?= $(CURDIR)/data
LISTEN ?= 127.0.0.1:9292
VENV := interop/.venv
NEEDS := gcc libssl-dev pkg-config
NEXTEST := $(shell cargo nextest --version >/dev/null 2>&1 && echo yes)
CARGO_TEST := cargo $(if $(NEXTEST),nextest run,test)

# The web console is built where its sources are newer than what was built of them.
CONSOLE := $(if $(wildcard console/package.json),console/dist/index.html)
CONSOLE_SOURCES := $(if $(CONSOLE),docs/openapi.json $(shell find console -type f \
	-not -path 'console/node_modules/*' -not -path 'console/dist/*' \
	-not -path 'console/src/api/generated.ts' -not -path 'console/test-results/*' \
	-not -path 'console/e2e/*' -not -path 'console/bench/*' -not -name playwright.config.ts))

.PHONY: run test check bench bench-quick bench-huge bench-console torture fuzz lint

# Builds and serves the demo world; its data is in ./data, remove that folder to begin anew.
run: $(CONSOLE)
	@sh interop/install.sh $(NEEDS) qemu-utils
	cargo build --release --bins
	@mkdir -p $(DATA)
	@echo "Lendglass will answer at http://$(LISTEN)/ (alice and bob can sign in; Ctrl-C stops)"
	./target/release/lendglassd serve --demo --data $(DATA) --listen $(LISTEN)

test: $(CONSOLE) lint $(VENV)/ready
	@sh interop/install.sh postgresql qemu-utils
	cargo build --workspace --bins
	$(CARGO_TEST) --workspace
	$(VENV)/bin/pytest interop
	cd console && npm run --silent lint && npm run --silent test
	@test -x /usr/bin/chromium || sh interop/install.sh chromium
	cd console && npm run --silent e2e

check: lint
	$(CARGO_TEST) --workspace --lib --bins

# Parts of the report may be named: `make bench PARTS="requests transfers"`. With ten million shares:
# `make bench-huge PARTS=requests`, which takes 10 GB of disk.
PARTS ?=
bench bench-quick bench-huge:
	@sh interop/install.sh $(NEEDS) postgresql nginx-light
	cargo build --release --package lendglass-server --bins --example bench
	./target/release/examples/bench $(patsubst bench-%,%,$(filter bench-%,$@)) $(PARTS)
	$(if $(BROWSER),$(MAKE) bench-console)

# What the console and a browser make of it; `make bench BROWSER=yes` runs it after the others.
bench-console: $(CONSOLE)
	@sh interop/install.sh $(NEEDS) sqlite3 curl
	@test -x /usr/bin/chromium || sh interop/install.sh chromium
	cargo build --release --bins
	cd console && npm run --silent bench

# So many kills on each database and power cuts on each file system; then histories of so many acts
# from so many seeds, from the first one on. What needs root or loop devices says so where it cannot.
KILLS ?= 200
CUTS ?= 20
SEEDS ?= 1000
ACTS ?= 80
FIRST ?= 1000
torture:
	@sh interop/install.sh postgresql e2fsprogs xfsprogs strace faketime
	LENDGLASS_KILLS=$(KILLS) LENDGLASS_CUTS=$(CUTS) cargo test --package lendglass-server \
		--test torture -- --include-ignored --nocapture --test-threads 1
	LENDGLASS_SEEDS=$(SEEDS) LENDGLASS_ACTS=$(ACTS) LENDGLASS_FIRST_SEED=$(FIRST) \
		$(CARGO_TEST) --package lendglass-server --test simulation

# Each target so many seconds, from what is in fuzz/seeds and what earlier runs have found (fuzz/corpus);
# the versions of the product's own lock file. A finding lies in fuzz/artifacts.
FUZZ_SECONDS ?= 60
TARGETS ?= $(notdir $(basename $(wildcard fuzz/fuzz_targets/*.rs)))
FUZZ := cargo fuzz run --sanitizer none
fuzz:
	@sh interop/install.sh $(NEEDS) g++
	@command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked
	@cp Cargo.lock fuzz/Cargo.lock
	cargo fuzz build --sanitizer none
	@for target in $(TARGETS); do \
		corpus=fuzz/corpus/$$target; log=fuzz/target/$$target.log; mkdir -p $$corpus; \
		$(FUZZ) $$target $$corpus $$(ls -d fuzz/seeds/$$target 2>/dev/null) -- \
			-max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=10 -rss_limit_mb=1024 \
			-dict=fuzz/words.dict -verbosity=0 -print_final_stats=1 >$$log 2>&1 || \
			{ tail -n 60 $$log; exit 1; }; \
		echo "$$target: $$(sed -n 's/^stat::number_of_executed_units: //p' $$log) runs"; \
		cargo fuzz cmin --sanitizer none $$target >$$log 2>&1 || { tail -n 60 $$log; exit 1; }; \
	done

lint:
	@sh interop/install.sh $(NEEDS)
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings

$(VENV)/ready: interop/requirements.txt
	@sh interop/install.sh python3-venv
	/usr/bin/python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --requirement interop/requirements.txt
	@touch $@

console/node_modules/.package-lock.json: console/package-lock.json console/package.json
	@command -v npm >/dev/null || sh interop/install.sh nodejs npm
	cd console && npm ci --ignore-scripts
	@touch $@

console/dist/index.html: console/node_modules/.package-lock.json $(CONSOLE_SOURCES)
	cd console && npm run build
	@touch $@ crates/server/build.rs
