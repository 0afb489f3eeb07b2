# How tests are run and counted. Sourced, after setup.sh, by test.sh, check.sh, versions.sh and soak.sh.

# The tests of tests/ that need no server.
without_server=(boundary cases damage documents formats golden memory release)

log=$build/test.log
passed=0
failed=0
skipped=0

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
	# cargo's "5 passed; 0 failed;", pg_regress' "ok 1 - types" (from 16) and "test types ... ok" (to 15).
	ok=$(count '[0-9]+ passed;' '^(ok [0-9]+ |test [a-z_]+ +\.\.\. ok +[0-9]+ ms)')
	bad=$(count '[0-9]+ failed;' '^(not ok [0-9]+ |test [a-z_]+ +\.\.\. FAILED +[0-9]+ ms)')
	# A command that broke off without a count has failed once.
	[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	passed=$((passed + ok))
	failed=$((failed + bad))
}

# skip WHY
skip() {
	say "$1"
	skipped=$((skipped + 1))
}

# test_sql MAJOR: pg_regress' tests on the server at socket.
test_sql() {
	local bin=pg$1 regress=$build/pg_regress$1
	bin=${!bin}
	mkdir -p "$regress"
	run "SQL tests (pg_regress) on PostgreSQL $1" \
		"$("$bin/pg_config" --pkglibdir)/pgxs/src/test/regress/pg_regress" \
		--host "$socket" --user postgres --dbname imgsmlr_rs_regress --bindir "$bin" \
		--inputdir tests/pg_regress --outputdir "$regress" --load-extension imgsmlr_rs \
		types functions gist
	[ ! -s "$regress/regression.diffs" ] || cat "$regress/regression.diffs"
}

# test_rust MAJOR [ARGUMENT...]: the server tests on the server at socket; the arguments are theirs.
test_rust() {
	local bin=pg$1
	run "server tests on PostgreSQL $1" \
		env IMGSMLR_RS_SERVER="host=$socket user=postgres" IMGSMLR_RS_PYTHON="$python" \
		IMGSMLR_RS_PSQL="${!bin}/psql" \
		cargo test --features server_tests --test server -- "${@:2}"
}

# test_server MAJOR: builds for that PostgreSQL, installs, and runs all that needs a server.
test_server() {
	local major=$1
	if ! setup_server "$major"; then
		skip "no PostgreSQL $major to be had here: its tests are skipped"
		return
	fi
	bin=pg$major
	bin=${!bin}
	install_extension "$bin/pg_config"
	install_alias "$bin/pg_config"
	giving_back fresh_cluster "$bin" "test$major" "-c max_connections=50 -c shared_buffers=256MB"

	test_sql "$major"
	test_rust "$major"

	drop_cluster "$bin" "$cluster"
	trap - EXIT
}

# test_durability MAJORS [ARGUMENT...]: what survives, on each of these servers, where the
# extension is installed; the arguments are the tests' own.
test_durability() {
	local majors=$1 major bin older
	for major in $majors; do
		bin=pg$major
		older=
		# What 15 wrote, 18 is to take over.
		[[ $major != 18 || " $majors " != *" 15 "* ]] || older=$pg15
		run "what survives, on PostgreSQL $major" \
			env IMGSMLR_RS_BIN="${!bin}" ${older:+IMGSMLR_RS_OLDER_BIN="$older"} \
			cargo test --features server_tests --test durability -- "${@:2}"
	done
}

# The last line, and whether all is well.
verdict() {
	printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
