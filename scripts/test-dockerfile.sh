#!/usr/bin/env bash
# The Dockerfile's commands, where there is no docker: as root, in two bare Debians with PostgreSQL
# 15 in place of the official image. By hand: it downloads Debian and builds once more.
. "$(dirname "$0")/setup.sh"
. scripts/root.sh

[ "$(id -u)" -eq 0 ] || fail "this needs root, for chroot"
mounts_apart "$0" || exit 1
install_packages "to make a bare Debian" mmdebstrap || exit 1
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
work=$build/dockerfile
export PG_MAJOR=15

# The commands of stage NUMBER, a line each.
commands() {
	awk -v number="$1" '
		/\\$/ { line = line substr($0, 1, length($0) - 1); next }
		{ line = line $0 }
		line ~ /^FROM / { stage++ }
		stage == number && line ~ /^RUN / { print substr(line, 5) }
		{ line = "" }' Dockerfile
}

# bare DIRECTORY: what the official image would be.
bare() {
	remove_root "$1"
	mmdebstrap --quiet --variant=minbase --include="postgresql-$PG_MAJOR" "$suite" "$1"
	open_root "$1"
}

# inside DIRECTORY COMMAND: with this machine's certificates, which may have one of its own.
inside() {
	say "$2"
	mkdir -p "$1/etc/ssl/certs"
	cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
	chroot "$1" /bin/sh -e -c "$2"
}

mkdir -p "$work"
bare "$work/build"
while IFS= read -r command <&3; do
	case $command in
	*"make -C /imgsmlr_rs"*)
		# COPY . /imgsmlr_rs
		mkdir "$work/build/imgsmlr_rs"
		git archive HEAD | tar -x -C "$work/build/imgsmlr_rs"
		;;
	esac
	inside "$work/build" "$command"
done 3< <(commands 1)

bare "$work/image"
# COPY --from=build /imgsmlr_rs/build/*.deb /tmp/
cp "$work"/build/imgsmlr_rs/build/*.deb "$work/image/tmp/"
while IFS= read -r command <&3; do
	inside "$work/image" "$command"
done 3< <(commands 2)

# It answers.
cat >"$work/image/ask" <<'END'
set -e
/usr/lib/postgresql/15/bin/initdb --pgdata /tmp/data --auth trust >/dev/null
/usr/lib/postgresql/15/bin/pg_ctl start --wait --silent --pgdata /tmp/data --log /tmp/log -o "-c listen_addresses= -k /tmp"
psql -h /tmp -qAt postgres -c 'CREATE EXTENSION imgsmlr_rs' -c "SELECT fingerprint_distance(f, f) FROM (SELECT repeat('00', 32)::fingerprint AS f) t"
/usr/lib/postgresql/15/bin/pg_ctl stop --wait --silent --pgdata /tmp/data
END
chroot "$work/image" su postgres -c 'sh /ask' || fail "the image's server does not have the extension"
echo "1 passed; 0 failed;"
