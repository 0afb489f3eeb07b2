#!/usr/bin/env bash
# Runs the commands of the README and the documents that take little time, as
# tests/documents/commands.tsv lists them, on servers of this project's own.
. "$(dirname "$0")/setup.sh"

[ ! -f "$servers/demo/socket" ] || fail "the demo is running, and this would end it: make demo-stop"
setup_pg18
log=$build/commands.log
trap 'scripts/demo.sh stop' EXIT

# page COMMAND: a page that stays until it is stopped, looked at once.
page() {
	local server address
	setsid bash -c "$1 PORT=0" >"$log" 2>&1 &
	server=$!
	for _ in {1..120}; do
		address=$(grep -oE 'http://[0-9.:]+/' "$log") && break
		sleep 0.5
	done
	[ -n "$address" ] && python3 -c 'import sys, urllib.request as r; r.urlopen(sys.argv[1])' "$address"
	local status=$?
	kill -- -"$server"
	wait "$server" || true
	return $status
}

passed=0
while IFS=$'\t' read -r who command <&3; do
	[ "$who" = here ] || continue
	command=${command//\/usr\/lib\/postgresql\/15\/bin/$pg18}
	command=${command//\/some\/folder/tests/fixtures/images}
	say "$command"
	rm -f "$build/gallery.html"
	if [ "$command" = "make search" ]; then
		page "$command" || { tail "$log"; fail "there is no page"; }
	else
		PATH=$pg18:$PATH timeout 900 bash -c "$command" >"$log" 2>&1 || { tail "$log"; fail "it failed: $command"; }
	fi
	case $command in
	"make demo")
		# Nine in ten of the changed copies, at least.
		awk '/changed copies: the original is found first/ { ok = $3 > 0 && $1 >= 0.9 * $3 } END { exit !ok }' "$log" ||
			fail "the demo does not find its copies"
		;;&
	"make demo" | "make demo IMAGES"*)
		grep -q 'Index Scan using img_vec_fp' "$log" && [ -s "$build/gallery.html" ] || fail "the demo shows nothing"
		;;
	"make gallery") [ -s "$build/gallery.html" ] || fail "there is no gallery" ;;
	rm*) [ ! -e "$("$pg18/pg_config" --pkglibdir)/imgsmlr_rs.so" ] || fail "the library is still there" ;;
	"make demo-stop") [ ! -e "$servers/demo" ] || fail "the demo is still there" ;;
	esac
	passed=$((passed + 1))
done 3<tests/documents/commands.tsv
[ "$passed" -gt 0 ] || fail "no command was run"
echo "$passed passed; 0 failed;"
