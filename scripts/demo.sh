#!/usr/bin/env bash
# make demo: from an empty machine to photographs searched by similarity.
# IMAGES=/some/folder takes your own pictures. "stop" ends it.
. "$(dirname "$0")/setup.sh"
cluster=$servers/demo

if [ "${1:-}" = stop ]; then
	drop_cluster "$pg18" "$cluster"
	say "the demo's server is stopped and its data removed"
	exit 0
fi

setup_extension

photographs=${IMAGES:-}
[ -n "$photographs" ] || setup_photographs
[ -d "$photographs" ] || fail "IMAGES=$photographs is no folder"

say "starting a private PostgreSQL 18"
drop_cluster "$pg18" "$cluster"
start_cluster "$pg18" "$cluster"

say "copying pictures from $photographs"
pictures=$cluster/pictures
copy_pictures "$photographs" "$pictures"
count=$(find "$pictures" -type f | wc -l)
[ "$count" -gt 0 ] || fail "no pictures in $photographs"
echo "$count pictures"

say "running scripts/demo.sql"
"$pg18/psql" --host "$socket" --username postgres --no-psqlrc --quiet \
	--set ON_ERROR_STOP=1 --set pictures="$pictures" --file scripts/demo.sql postgres

scripts/gallery.sh

cat <<END

== done. To look around:
     $pg18/psql --host $socket --username postgres postgres
   To stop the server and remove its data:
     make demo-stop
END
