#!/usr/bin/env bash
# make bench-scale: fingerprints and signatures by the million, as a table grows. SIZES="1000000 …"
# for other sizes of the fingerprints; SIGNATURES="…" and UNIFORM="…" of photo-like and of uniform
# signatures. Wants 25 GB of disk.
. "$(dirname "$0")/setup.sh"

setup_extension

say "building the bench"
cargo bench --no-run --bench scale

sizes=${SIZES:-1000000 3000000 10000000 30000000}
signatures=${SIGNATURES:-10000000}
uniform=${UNIFORM:-1000000 3000000 10000000}
results=$build/bench-results
mkdir -p "$results"
options="-c maintenance_work_mem=1GB -c max_wal_size=4GB -c autovacuum=off"
large="$options -c shared_buffers=5GB"
# Less than the index of the smallest table.
small="$options -c shared_buffers=16MB"

fresh_cluster "$pg18" bench-scale "$large"
"$pg18/createdb" --host "$socket" --username postgres imgsmlr_rs_bench
"$pg18/psql" --host "$socket" --username postgres --no-psqlrc --quiet imgsmlr_rs_bench <<-'SQL'
	CREATE EXTENSION imgsmlr_rs;
	CREATE TABLE measured (of text, rows bigint, what text, value float8,
		place int GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (of, rows, what));
SQL

step() {
	say "$*  ($((SECONDS / 60)) minutes so far)"
	IMGSMLR_RS_SERVER="host=$socket user=postgres" cargo bench --quiet --bench scale -- "$@"
}

# cold SET: with buffers that are smaller than its index.
cold() {
	stop_cluster "$pg18" "$cluster"
	start_cluster "$pg18" "$cluster" "$small"
	step cold "$1"
	stop_cluster "$pg18" "$cluster"
	start_cluster "$pg18" "$cluster" "$large"
}

for rows in $sizes; do
	step grow fingerprints "$rows"
	if [ "$rows" -le 1000000 ]; then
		step hnsw
	fi
	[ "$rows" -gt 10000000 ] || step duplicates
	[ "$rows" -ne 10000000 ] || step workers
	cold fingerprints
	step write fingerprints
done
for rows in $signatures; do
	step grow signatures "$rows"
	cold signatures
	step write signatures
done
for rows in $uniform; do
	step grow uniform "$rows"
done
step report "$results"
say "the tables are in $results/scale.md, the plot in $results/scale.svg; $((SECONDS / 60)) minutes"
