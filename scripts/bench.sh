#!/usr/bin/env bash
# make bench: our index beside its peers, on the embedded PostgreSQL 18 with its
# pgvector and cube. ROWS="100000 1000000 …" for other sizes,
# PARTS="signatures fingerprints views growth ten-times methods pair hashes self-join"
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
# The pictures of make quality, for fingerprints of real views.
views=
if [[ " ${PARTS:-views} " = *" views "* ]]; then
	setup_pillow && python_packages numpy==2.4.6 || fail "no Python with Pillow and numpy"
	setup_photos
	setup_more_photos
	setup_skimage
	setup_manuals
	views=$build/quality/corpus:$build/quality/pages
	say "photographs and pages of text"
	"$python" -B scripts/quality/views.py "$build/quality" "$build/quality-manuals/usr/share" \
		"$build/photos/usr/share" "$build/quality-photos/usr/share" "$build/skimage"
fi
say "measuring: about an hour at the default sizes, most of it to build HNSW"
IMGSMLR_RS_SERVER="host=$socket user=postgres" IMGSMLR_RS_RESULTS=$results IMGSMLR_RS_VIEWS=$views ROWS=${ROWS:-} \
	cargo bench --bench peers -- ${PARTS:-}
# Faiss is asked where there is something to ask it of, and it can be had.
if [ -f "$results/fingerprints.bin" ] && [[ " ${PARTS:-fingerprints} " = *" fingerprints "* ]]; then
	if python_packages numpy==2.4.6 faiss-cpu==1.15.1; then
		say "the same fingerprints by Faiss, outside of Postgres"
		"$python" -B benches/peers/faiss_rows.py "$results" | tee "$results/faiss.md"
	else
		say "no faiss-cpu from PyPI: left out"
	fi
fi
say "the table is in $results/table.md, the plot in $results/plot.svg"
