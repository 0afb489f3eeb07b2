#!/usr/bin/env bash
# make install PG_CONFIG=…: builds for an existing server and installs into it.
# "alias" installs the extension imgsmlr instead, another name for dumps that ask for it.
. "$(dirname "$0")/setup.sh"

[ -n "${PG_CONFIG:-}" ] || fail "which server? For example: make install PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config"
[ -x "$PG_CONFIG" ] || fail "PG_CONFIG=$PG_CONFIG is no program"
[ -f "$("$PG_CONFIG" --includedir-server)/postgres.h" ] ||
	fail "no headers for $("$PG_CONFIG" --version): install postgresql-server-dev of that version"
for place in "$("$PG_CONFIG" --pkglibdir)" "$("$PG_CONFIG" --sharedir)/extension"; do
	[ -w "$place" ] || fail "no permission to write to $place: run this as root, or as its owner"
done

if [ "${1:-}" = alias ]; then
	install_alias "$(dirname "$PG_CONFIG")"
	say "installed. In the database: CREATE EXTENSION imgsmlr_rs; and then CREATE EXTENSION imgsmlr;"
	exit 0
fi
setup_compilers
setup_pg18
setup_cargo_pgrx
install_extension "$(dirname "$PG_CONFIG")"
say "installed. In the database, as its owner: CREATE EXTENSION imgsmlr_rs;"
