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

setup_compilers
setup_pg18
setup_cargo_pgrx
install_extension "$pg18"

photographs=${IMAGES:-}
if [ -z "$photographs" ]; then
	setup_skimage
	photographs=$build/skimage/skimage/data
fi
[ -d "$photographs" ] || fail "IMAGES=$photographs is no folder"

say "starting a private PostgreSQL 18"
drop_cluster "$pg18" "$cluster"
start_cluster "$pg18" "$cluster"

# pg_read_binary_file() reads as the server's user: give it copies it can read.
say "copying pictures from $photographs"
pictures=$cluster/pictures
mkdir -p "$pictures"
find "$photographs" -maxdepth 1 -type f -regextype posix-extended \
	-iregex '.*\.(jpe?g|png|gif|webp|bmp|tiff?|p[bgpna]m|qoi|ff)' \
	-exec cp {} "$pictures/" \;
chmod -R a+rX "$cluster/pictures" "$cluster"
count=$(find "$pictures" -type f | wc -l)
[ "$count" -gt 0 ] || fail "no pictures in $photographs"
echo "$count pictures"

say "running scripts/demo.sql"
"$pg18/psql" --host "$socket" --username postgres --no-psqlrc --quiet \
	--set ON_ERROR_STOP=1 --set pictures="$pictures" --file scripts/demo.sql postgres

cat <<END

== done. To look around:
     $pg18/psql --host $socket --username postgres postgres
   To stop the server and remove its data:
     make demo-stop
END
