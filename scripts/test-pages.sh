#!/usr/bin/env bash
# The test of the pages in headless Chromium: the gallery, of the demo's pictures and of files
# with odd names and formats, and the search by a dropped picture. With a FILE, a screenshot of
# the gallery goes there.
. "$(dirname "$0")/setup.sh"

setup_chromium || exit 1
setup_pg18
if [ ! -f "$("$pg18/pg_config" --sharedir)/extension/imgsmlr_rs.control" ]; then
	setup_compilers
	install_extension "$pg18/pg_config"
fi
setup_photographs
setup_psycopg || fail "no Python with psycopg"

cluster=$servers/test-pages
drop_cluster "$pg18" "$cluster"
trap 'drop_cluster "$pg18" "$cluster"' EXIT
start_cluster "$pg18" "$cluster"

# load DATABASE PICTURES [OPTION...]: as the demo does. The options are psql's.
load() {
	"$pg18/createdb" --host "$socket" --username postgres "$1"
	"$pg18/psql" --host "$socket" --username postgres --no-psqlrc --quiet \
		--set ON_ERROR_STOP=1 --set pictures="$2" "${@:3}" --file scripts/demo.sql "$1" >"$build/gallery.log" 2>&1 ||
		fail "scripts/demo.sql failed: see $build/gallery.log"
}
copy_pictures "$photographs" "$cluster/pictures"
copies=$cluster/copies
make_copies "$photographs" "$copies"
load photographs "$cluster/pictures" --set copies="$copies"

odd=$cluster/odd
copy_pictures tests/fixtures/formats "$odd"
copy_pictures tests/fixtures/images "$odd"
fixture=tests/fixtures/images/baseline_420.jpg
for name in '"><img src=x onerror=alert(1)>.jpg' "<script>alert('&amp;')<.jpg" '&lt;b&gt;.jpg' \
	" $(printf 'w%.0s' {1..200}).jpg" 'two  blanks.jpg' $'\xe2\x80\xaegpj.exe'; do
	cp "$fixture" "$odd/$name"
done
chmod -R a+rX "$odd"
load odd "$odd"

timeout 300 tests/gallery.py "$pg18/psql" "$socket" "$@"
timeout 300 "$python" -B tests/search.py examples/search/search.py \
	"host=$socket user=postgres dbname=photographs" "$copies"
