#!/usr/bin/env bash
# make test: whether it works here. The tests that need no server, then SQL and server tests and what
# survives, on PostgreSQL 18 and, where Debian has it, 15. The rest is scripts/test-all.sh's.
. "$(dirname "$0")/setup.sh"
. scripts/tests.sh

setup_compilers
setup_pg18
setup_psycopg

timed "building the tests" "${cargo_test[@]}" --quiet --no-run
test_without_server
test_server 18
if [ "$(debian_server)" = 15 ]; then
	test_server 15
	test_durability "18 15"
else
	test_durability 18
	skip "this is no Debian 12: PostgreSQL 15 is left to make test-all"
fi
verdict
echo "Not run: PostgreSQL 14, 16, 17 and 19, packages, the documents' commands, pages in a browser, bare machines. make test-all runs all."
