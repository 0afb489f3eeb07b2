#!/usr/bin/env bash
# PostgreSQL 19, for make versions and make test-all. It asks for a newer Rust than most machines have yet: both are
# Debian sid's, in a root of it under build/, made once. There the extension is built and installed, and all that needs
# a server is run. A status of 77 says that there can be no such root here. "inside" is what runs in there.
. "$(dirname "$0")/setup.sh"
. scripts/tests.sh
. scripts/root.sh

root=$servers/root19
home=/srv/imgsmlr_rs
packages=(cargo e2fsprogs gcc libc6-dev libclang-dev postgresql-19 postgresql-server-dev-19 procps python3 python3-psycopg
	python3-psycopg2 rustc rustfmt)

# 0 when the root is there, with what is needed in it.
setup_root() {
	local mirror
	make_root sid "$root" || return 1
	[ "$(cat "$root/.packages" 2>/dev/null)" != "${packages[*]}" ] || return 0
	say "installing Rust and PostgreSQL 19 there"
	open_root "$root"
	# PostgreSQL 19 alone is taken from experimental, as long as sid has no newer one.
	mirror=$(awk '$1 == "deb" { print $2; exit }' "$root/etc/apt/sources.list")
	printf "deb $mirror %s main\n" sid experimental >"$root/etc/apt/sources.list"
	printf '%s\n' 'Package: src:postgresql-19' 'Pin: release a=experimental' 'Pin-Priority: 500' \
		>"$root/etc/apt/preferences.d/postgresql-19"
	# A mirror may be weeks behind.
	echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/90mirror"
	mkdir -p "$root/etc/postgresql-common"
	echo 'create_main_cluster = false' >"$root/etc/postgresql-common/createcluster.conf"
	install_in_root "$root" "$build/root19.log" --no-install-recommends "${packages[@]}" || return 1
	echo "${packages[*]}" >"$root/.packages"
}

# The embedded PostgreSQL 18 with the extension, to come from: as built last, if nothing has changed since.
setup_older() {
	local installed
	setup_pg18
	installed=$("$pg18/pg_config" --pkglibdir)/imgsmlr_rs.so
	if [ ! -f "$installed" ] || [ -n "$(find Cargo.lock Cargo.toml hnsw sql src -newer "$installed" -print -quit)" ]; then
		setup_compilers
		install_extension "$pg18/pg_config" quick
	fi
}

# A copy of this project in the root, with the crates it is made of, and that PostgreSQL 18. What was built there is not
# built again, as long as it is the same.
copy_project() {
	mkdir -p "$root$home" "$root/root/.cargo"
	if ! cmp -s Cargo.lock "$root/srv/Cargo.lock"; then
		cargo vendor --locked --quiet --versioned-dirs "$root/srv/vendor"
		printf '%s\n' '[source.crates-io]' 'replace-with = "vendored"' '[source.vendored]' 'directory = "/srv/vendor"' \
			>"$root/root/.cargo/config.toml"
		cp Cargo.lock "$root/srv/"
	fi
	find "$root$home" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
	tar -c --exclude=./.git --exclude=./build --exclude=./target --exclude=./fuzz/target . | tar -x -C "$root$home"
	mkdir "$root$home/build"
	cp -a "$servers/pg18" "$root$home/build/"
}

inside() {
	pg19=/usr/lib/postgresql/19/bin
	python=/usr/bin/python3
	# Tests and the library in one build, so that nothing is compiled twice, and optimised as little as tests are elsewhere.
	export CARGO_PROFILE_QUICK_OPT_LEVEL=1 PGRX_PG_CONFIG_PATH=$pg19/pg_config
	build_extension() { library=$CARGO_TARGET_DIR/quick/deps/libimgsmlr_rs.so; }
	cargo_test=(cargo test --no-fail-fast --profile quick --no-default-features --features "pg19 server_tests")
	rustc --version
	timed "building the tests" "${cargo_test[@]}" --quiet --no-run --test server --test durability
	test_server 19
	run "what survives, on PostgreSQL 19, and what 18 wrote" \
		env IMGSMLR_RS_BIN="$pg19" IMGSMLR_RS_OLDER_BIN="$pg18" "${cargo_test[@]}" --test durability
	verdict
}

case ${1:-} in
inside) inside ;;
*)
	can_make_roots || exit 77
	mounts_apart "$0" || exit 77
	setup_root || { say "no Debian sid with PostgreSQL 19 to be had"; exit 77; }
	setup_older
	copy_project
	open_root "$root"
	in_root "$root" root env CARGO_TARGET_DIR=/srv/target "$home/scripts/version-19.sh" inside
	;;
esac
