#!/usr/bin/env bash
# make quality: how well near-duplicates of real photographs are found, by
# signature, by pattern and by perceptual hash, on the embedded PostgreSQL 18.
. "$(dirname "$0")/setup.sh"

setup_pillow || fail "no Python with psycopg and Pillow"
setup_photos
setup_more_photos
setup_skimage
setup_extension

fresh_cluster "$pg18" quality-server "-c shared_buffers=1GB -c max_wal_size=8GB -c autovacuum=off"
"$pg18/createdb" --host "$socket" --username postgres imgsmlr_rs_quality

results=$build/quality
mkdir -p "$results"
say "measuring: about five minutes"
PGHOST=$socket PGUSER=postgres PGDATABASE=imgsmlr_rs_quality "$python" -B scripts/quality "$results" \
	"$build/photos/usr/share" "$build/quality-photos/usr/share" "$build/skimage"
say "the tables are in $results/table.md, the plot in $results/plot.svg, the pictures in $results/corpus"
