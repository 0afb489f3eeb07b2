#!/usr/bin/env bash
# make bench-scale-out: one search on two cores, by each way that Postgres has,
# and how a search grows with the table. PARTS="cores growth" for some of it,
# ROWS=4000000 for larger tables of the first.
. "$(dirname "$0")/setup.sh"

setup_extension

say "building the bench"
cargo bench --no-run --bench scale_out

fresh_cluster "$pg18" bench-scale-out \
	"-c shared_buffers=4GB -c maintenance_work_mem=1GB -c max_wal_size=16GB -c autovacuum=off ${SETTINGS:-}"

mkdir -p "$build/bench-results"
say "measuring: about five minutes"
IMGSMLR_RS_SERVER="host=$socket user=postgres" cargo bench --bench scale_out -- ${PARTS:-} |
	tee "$build/bench-results/scale-out.md"
