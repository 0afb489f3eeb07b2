#!/usr/bin/env bash
# The second half of make test-all, after make test: the other versions of PostgreSQL, what is not
# built in by default, packages, the documents' commands, pages, and a bare machine. VERSIONS="14 19" for some of the
# other versions.
. "$(dirname "$0")/setup.sh"
. scripts/tests.sh
. scripts/root.sh

versions=${VERSIONS:-$majors}

setup_compilers
setup_pg18
setup_psycopg || fail "no Python with psycopg"

# In roots of their own, where they build all of it once more: compilers and linkers leave a core idle for a
# good part of the time.
if can_make_roots; then
	meanwhile bare env SUITES=bookworm USERS=root STEPS=demo scripts/test-bare.sh
	[[ " $versions " != *" 19 "* ]] || meanwhile 19 scripts/version-19.sh
fi

for major in $versions; do
	case $major in
	# make test has had them, and 19 is beside.
	18 | 19) ;;
	15) [ "$(debian_server)" = 15 ] || test_server 15 ;;
	*) test_server "$major" ;;
	esac
done

if [ -n "$(debian_server)" ]; then
	run "packages" scripts/test-package.sh
else
	skip "this is no Debian that has a PostgreSQL: packages are not tested"
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

setup_pgxn_meta
run "META.json by PGXN's own validator" scripts/test-meta.sh

# What is not built in by default.
test_jxl() {
	local jxl=(cargo test --quiet --features "server_tests jxl")
	"${jxl[@]}" --lib jxl && "${jxl[@]}" --test cases --test damage --test formats &&
		"${jxl[@]}" --test memory large
}
run "JPEG XL" test_jxl

# make fuzz takes half an hour; that it can be built is seen in one minute.
check_fuzzer() {
	(cd fuzz && CARGO_TARGET_DIR=$build/fuzz/target cargo check --quiet) && printf '1 passed; 0 failed;\n'
}
run "the fuzzer compiles" check_fuzzer

if [ ${#beside[@]} -gt 0 ]; then
	ended bare "make demo in a bare Debian 12"
	[ -z "${beside[19]:-}" ] || ended 19 "PostgreSQL 19, in a root of Debian sid"
else
	skip "no roots of other Debians can be made here: PostgreSQL 19, and make demo in a bare one, are not tried"
fi

verdict
