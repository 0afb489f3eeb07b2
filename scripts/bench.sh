#!/usr/bin/env bash
# make bench: our index beside its peers, on the embedded PostgreSQL 18 with its
# pgvector and cube. ROWS="100000 1000000 …" for other sizes,
# PARTS="signatures fingerprints growth ten-times methods pair hashes self-join"
# for some of it.
. "$(dirname "$0")/setup.sh"

setup_extension

say "building the bench"
cargo bench --no-run --bench peers

fresh_cluster "$pg18" bench \
	"-c shared_buffers=4GB -c maintenance_work_mem=1GB -c max_wal_size=16GB -c autovacuum=off"
"$pg18/createdb" --host "$socket" --username postgres imgsmlr_rs_bench

results=$build/bench-results
mkdir -p "$results"
say "measuring: about an hour at the default sizes, most of it to build HNSW"
IMGSMLR_RS_SERVER="host=$socket user=postgres" IMGSMLR_RS_RESULTS=$results ROWS=${ROWS:-} \
	cargo bench --bench peers -- ${PARTS:-}
say "the table is in $results/table.md, the plot in $results/plot.svg"
