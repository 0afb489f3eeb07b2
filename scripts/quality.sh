#!/usr/bin/env bash
# make quality: how well near-duplicates of real photographs are found, by
# fingerprint, signature, pattern and by perceptual hashes, ours and others', on the
# embedded PostgreSQL 18.
. "$(dirname "$0")/setup.sh"

# Pictures that are no photographs, under build/quality-graphics.
setup_graphics() {
	[ ! -f "$build/quality-graphics/.ready" ] || return 0
	say "downloading icons, screenshots and fonts (five of Debian's packages, 95 MB)"
	unpack_debs "$build/quality-graphics" oxygen-icon-theme jmeter-help gimp-help-en \
		fonts-dejavu-core fonts-liberation
	touch "$build/quality-graphics/.ready"
}

# The peers, for the same Python.
setup_peers() {
	"$python" -c 'import numpy, pdqhash, imagehash' 2>/dev/null ||
		"$build/venv/bin/pip" install --quiet --disable-pip-version-check numpy pdqhash imagehash
}

setup_pillow || fail "no Python with psycopg and Pillow"
setup_peers || fail "no numpy, pdqhash and imagehash from PyPI"
setup_photos
setup_more_photos
setup_skimage
setup_graphics
setup_extension

fresh_cluster "$pg18" quality-server "-c shared_buffers=1GB -c max_wal_size=8GB -c autovacuum=off"
"$pg18/createdb" --host "$socket" --username postgres imgsmlr_rs_quality

results=$build/quality
mkdir -p "$results"
say "measuring: about a quarter of an hour on two cores"
# Two processes are at it: none of them needs threads of its own.
OPENBLAS_NUM_THREADS=1 PGHOST=$socket PGUSER=postgres PGDATABASE=imgsmlr_rs_quality \
	"$python" -B scripts/quality "$results" "$build/quality-graphics/usr/share" \
	src/fingerprint/projection.bin \
	"$build/photos/usr/share" "$build/quality-photos/usr/share" "$build/skimage"
say "the tables are in $results/table.md, the plot in $results/plot.svg, the pictures in $results/corpus"
