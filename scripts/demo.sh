#!/usr/bin/env bash
# make demo: from an empty machine to photographs searched by similarity, and changed copies of
# them found again. IMAGES=/some/folder takes your own pictures, and shows which look like copies. "stop" ends it.
. "$(dirname "$0")/setup.sh"
cluster=$servers/demo

if [ "${1:-}" = stop ]; then
	drop_cluster "$pg18" "$cluster"
	say "the demo's server is stopped and its data removed"
	exit 0
fi

# took TITLE: notes how long it is since the last one.
since=$SECONDS
times=()
took() {
	times+=("$(printf '%4s s  %s' $((SECONDS - since)) "$1")")
	since=$SECONDS
}

setup_compilers
took "compilers"
setup_pg18
took "download: PostgreSQL 18"
say "downloading the crates that are missing"
cargo fetch --quiet --locked --target "$(rustc -vV | sed -n "s/^host: //p")" 2>"$build/cargo.log" ||
	fail "$(why_not_built "$build/cargo.log")"
took "download: crates"
# Without the last optimisation, which takes most of the time and makes a search no faster
# that a person waits for.
install_extension "$pg18/pg_config" quick
took "building the extension"

photographs=${IMAGES:-}
if [ -z "$photographs" ]; then
	setup_photographs
	setup_pillow || fail "Pillow can't be downloaded"
	took "download: photographs, and Pillow to change them with"
fi
[ -d "$photographs" ] || fail "IMAGES=$photographs is no folder"

say "starting a private PostgreSQL 18"
drop_cluster "$pg18" "$cluster"
start_cluster "$pg18" "$cluster"
took "a new server"

say "copying pictures from $photographs"
pictures=$cluster/pictures
copy_pictures "$photographs" "$pictures"
count=$(find "$pictures" -type f | wc -l)
[ "$count" -gt 0 ] || fail "no pictures in $photographs"
echo "$count pictures"
set --
if [ -z "${IMAGES:-}" ]; then
	copies=$cluster/copies
	say "changing a dozen of them: cropped, rotated, mirrored, marked, …"
	make_copies "$photographs" "$copies"
	set -- --set copies="$copies"
fi
took "copies of the pictures"

say "running scripts/demo.sql"
"$pg18/psql" --host "$socket" --username postgres --no-psqlrc --quiet \
	--set ON_ERROR_STOP=1 --set pictures="$pictures" "$@" --file scripts/demo.sql postgres
touch "$cluster/ready"
took "patterns, fingerprints and searches"

scripts/gallery.sh
took "the page"

say "times"
printf '%s\n' "${times[@]}"
printf '%4s s  in all\n' "$SECONDS"
cat <<END

== done. To look around:
     $pg18/psql --host $socket --username postgres postgres
   To stop the server and remove its data:
     make demo-stop
END
