#!/usr/bin/env bash
# make package PG_CONFIG=…: a .deb for Debian's PostgreSQL of that version.
. "$(dirname "$0")/setup.sh"

check_pg_config
check_headers
command -v dpkg-deb >/dev/null || fail "missing: dpkg-deb"
major=$(major_version "$PG_CONFIG")
case $("$PG_CONFIG" --pkglibdir) in
*/usr/lib/postgresql/"$major"/lib) ;;
*) fail "$PG_CONFIG is not of Debian's PostgreSQL: its libraries are in $("$PG_CONFIG" --pkglibdir)" ;;
esac

setup_compilers

stage=$build/package/pg$major
rm -rf "$stage" && mkdir -p "$stage/root/DEBIAN"
say "building imgsmlr_rs in release for $("$PG_CONFIG" --version)"
build_extension "$PG_CONFIG"

libraries=$stage/root/usr/lib/postgresql/$major/lib
extension=$stage/root/usr/share/postgresql/$major/extension
name=postgresql-$major-imgsmlr-rs
doc=$stage/root/usr/share/doc/$name
mkdir -p "$libraries" "$extension" "$doc"
cp "$library" "$libraries/imgsmlr_rs.so"
copy_sql "$extension"
command -v strip >/dev/null && strip --strip-unneeded "$libraries/imgsmlr_rs.so"

maintainer="the imgsmlr_rs authors <imgsmlr_rs@localhost>"
architecture=$(dpkg --print-architecture)
{ printf 'imgsmlr_rs, its authors.\n\n' && cat LICENSE; } >"$doc/copyright"
gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
gzip -9n >"$doc/changelog.Debian.gz" <<END
$name ($extension_version-1) unstable; urgency=medium

  * Version $extension_version: changelog.gz says what is new.

 -- $maintainer  $(date -R -r CHANGELOG.md)
END
cat >"$stage/root/DEBIAN/control" <<END
Package: $name
Version: $extension_version-1
Architecture: $architecture
Maintainer: $maintainer
Section: database
Priority: optional
Depends: postgresql-$major, libc6 (>= $(getconf GNU_LIBC_VERSION | cut -d' ' -f2)), libgcc-s1
Enhances: postgresql-$major-pgvector
Installed-Size: $(du -sk "$stage/root/usr" | cut -f1)
Description: similar-picture search inside PostgreSQL $major
 Turns pictures into wavelet patterns and signatures of 16 numbers, measures
 their distance, and finds the nearest of a million exactly by a GiST index.
 A drop-in for the extension imgsmlr.
END
find "$stage/root" -type d -exec chmod 755 {} +
find "$stage/root" -type f -exec chmod 644 {} +
(cd "$stage/root" && find usr -type f -exec md5sum {} + | sort -k 2) >"$stage/root/DEBIAN/md5sums"
chmod 644 "$stage/root/DEBIAN/md5sums"
package=$build/${name}_${extension_version}-1_$architecture.deb
dpkg-deb --root-owner-group --build "$stage/root" "$package"
say "the package is $package"
