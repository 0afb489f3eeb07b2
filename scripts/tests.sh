# How tests are run and counted. Sourced, after setup.sh, by test.sh, check.sh, versions.sh and soak.sh.

# The tests of tests/ that need no server.
without_server=(boundary cases damage documents formats golden memory release)

log=$build/test.log
passed=0
failed=0
skipped=0
# What took how long, a line each.
took=()

# timed TITLE COMMAND...: notes how long it takes, for the table at the end. Its status is the command's.
timed() {
	local title=$1 since=$SECONDS status
	shift
	"$@"
	status=$?
	took+=("$(printf '%5s s  %s' $((SECONDS - since)) "$title")")
	return "$status"
}

# count NUMBERS LINES: the sum of the numbers, and the number of lines, in the log.
count() {
	awk -v numbers="$1" -v lines="$2" '
		match($0, numbers) { n += substr($0, RSTART) }
		$0 ~ lines { n++ }
		END { print n + 0 }' "$log"
}

# run TITLE COMMAND...: shows the output, and counts what passed and failed.
run() {
	say "$1"
	local status=0 ok bad
	timed "$1" logged "${@:2}" || status=1
	# cargo's "5 passed; 0 failed;", pg_regress' "ok 1 - types" (from 16) and "test types ... ok" (to 15).
	ok=$(count '[0-9]+ passed;' '^(ok [0-9]+ |test [a-z_]+ +\.\.\. ok +[0-9]+ ms)')
	bad=$(count '[0-9]+ failed;' '^(not ok [0-9]+ |test [a-z_]+ +\.\.\. FAILED +[0-9]+ ms)')
	# A command that broke off without a count has failed once.
	[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	passed=$((passed + ok))
	failed=$((failed + bad))
}

logged() { "$@" 2>&1 | tee "$log"; }

# What runs beside the rest: its process, by name.
declare -A beside=()

# meanwhile NAME COMMAND...: begins it beside what follows. What it prints is shown by `ended`.
meanwhile() {
	say "beginning beside the rest: $1"
	lasting "${@:2}" >"$build/beside-$1.log" 2>&1 </dev/null &
	beside[$1]=$!
}

lasting() {
	local since=$SECONDS status=0
	"$@" || status=$?
	printf '\n%s seconds\n' $((SECONDS - since))
	return "$status"
}

# ended NAME TITLE: waits for it, shows what it printed, and counts. A status of 77 is a skip: it says why.
ended() {
	local status=0 seconds
	wait "${beside[$1]}" || status=$?
	seconds=$(sed -nE '$s/ seconds$//p' "$build/beside-$1.log")
	if [ "$status" -eq 77 ]; then
		cat "$build/beside-$1.log"
		skip "$2: skipped"
	else
		run "$2" shown "$build/beside-$1.log" "$status"
		took[-1]=$(printf '%5s s  %s, beside the rest' "$seconds" "$2")
	fi
}

# shown FILE STATUS
shown() { cat "$1" && return "$2"; }

# skip WHY
skip() {
	say "$1"
	skipped=$((skipped + 1))
}

# All of tests/ in one build: with the feature that some of them ask for, whether or not a server is there.
cargo_test=(cargo test --no-fail-fast --features server_tests)

# test_without_server [ARGUMENT...]: the unit tests and those of tests/ that need no server.
test_without_server() {
	run "unit, property and golden tests" "${cargo_test[@]}" --quiet --lib "${without_server[@]/#/--test=}" -- "$@"
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

# alike MAJOR: tests left out on that PostgreSQL, as they take long and are alike on all: hostile files, whose
# decoders know of no server. The oldest and the newest have them.
alike() { case $1 in 15 | 16 | 17) echo "--skip hostile_files" ;; esac; }

# test_rust MAJOR [ARGUMENT...]: the server tests on the server at socket; the arguments are theirs.
test_rust() {
	local bin=pg$1
	run "server tests on PostgreSQL $1" \
		env IMGSMLR_RS_SERVER="host=$socket user=postgres" IMGSMLR_RS_PYTHON="$python" \
		IMGSMLR_RS_PSQL="${!bin}/psql" \
		"${cargo_test[@]}" --test server -- "${@:2}"
}

# test_server MAJOR: builds for that PostgreSQL, installs, and runs all that needs a server. The library
# is built as for `make demo`: the slow link of a release changes no answer, and test-package.sh tries one.
test_server() {
	local major=$1
	if [ "$major" = 19 ] && [ -z "${pg19:-}" ]; then
		meanwhile 19 scripts/version-19.sh
		ended 19 "PostgreSQL 19, in a root of Debian sid"
		return
	fi
	if ! setup_server "$major"; then
		skip "no PostgreSQL $major to be had here: its tests are skipped"
		return
	fi
	bin=pg$major
	bin=${!bin}
	timed "building for PostgreSQL $major" install_extension "$bin/pg_config" quick
	install_alias "$bin/pg_config"
	giving_back fresh_cluster "$bin" "test$major" "-c max_connections=50 -c shared_buffers=256MB"

	test_sql "$major"
	# shellcheck disable=SC2046
	test_rust "$major" $(alike "$major")

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
			"${cargo_test[@]}" --test durability -- "${@:2}"
	done
}

# How long each part took, the last line, and whether all is well.
verdict() {
	say "times"
	printf '%s\n' "${took[@]}"
	printf '%5s s  in all\n' "$SECONDS"
	printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
