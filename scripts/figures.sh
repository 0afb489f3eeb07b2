#!/usr/bin/env bash
# make figures: the pictures of docs/method.md, drawn from what the database
# makes of two of scikit-image's photographs.
. "$(dirname "$0")/setup.sh"

setup_psycopg && setup_pillow || fail "no Python with psycopg and Pillow"
setup_skimage
setup_extension

fresh_cluster "$pg18" figures
PGHOST=$socket PGUSER=postgres PGDATABASE=postgres \
	"$python" -B scripts/figures.py "$build/skimage/skimage/data" docs
