#!/usr/bin/env bash
# make cluster-demo: one table on three servers of this machine. Loads it, searches
# it, goes on without one of them, and removes everything.
. "$(dirname "$0")/setup.sh"

setup_extension

# sql HOST DATABASE ARGUMENT...
sql() {
	local host=$1 database=$2
	shift 2
	"$pg18/psql" --host "$host" --username postgres --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$database" "$@"
}
clusters=("$servers/cluster-demo-0" "$servers/cluster-demo-1" "$servers/cluster-demo-2")
drop_all() {
	local cluster
	for cluster in "${clusters[@]}"; do drop_cluster "$pg18" "$cluster"; done
}
drop_all
trap drop_all EXIT

hosts=()
for cluster in "${clusters[@]}"; do
	start_cluster "$pg18" "$cluster" "-c maintenance_work_mem=256MB"
	hosts+=("$socket")
	"$pg18/createdb" --host "$socket" --username postgres shard
	sql "$socket" shard --file examples/scale_out/shard.sql
done
say "three servers: ${hosts[*]}"

"$pg18/createdb" --host "${hosts[0]}" --username postgres front
front() { sql "${hosts[0]}" front "$@"; }
front --set dbname=shard --set host_0="${hosts[0]}" --set host_1="${hosts[1]}" --set host_2="${hosts[2]}" \
	--file examples/scale_out/servers.sql
front --file examples/scale_out/all_servers.sql
say "database front on the first: one table, a partition on each"

say "loading 300000 rows through it, with COPY"
# Indexes last: built at once, they are at their best.
for host in "${hosts[@]}"; do sql "$host" shard --command "DROP INDEX picture_fp"; done
cargo run --quiet --release --example rows fingerprint 300000 1 | front --command "COPY picture FROM STDIN"
for host in "${hosts[@]}"; do
	sql "$host" shard --command "CREATE INDEX picture_fp ON picture USING kdtree (fp)" --command "ANALYZE"
done
front --command "SELECT tableoid::regclass AS partition, count(*) FROM picture GROUP BY 1 ORDER BY 1"

say "the nearest to row 7, from all three at once"
fp=$(front --tuples-only --no-align --command "SELECT fp FROM picture WHERE id = 7")
front --command "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM nearest('$fp', 5)" \
	--command "SELECT * FROM nearest('$fp', 5)"

say "the second server stops: a search says which"
stop_cluster "$pg18" "${clusters[1]}" immediate
! front --command "SELECT * FROM nearest('$fp', 5)" || fail "a search without a server succeeded"

say "without its partition, the others answer"
front --file examples/scale_out/detach.sql \
	--command "SELECT id, fp <-> '$fp' AS distance FROM picture ORDER BY fp <-> '$fp' LIMIT 5"

say "it comes back"
start_cluster "$pg18" "${clusters[1]}"
front --file examples/scale_out/attach.sql \
	--command "SELECT * FROM nearest('$fp', 5)"

say "done: all three are stopped and removed"
