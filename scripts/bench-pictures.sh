#!/usr/bin/env bash
# make bench-pictures: what the conversion of photographs takes, beside its
# decoder alone, beside libjpeg-turbo, and in a server.
. "$(dirname "$0")/setup.sh"

setup_photos
setup_libjpeg_turbo
setup_extension

say "building the bench"
cargo bench --no-run --bench pictures

fresh_cluster "$pg18" bench-pictures "-c shared_buffers=1GB -c max_wal_size=4GB -c autovacuum=off"
"$pg18/createdb" --host "$socket" --username postgres imgsmlr_rs_bench

mkdir -p "$build/bench-results"
say "measuring: about ten minutes"
IMGSMLR_RS_SERVER="host=$socket user=postgres" IMGSMLR_RS_PHOTOS=$build/photos/usr/share \
	cargo bench --bench pictures -- ${PARTS:-} | tee "$build/bench-results/pictures.md"
