#!/usr/bin/env bash
# Has PGXN's own validator read META.json, and refuse it once it is broken.
. "$(dirname "$0")/setup.sh"

setup_pgxn_meta
pgxn_meta META.json
broken=$(mktemp -d "$build/meta.XXXXXX")
trap 'rm -r "$broken"' EXIT
for field in name version abstract maintainer license provides; do
	python3 -c 'import json, sys; meta = json.load(open("META.json")); del meta[sys.argv[1]]; print(json.dumps(meta))' \
		"$field" >"$broken/META.json"
	! pgxn_meta "$broken/META.json" >"$broken/log" 2>&1 || fail "META.json without its $field is valid, too"
	grep -q "missing properties '$field'" "$broken/log" || fail "$field is not missed: $(cat "$broken/log")"
done
echo "1 passed; 0 failed;"
