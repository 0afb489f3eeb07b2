#!/usr/bin/env bash
# make bench-scale-out: one search on two cores, by each way that Postgres has,
# and how a search grows with the table. PARTS="cores growth" for some of it.
. "$(dirname "$0")/setup.sh"

setup_compilers
setup_pg18
setup_cargo_pgrx
install_extension "$pg18/pg_config"

say "building the bench"
cargo bench --no-run --bench scale_out

cluster=$servers/bench-scale-out
drop_cluster "$pg18" "$cluster"
trap 'drop_cluster "$pg18" "$cluster"' EXIT
start_cluster "$pg18" "$cluster" \
	"-c shared_buffers=4GB -c maintenance_work_mem=1GB -c max_wal_size=16GB -c autovacuum=off ${SETTINGS:-}"

mkdir -p "$build/bench-results"
say "measuring: about five minutes"
IMGSMLR_RS_SERVER="host=$socket user=postgres" cargo bench --bench scale_out -- ${PARTS:-} |
	tee "$build/bench-results/scale-out.md"
