#!/usr/bin/env bash
# make package PG_CONFIG="…": for each server named, of any version 14 to 18, a .tar.gz of the
# files to copy into one like it, and a .deb where it is Debian's.
. "$(dirname "$0")/setup.sh"

maintainer="the imgsmlr_rs authors <imgsmlr_rs@localhost>"

# make_archive: build/imgsmlr_rs-….tar.gz, of the library and the extension's files.
make_archive() {
	local name
	name=imgsmlr_rs-$extension_version-pg$major-$(uname -m)-linux
	mkdir -p "$stage/$name/lib" "$stage/$name/extension"
	cp "$stripped" "$stage/$name/lib/imgsmlr_rs.so"
	copy_sql "$stage/$name/extension"
	cp LICENSE CHANGELOG.md "$stage/$name/"
	cat >"$stage/$name/INSTALL" <<-END
		imgsmlr_rs $extension_version for PostgreSQL $major on Linux, $(uname -m), with the C library $(getconf GNU_LIBC_VERSION) or newer.
		Copy the files into the server, as root or as its owner:

		    cp lib/imgsmlr_rs.so "\$(pg_config --pkglibdir)"
		    cp extension/* "\$(pg_config --sharedir)/extension"

		Then, in each database that is to have it: CREATE EXTENSION imgsmlr_rs;
	END
	chmod -R u=rwX,go=rX "$stage/$name"
	tar -czf "$build/$name.tar.gz" --owner=0 --group=0 -C "$stage" "$name"
	packages+=("$build/$name.tar.gz")
}

# make_deb: build/postgresql-….deb.
make_deb() {
	local root=$stage/root name=postgresql-$major-imgsmlr-rs architecture
	local doc=$root/usr/share/doc/$name libraries=$root/usr/lib/postgresql/$major/lib
	local extension=$root/usr/share/postgresql/$major/extension
	architecture=$(dpkg --print-architecture)
	mkdir -p "$root/DEBIAN" "$libraries" "$extension" "$doc"
	cp "$stripped" "$libraries/imgsmlr_rs.so"
	copy_sql "$extension"
	{ printf 'imgsmlr_rs, its authors.\n\n' && cat LICENSE; } >"$doc/copyright"
	gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
	gzip -9n >"$doc/changelog.Debian.gz" <<-END
		$name ($extension_version-1) unstable; urgency=medium

		  * Version $extension_version: changelog.gz says what is new.

		 -- $maintainer  $(date -R -r CHANGELOG.md)
	END
	cat >"$root/DEBIAN/control" <<-END
		Package: $name
		Version: $extension_version-1
		Architecture: $architecture
		Maintainer: $maintainer
		Section: database
		Priority: optional
		Depends: postgresql-$major, libc6 (>= $(getconf GNU_LIBC_VERSION | cut -d' ' -f2)), libgcc-s1
		Enhances: postgresql-$major-pgvector
		Installed-Size: $(du -sk "$root/usr" | cut -f1)
		Description: finds a picture again inside PostgreSQL $major
		 Turns pictures into fingerprints of 32 bytes, measures their distance, and
		 finds the nearest of millions exactly by an index of its own: cropped,
		 rotated, marked, recoloured or compressed copies.
		 A drop-in for the extension imgsmlr.
	END
	find "$root" -type d -exec chmod 755 {} +
	find "$root" -type f -exec chmod 644 {} +
	(cd "$root" && find usr -type f -exec md5sum {} + | sort -k 2) >"$root/DEBIAN/md5sums"
	chmod 644 "$root/DEBIAN/md5sums"
	local package=$build/${name}_${extension_version}-1_$architecture.deb
	dpkg-deb --root-owner-group --build "$root" "$package"
	packages+=("$package")
}

# Each is looked at before anything is built.
[ -n "${PG_CONFIG:-}" ] || check_pg_config
configs=()
for PG_CONFIG in $PG_CONFIG; do
	check_pg_config
	check_headers
	configs+=("$PG_CONFIG")
done

setup_compilers
packages=()
for PG_CONFIG in "${configs[@]}"; do
	major=$(major_version "$PG_CONFIG")
	stage=$build/package/pg$major
	rm -rf "$stage" && mkdir -p "$stage"
	say "building imgsmlr_rs in release for $("$PG_CONFIG" --version)"
	build_extension "$PG_CONFIG"
	stripped=$stage/imgsmlr_rs.so
	cp "$library" "$stripped"
	! command -v strip >/dev/null || strip --strip-unneeded "$stripped"
	make_archive
	case $("$PG_CONFIG" --pkglibdir) in
	*/usr/lib/postgresql/"$major"/lib)
		if command -v dpkg-deb >/dev/null; then
			make_deb
		else
			say "no dpkg-deb here: no .deb for $PG_CONFIG"
		fi
		;;
	esac
done
say "made:"
printf '%s\n' "${packages[@]}"
