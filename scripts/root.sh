# Roots of other Debians, to run things there as on a machine of their own. To be sourced after setup.sh.

# can_make_roots: 0 when this machine can; otherwise says why not.
can_make_roots() {
	[ "$(id -u)" -eq 0 ] || { say "another Debian's root is made by root alone"; return 1; }
	debootstrap --version >/dev/null 2>&1 || install_packages "to make another Debian's root" debootstrap || return 1
}

# mounts_apart SCRIPT [ARGUMENT...]: begins the script anew where what it mounts is for it alone, and gone with it, however it
# ends: a root left open has this machine's /dev in it, and whoever removes that root would remove those. 1 when it can't.
mounts_apart() {
	[ -z "${MOUNTS_APART:-}" ] || return 0
	unshare --mount true || { say "nothing can be mounted here"; return 1; }
	MOUNTS_APART=1 exec unshare --mount "$@"
}

# make_root SUITE DIRECTORY: a minimal one, made once, whole or not at all. 1 when it can't be had.
make_root() {
	local suite=$1 root=$2 log=$build/debootstrap-$1.log
	[ "$(cat "$root/.made" 2>/dev/null)" != "$suite" ] || return 0
	remove_root "$root"
	say "making a root of Debian $suite (by debootstrap)"
	mkdir -p "$root" "$build/debs/$suite"
	# shellcheck disable=SC2046
	debootstrap --variant=minbase --cache-dir="$build/debs/$suite" "$suite" "$root" $(debian_mirror) >"$log" 2>&1 ||
		{ tail -n 3 "$log" >&2; return 1; }
	open_root "$root"
	# This machine's certificates, which may have one of its own, for what is downloaded in there.
	mkdir -p "$root/etc/ssl/certs"
	cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/machine.crt"
	# And how it comes to Debian's and Rust's packages, where that is by another way than usual.
	apt-config dump 2>/dev/null | grep -E '^Acquire::(https?|Check|Retries)[^ ]* "[^"]' >"$root/etc/apt/apt.conf.d/machine" || true
	if [ -f "${CARGO_HOME:-$HOME/.cargo}/config.toml" ]; then
		mkdir -p "$root/.cargo"
		cp "${CARGO_HOME:-$HOME/.cargo}/config.toml" "$root/.cargo/"
	fi
	echo "$suite" >"$root/.made"
}

# debian_mirror: where this machine has its packages from, if it is Debian.
debian_mirror() {
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk '$1 == "Debian" && $2 !~ /security/ { print $2; exit }'
}

# open_root DIRECTORY: with the kernel's own places, until close_root.
open_root() {
	[ -n "${MOUNTS_APART:-}" ] || fail "a root is opened where mounts are apart: mounts_apart"
	mountpoint -q "$1/proc" || mount -t proc proc "$1/proc"
	mountpoint -q "$1/dev" || mount --rbind --make-rslave /dev "$1/dev"
	cp /etc/resolv.conf "$1/etc/resolv.conf"
}

# close_root DIRECTORY: without them, and whatever else is mounted below.
close_root() {
	local place
	awk -v root="$(realpath -m "$1")/" 'index($2, root) == 1 { print $2 }' /proc/mounts | sort -r |
		while IFS= read -r place; do umount "$place"; done
}

# remove_root DIRECTORY: closes it first, as what is mounted there is this machine's.
remove_root() {
	close_root "$1" || fail "what is mounted below $1 is in use"
	rm -rf --one-file-system "$1"
}

# in_root DIRECTORY USER COMMAND...: with an environment of its own, in that user's home.
in_root() {
	local root=$1 user=$2 home setting settings=() certificates=/etc/ssl/certs/machine.crt
	for setting in http_proxy https_proxy no_proxy PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST; do
		[ -z "${!setting:-}" ] || settings+=("$setting=${!setting}")
	done
	home=$(awk -F: -v user="$user" '$1 == user { print $6 }' "$root/etc/passwd")
	chroot "$root" /usr/bin/env -i USER="$user" LOGNAME="$user" HOME="$home" PATH="$home/.cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
		LANG=C.UTF-8 "${settings[@]}" \
		SSL_CERT_FILE=$certificates PIP_CERT=$certificates CARGO_HTTP_CAINFO=$certificates \
		setpriv --reuid "$user" --regid "$user" --init-groups \
		sh -c 'cd "$HOME" && exec "$@"' sh "${@:3}"
}

# install_in_root DIRECTORY LOG PACKAGE...: Debian's packages, or options of apt-get's. 1 when it fails: the log says why.
install_in_root() {
	in_root "$1" root sh -c "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq ${*:3}" \
		>"$2" 2>&1 || { tail -n 5 "$2" >&2; return 1; }
}
