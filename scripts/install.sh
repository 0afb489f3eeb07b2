#!/usr/bin/env bash
# make install PG_CONFIG=…: builds for an existing server and copies into it: as root, as the owner of its
# directories, or as a plain user, who is asked for root's password for the copying alone where sudo is there.
# "alias" installs the extension imgsmlr instead, another name for dumps that ask for it.
. "$(dirname "$0")/setup.sh"

check_pg_config
check_server

# By `sudo make install` root has neither the caller's Rust nor any right to leave files in the caller's build/.
if [ "${1:-}" = "" ] && [ "$(id -u)" -eq 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ] &&
	runuser -u "$SUDO_USER" -- test -w "$project"; then
	home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
	chown "$SUDO_USER" "$build"
	runuser -u "$SUDO_USER" -- env HOME="$home" PATH="$home/.cargo/bin:$PATH" FORMATS="${FORMATS:-}" \
		PG_CONFIG="$PG_CONFIG" scripts/install.sh build
	stage=$build/stage-pg$(major_version "$PG_CONFIG")
	eval "$(copy_commands "$PG_CONFIG")"
	say "installed. In the database, as its owner: CREATE EXTENSION imgsmlr_rs;"
	exit 0
fi

if [ "${1:-}" = alias ]; then
	check_alias "$PG_CONFIG"
	commands=$(alias_commands "$PG_CONFIG")
	use="CREATE EXTENSION imgsmlr_rs; and then CREATE EXTENSION imgsmlr;"
else
	check_headers
	setup_compilers
	stage_extension "$PG_CONFIG"
	[ "${1:-}" != build ] || exit 0
	commands=$(copy_commands "$PG_CONFIG")
	use="CREATE EXTENSION imgsmlr_rs;"
fi

if [ -w "$("$PG_CONFIG" --pkglibdir)" ] && [ -w "$("$PG_CONFIG" --sharedir)/extension" ]; then
	eval "$commands"
elif sudo -V >/dev/null 2>&1; then
	say "copying into the server's directories, which are not yours: by sudo"
	sudo sh -e -c "$commands" || fail "not installed. As root: $(printf '\n%s' "$commands")"
else
	fail "built, and not installed: the server's directories are not yours. As root: $(printf '\n%s' "$commands")"
fi
say "installed. In the database, as its owner: $use"
