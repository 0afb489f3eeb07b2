#!/usr/bin/env bash
# make test-bare: the README's commands, word for word, in new minimal roots of Debian 12 and 13, with what the
# README asks for and nothing else, as root and as a plain user with an empty home. SUITES="bookworm",
# USERS="root" and STEPS="demo" for some of it. Needs root and debootstrap, and Rust here, which is lent to the roots.
. "$(dirname "$0")/setup.sh"
. scripts/root.sh

suites=${SUITES:-bookworm trixie}
users=${USERS:-root plain}
steps=${STEPS:-faults demo check install}
passed=0

can_make_roots || exit 1
mounts_apart "$0" || exit 1
rust=$(rustc --print sysroot)
[ -x "$rust/bin/cargo" ] && [ "$rust" != /usr ] || fail "no Rust that can be lent: its home is $rust"
# What the README asks for, in its own words.
asked=$(sed -nE 's/.*`apt-get install ([^`]*)`.*/\1/p' README.md | head -n 1)
[ -n "$asked" ] || fail "README.md does not say what is needed"
# The server that a Debian has.
declare -A server=([bookworm]=15 [trixie]=17)

# readme COMMAND: that the README has it, as a line of its own.
readme() {
	awk -v command="$1" '{ sub(/ +# .*/, "") } $0 == command { found = 1 } END { exit !found }' README.md CONTRIBUTING.md ||
		fail "neither README.md nor CONTRIBUTING.md says '$1'"
}

# inside COMMAND: in the root, in the project, as the user. What it prints goes into $output.
inside() {
	say "Debian $suite, $user: $1"
	in_root "$root" "$user" bash -o pipefail -c "cd imgsmlr_rs && $1" 2>&1 | tee "$output"
}

# says TEXT: that what was printed last has a line like this.
says() { grep -qE "$1" "$output" || fail "Debian $suite, $user: it does not say '$1'"; }

# new_root: one that nobody has worked in, with an unpacked copy of what is committed here.
new_root() {
	remove_root "$root"
	make_root "$suite" "$servers/bare/$suite" || fail "no Debian $suite to be had"
	close_root "$servers/bare/$suite"
	cp -a "$servers/bare/$suite" "$root"
	open_root "$root"
	home=/root
	if [ "$user" = plain ]; then
		home=/home/plain
		chroot "$root" useradd --create-home --shell /bin/bash plain
	fi
	mkdir "$root/usr/local/rust"
	mount --bind --options ro "$rust" "$root/usr/local/rust"
	ln -s ../rust/bin/{cargo,rustc,rustdoc,rustfmt,cargo-fmt,cargo-clippy,clippy-driver} "$root/usr/local/bin/"
	mkdir "$root$home/imgsmlr_rs"
	git archive HEAD | tar -x -C "$root$home/imgsmlr_rs"
	chroot "$root" chown -R "$user:" "$home/imgsmlr_rs"
}

# apt PACKAGE...: as root, as a person would before.
apt() {
	say "Debian $suite: apt-get install $*"
	install_in_root "$root" "$build/bare-apt.log" "$@" || fail "apt-get install $* failed"
}

passes() { passed=$((passed + 1)); }

setup='. scripts/setup.sh; setup_compilers; echo ready'

# What was missing on people's machines, one after another: the message, or the way without.
step_faults() {
	if [ "$user" = plain ]; then
		! inside "bash -c '$setup'" || fail "it sees no fault where all is missing"
		says 'missing: .*gcc.*Python 3.*as root: apt-get install gcc libc6-dev python3 python3-venv$' && passes
	fi
	apt "$asked"
	# Another package's library of nearly that name; and libclang without the headers that belong to it.
	local llvm
	llvm=$(chroot "$root" apt-cache depends libclang-dev | sed -nE 's/^ *Depends: libclang-([0-9]+)-dev$/\1/p')
	apt --no-install-recommends "libclang-cpp$llvm" "libclang1-$llvm"
	inside "bash -c '$setup'"
	says '^ready$' && passes
	# What people have: no HOME, settings of pip's, and another python3 that has no pip.
	rm -rf "$root$home/imgsmlr_rs/build"
	inside "mkdir /tmp/other && printf '#!/bin/sh\n[ \$2 != \"import ensurepip, venv\" ] && exec /usr/bin/python3 \"\$@\"\n' >/tmp/other/python3 &&
		chmod +x /tmp/other/python3 && env -u HOME PATH=/tmp/other:\$PATH PIP_REQUIRE_VIRTUALENV=1 PIP_USER=1 bash -c '$setup'"
	says '^ready$' && passes
	# An older Rust; and one without rustfmt, with which PostgreSQL's headers are read all the same: once, and not again
	# when you call cargo yourself.
	inside "mkdir /tmp/old /tmp/without && printf '#!/bin/sh\necho rustc 1.85.1\n' >/tmp/old/rustc && chmod +x /tmp/old/rustc &&
		ln -s /usr/local/rust/bin/cargo /usr/local/rust/bin/rustc /tmp/without/"
	! inside "PATH=/tmp/old:\$PATH bash -c '$setup'" || fail "it takes Rust 1.85.1"
	says 'missing: Rust 1.95 or newer; this is 1.85.1' && passes
	inside "export PATH=/tmp/without:/usr/bin:/bin
		bash -c '. scripts/setup.sh; setup_compilers; setup_pg18; cargo check --package pgrx-pg-sys' && echo read &&
		cargo check --package pgrx-pg-sys 2>&1 | tee /tmp/again && ! grep -qE 'Compiling|Checking' /tmp/again && echo 'not again'"
	says '^read$' && says '^not again$' && passes
}

step_demo() {
	readme "make demo"
	readme "make demo-stop"
	inside "make demo"
	says '^ *96 of 96 changed copies' && passes
	inside "make demo-stop" && passes
}

step_check() {
	readme "make check"
	inside "make check"
	says '^[0-9]+ passed, 0 failed' && passes
}

# Into that Debian's own server, and a first query. A plain user has what is to be copied by root printed.
step_install() {
	local major=${server[$suite]} config
	config=/usr/lib/postgresql/$major/bin/pg_config
	readme "make install PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config"
	apt --no-install-recommends "postgresql-server-dev-$major"
	! inside "make install PG_CONFIG=$config" || fail "it installs where there is no server"
	says "no server for .*apt-get install postgresql-$major\$" && passes
	apt --no-install-recommends "postgresql-$major"
	if [ "$user" = plain ]; then
		! inside "make install PG_CONFIG=$config" || fail "a plain user writes to $config's directories"
		says 'built, and not installed: .* As root:' && passes
		sed -n '/As root:/,/^make/p' "$output" | grep '^install ' >"$root/as-root"
		in_root "$root" root sh -e /as-root
		passes
		# The same by sudo, which has root's home and path: the user's Rust builds.
		in_root "$root" root sh -c "cd $home/imgsmlr_rs && rm $(in_root "$root" root "$config" --pkglibdir)/imgsmlr_rs.so &&
			SUDO_USER=plain make install PG_CONFIG=$config" 2>&1 | tee "$output"
		says '^== installed' && passes
	else
		inside "make install PG_CONFIG=$config"
		says '^== installed' && passes
	fi
	cat >"$root/ask" <<-END
		set -e
		cd /tmp
		/usr/lib/postgresql/$major/bin/initdb --pgdata /tmp/data --auth trust >/dev/null
		/usr/lib/postgresql/$major/bin/pg_ctl start --wait --silent --pgdata /tmp/data --log /tmp/log -o "-c listen_addresses= -k /tmp"
		psql -h /tmp -qAt -v ON_ERROR_STOP=1 postgres -c 'CREATE EXTENSION imgsmlr_rs' -c "SELECT 'distance ' || (f <-> f) FROM (SELECT repeat('00', 32)::fingerprint AS f) t"
		/usr/lib/postgresql/$major/bin/pg_ctl stop --wait --silent --pgdata /tmp/data
	END
	say "Debian $suite: a first query"
	in_root "$root" postgres sh /ask 2>&1 | tee "$output"
	says '^distance 0$' && passes
}

mkdir -p "$servers/bare"
output=$build/bare.log
root=$servers/bare/work
trap 'remove_root "$root"' EXIT
for suite in $suites; do
	for user in $users; do
		installed=
		new_root
		for step in $steps; do
			if [ "$step" != faults ] && [ -z "$installed" ]; then
				# Not in a root where libclang was tried out.
				[[ " $steps " != *" faults "* ]] || new_root
				apt --no-install-recommends "$asked"
				installed=1
			fi
			"step_$step"
		done
	done
done
printf '\n%s passed; 0 failed;\n' "$passed"
