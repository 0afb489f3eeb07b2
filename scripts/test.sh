#!/usr/bin/env bash
# make test: the whole suite, on every version of PostgreSQL. One verdict, one count.
. "$(dirname "$0")/setup.sh"
. scripts/tests.sh

setup_compilers
setup_pg18
setup_psycopg
setup_pgxn_meta

run "unit, property and golden tests" cargo test --quiet --lib "${without_server[@]/#/--test=}"
# What is not built in by default.
test_jxl() {
	cargo test --quiet --features jxl --lib jxl &&
		cargo test --quiet --features jxl --test cases --test damage --test formats &&
		cargo test --quiet --features jxl --test memory large
}
run "JPEG XL" test_jxl

# make fuzz takes half an hour; that it can be built is seen in one minute.
check_fuzzer() {
	(cd fuzz && CARGO_TARGET_DIR=$build/fuzz/target cargo check --quiet) && printf '1 passed; 0 failed;\n'
}
run "the fuzzer compiles" check_fuzzer

run "META.json by PGXN's own validator" scripts/test-meta.sh

for major in $majors; do
	test_server "$major"
done

if setup_pg15; then
	test_durability "18 15"
	run "the .deb for PostgreSQL 15" scripts/test-package.sh
else
	test_durability 18
	skip "no PostgreSQL 15: what survives there, and the package, are not tested"
fi

run "the schema by cargo-pgrx" scripts/test-cargo-pgrx.sh

if [ -f "$servers/demo/socket" ]; then
	skip "the demo is running and left alone: the test of the documents' commands is skipped"
else
	run "the documents' commands" scripts/test-commands.sh
fi

if setup_chromium; then
	run "the pages in headless Chromium" scripts/test-pages.sh
else
	skip "no Chromium: the test of the pages is skipped"
fi

verdict
