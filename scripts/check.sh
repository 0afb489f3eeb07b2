#!/usr/bin/env bash
# make check: the inner loop. Format, lints, the tests that need no server, and SQL and server
# tests on PostgreSQL 18, but for those that take longest. TEST=word runs all the tests with that
# word in their names, and no others.
. "$(dirname "$0")/setup.sh"
. scripts/tests.sh

setup_compilers
setup_pg18
setup_psycopg
test=${TEST:-}

if [ -z "$test" ]; then
	{ cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1 ||
		fail "missing: rustfmt and clippy. By rustup: rustup component add rustfmt clippy"
	check_format() { cargo fmt --check && printf '1 passed; 0 failed;\n'; }
	run "format" check_format
	check_lints() {
		cargo clippy --quiet --all-targets --features server_tests -- -D warnings && printf '1 passed; 0 failed;\n'
	}
	run "lints" check_lints
fi

# shellcheck disable=SC2086
test_without_server $test

# Optimised, and in parts of which those unchanged are kept.
CARGO_INCREMENTAL=1 install_extension "$pg18/pg_config" quick
install_alias "$pg18/pg_config"
giving_back fresh_cluster "$pg18" check "-c max_connections=50 -c shared_buffers=256MB"
if [ -n "$test" ]; then
	test_rust 18 "$test"
else
	test_sql 18
	slow=(hostile_files several_servers knn::uniform_data knn::many_duplicates knn::extreme_data knn::clustered_data
		kdtree::many_duplicates)
	test_rust 18 "${slow[@]/#/--skip=}"
fi

printf '\n%s seconds' "$SECONDS"
verdict
