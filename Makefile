SHELL := /bin/sh
.DEFAULT_GOAL := help
# `test` counts on its parts running one after the other.
.NOTPARALLEL:
.PHONY: help run build release test fmt lint boundaries licences python unit stories faults faults-tools soak contract contract-tools bench bench-smoke bench-tools openapi schema errors clean-run

CARGO_DENY_VERSION := 0.20.2
DIESEL_CLI_VERSION := 2.3.14

# Unoptimised, the tools install three times as fast and are still quick enough. Without a target folder of the
# caller's, cargo builds in a temporary one.
INSTALL_TOOL := unset CARGO_TARGET_DIR; CARGO_PROFILE_DEV_DEBUG=false cargo install --debug --locked --root .tools

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' Makefile

run: ## Builds and starts the server in development mode, with its data in ./var
	ESPACE_PRO_MODE="$${ESPACE_PRO_MODE:-development}" cargo run --locked --bin espace-pro -- serve

build: ## Builds everything for development
	cargo build --workspace --locked

release: ## Builds the optimised espace-pro
	cargo build --release --locked --bin espace-pro

test: fmt lint boundaries licences unit stories faults bench-smoke contract ## Checks and tests everything; stops at the first failure

fmt: ## Checks the formatting
	cargo fmt --all --check

lint: ## Runs clippy, where a warning is an error
	cargo clippy --workspace --all-targets --locked -- -D warnings

boundaries: ## Checks that no crate depends on what its layer must not know
	scripts/boundaries

licences: ## Checks the dependencies' licences, origins and who may use them
	@.tools/bin/cargo-deny --version 2>/dev/null | grep -qx 'cargo-deny $(CARGO_DENY_VERSION)' \
		|| { $(INSTALL_TOOL) cargo-deny --version $(CARGO_DENY_VERSION); }
	.tools/bin/cargo-deny --locked check licenses bans sources

python: ## Installs the mail server that the stories talk to, into .tools/python
	@scripts/python python tests/requirements.txt

unit: ## Tests domain, persistence and api
	scripts/with-postgres cargo test --workspace --exclude tests --locked

# Which stories `faults` runs; `stories` runs all others. Some start the real espace-pro, so it is built before they run.
FAULTS := faults:: on_two_servers::

stories: python build ## Tests the whole over HTTP, but for faults
	scripts/with-postgres cargo test -p tests --locked -- $(addprefix --skip ,$(FAULTS))

faults: python build faults-tools ## Kills servers and databases under load, and runs what two servers decide together
	tests/stories/faults/control
	scripts/with-postgres cargo test -p tests --locked -- --test-threads=1 $(FAULTS)

faults-tools: # strace shows what was written to disk before an answer
	@command -v strace >/dev/null || scripts/install strace \
		|| { echo "strace is not here. Install it (Debian, Ubuntu: apt-get install strace) and try again." >&2; exit 69; }

# Stories of races, which are told in rounds.
RACES := rosters:: invitations_at_once:: join_request_races:: recovery_races::

soak: python build ## Kills in ESPACE_PRO_TEST_ROUNDS rounds, 500 unless that is set, and tells races in as many, or in 100
	ESPACE_PRO_TEST_ROUNDS=$${ESPACE_PRO_TEST_ROUNDS:-100} scripts/with-postgres \
		cargo test -p tests --locked -- --test-threads=1 $(RACES) on_two_servers::
	ESPACE_PRO_TEST_ROUNDS=$${ESPACE_PRO_TEST_ROUNDS:-500} $(MAKE) faults FAULTS=faults::

# The three below write to the side first, so that a failure leaves the old file as it was.

openapi: ## Writes openapi.yaml anew from the code
	@new=$$(mktemp) && trap 'rm -f "$$new"' EXIT \
		&& cargo run --quiet --locked --bin espace-pro -- openapi > "$$new" \
		&& cp "$$new" openapi.yaml && echo "wrote openapi.yaml"

errors: ## Writes docs/errors.md anew from the code
	@new=$$(mktemp) && trap 'rm -f "$$new"' EXIT \
		&& cargo run --quiet --locked --bin espace-pro -- errors > "$$new" \
		&& cp "$$new" docs/errors.md && echo "wrote docs/errors.md"

schema: ## Writes persistence/src/schema.rs anew from the migrations
	@.tools/bin/diesel --version 2>/dev/null | grep -qx ' Version: $(DIESEL_CLI_VERSION)' \
		|| { $(INSTALL_TOOL) diesel_cli --version $(DIESEL_CLI_VERSION) --no-default-features --features sqlite-bundled; }
	@new=$$(mktemp -d) && trap 'rm -rf "$$new"' EXIT \
		&& .tools/bin/diesel migration run --database-url "$$new/schema.sqlite" --migration-dir migrations \
		&& .tools/bin/diesel print-schema --database-url "$$new/schema.sqlite" > "$$new/schema.rs" \
		&& rustfmt --config-path . "$$new/schema.rs" \
		&& cp "$$new/schema.rs" persistence/src/schema.rs && echo "wrote persistence/src/schema.rs"

contract: build contract-tools ## Judges openapi.yaml and a running server by public tools; reports in target/contract
	tests/contract/lint
	scripts/with-postgres .tools/contract/bin/python tests/contract/judge.py

contract-tools: ## Installs those tools
	@scripts/python contract tests/contract/requirements.txt
	@scripts/node

# The durable cluster and the server share a core, the client has the other one.
bench: bench-tools ## Measures the server against a bare one (docs/performance.md), in half an hour; report in target/bench
	cargo build --release --locked --bin espace-pro --bin bench
	ESPACE_PRO_TEST_POSTGRES_KEPT=target/bench/postgres scripts/with-postgres target/release/bench seed
	ESPACE_PRO_TEST_POSTGRES_KEPT=target/bench/postgres taskset --cpu-list 0 \
		scripts/with-postgres target/release/bench run --cores 0,1
	target/release/bench report > target/bench/report.md && cat target/bench/report.md

bench-smoke: build bench-tools ## Sees that it can be measured, in a minute, and that all is answered well; says nothing of speed
	scripts/with-postgres target/debug/bench run --folder target/bench/smoke --product target/debug/espace-pro \
		--spaces 100 --rounds 1 --seconds 1 --warm-up 0 --connections 4 --crowd 20

bench-tools: ## Sees that wrk is here, which sends the load
	@command -v wrk >/dev/null || scripts/install wrk || { echo "wrk is not here. Install it and try again." >&2; exit 69; }

clean-run: ## Deletes ./var, where `make run` keeps its data
	@if [ -d var ]; then echo "deleting ./var:" && ls -A var && rm -rf var; else echo "there is no ./var"; fi
