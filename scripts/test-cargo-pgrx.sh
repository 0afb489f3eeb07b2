#!/usr/bin/env bash
# That cargo-pgrx works here for those who have it: the schema it makes is the script that
# copy_sql puts together. Comments aside, which each of the two has of its own.
. "$(dirname "$0")/setup.sh"
pgrx_version=$(sed -nE 's/^pgrx = .*"=([0-9.]+)".*/\1/p' Cargo.toml)

setup_compilers
setup_pg18
if [[ $(cargo pgrx --version 2>/dev/null) != *" $pgrx_version" ]]; then
	# Unoptimised: it runs once, and is built in half the time.
	say "installing cargo-pgrx $pgrx_version (minutes)"
	install_tool cargo-pgrx "$pgrx_version" --root "$build/tools" --debug
fi
export PGRX_HOME=$build/pgrx
mkdir -p "$PGRX_HOME"
printf '[configs]\npg18 = "%s"\n' "$PGRX_PG_CONFIG_PATH" >"$PGRX_HOME/config.toml"

# statements FILE: without comments, blank lines, and blanks at the ends of lines.
statements() {
	perl -0pe 's{/\*.*?\*/}{}gs; s{^\s*--[^\n]*$}{}gm; s{^\\echo .*$}{}gm; s{[ \t]+$}{}gm; s{\n+}{\n}g; s{^\n}{}' "$1"
}

work=$build/cargo-pgrx
rm -rf "$work" && mkdir -p "$work/ours"
copy_sql "$work/ours"
cargo pgrx schema pg18 --out "$work/theirs.sql" >"$work/log" 2>&1 || { tail "$work/log"; fail "cargo pgrx schema failed"; }
statements "$work/ours/imgsmlr_rs--$extension_version.sql" >"$work/ours.txt"
statements "$work/theirs.sql" >"$work/theirs.txt"
[ -s "$work/ours.txt" ] || fail "our script is empty"
diff -u "$work/ours.txt" "$work/theirs.txt" || fail "cargo pgrx makes another schema"
echo "1 passed; 0 failed;"
