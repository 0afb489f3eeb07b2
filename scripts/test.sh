#!/usr/bin/env bash
# make test: the whole suite, on PostgreSQL 18 and 15. One verdict, one count.
. "$(dirname "$0")/setup.sh"

setup_compilers
setup_pg18
versions=(18)
skipped=0
if setup_pg15; then
	versions+=(15)
else
	say "no PostgreSQL 15: its tests are skipped"
	skipped=1
fi
setup_cargo_pgrx
setup_psycopg

log=$build/test.log
passed=0
failed=0

# count NUMBERS LINES: the sum of the numbers, and the number of lines, in the log.
count() {
	awk -v numbers="$1" -v lines="$2" '
		match($0, numbers) { n += substr($0, RSTART) }
		$0 ~ lines { n++ }
		END { print n + 0 }' "$log"
}

# run TITLE COMMAND...: shows the output and counts what passed and failed.
run() {
	say "$1"
	shift
	local status=0 ok bad
	"$@" 2>&1 | tee "$log" || status=1
	# cargo's "5 passed; 0 failed;", pg_regress' "ok 1 - types" (18) and "test types ... ok" (15).
	ok=$(count '[0-9]+ passed;' '^(ok [0-9]+ |test [a-z_]+ +\.\.\. ok +[0-9]+ ms)')
	bad=$(count '[0-9]+ failed;' '^(not ok [0-9]+ |test [a-z_]+ +\.\.\. FAILED +[0-9]+ ms)')
	# A command that broke off without a count has failed once.
	[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	passed=$((passed + ok))
	failed=$((failed + bad))
}

run "unit, property and golden tests" \
	cargo test --lib --test golden --test boundary --test formats --test damage --test memory --quiet

# make fuzz takes half an hour; that it can be built is seen in one minute.
check_fuzzer() {
	(cd fuzz && CARGO_TARGET_DIR=$build/fuzz/target cargo check --quiet) && printf '1 passed; 0 failed;\n'
}
run "the fuzzer compiles" check_fuzzer

for version in "${versions[@]}"; do
	bin=pg$version
	bin=${!bin}
	cluster=$servers/test$version
	install_extension "$bin"
	install_alias "$bin"
	drop_cluster "$bin" "$cluster"
	# Gone at the end, whatever the end is.
	trap 'drop_cluster "$bin" "$cluster"' EXIT
	start_cluster "$bin" "$cluster" "-c max_connections=50 -c shared_buffers=256MB"

	regress=$build/pg_regress$version
	mkdir -p "$regress"
	run "SQL tests (pg_regress) on PostgreSQL $version" \
		"$("$bin/pg_config" --pkglibdir)/pgxs/src/test/regress/pg_regress" \
		--host "$socket" --user postgres --dbname imgsmlr_rs_regress --bindir "$bin" \
		--inputdir tests/pg_regress --outputdir "$regress" --load-extension imgsmlr_rs \
		types functions gist
	[ ! -s "$regress/regression.diffs" ] || cat "$regress/regression.diffs"

	run "server tests on PostgreSQL $version" \
		env IMGSMLR_RS_SERVER="host=$socket user=postgres" IMGSMLR_RS_PYTHON="$python" \
		IMGSMLR_RS_PSQL="$bin/psql" \
		cargo test --features server_tests --test server

	drop_cluster "$bin" "$cluster"
	trap - EXIT
done

for version in "${versions[@]}"; do
	bin=pg$version
	# What version 15 wrote, 18 is to take over.
	older=
	[ "$version ${versions[*]}" != "18 18 15" ] || older=$pg15
	run "what survives, on PostgreSQL $version" \
		env IMGSMLR_RS_BIN="${!bin}" ${older:+IMGSMLR_RS_OLDER_BIN="$older"} \
		cargo test --features server_tests --test durability
done

if [ "${versions[*]}" = "18 15" ]; then
	run "the .deb for PostgreSQL 15" scripts/test-package.sh
fi

if setup_chromium; then
	run "the gallery in headless Chromium" scripts/test-gallery.sh
else
	say "no Chromium: the gallery's test is skipped"
	skipped=$((skipped + 1))
fi

printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
