#!/usr/bin/env bash
# make install PG_CONFIG=…: builds for an existing server and installs into it.
# "alias" installs the extension imgsmlr instead, another name for dumps that ask for it.
. "$(dirname "$0")/setup.sh"

check_pg_config
[ "${1:-}" = alias ] || check_headers
for place in "$("$PG_CONFIG" --pkglibdir)" "$("$PG_CONFIG" --sharedir)/extension"; do
	[ -w "$place" ] || fail "no permission to write to $place: run this as root, or as its owner"
done

if [ "${1:-}" = alias ]; then
	install_alias "$PG_CONFIG"
	say "installed. In the database: CREATE EXTENSION imgsmlr_rs; and then CREATE EXTENSION imgsmlr;"
	exit 0
fi
setup_compilers
install_extension "$PG_CONFIG"
say "installed. In the database, as its owner: CREATE EXTENSION imgsmlr_rs;"
