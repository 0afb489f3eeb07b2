#!/usr/bin/env bash
# make figures: the pictures of docs/method.md, drawn from what the database
# makes of two of scikit-image's photographs.
. "$(dirname "$0")/setup.sh"

setup_compilers
setup_pg18
setup_cargo_pgrx
setup_pillow || fail "no Python with psycopg and Pillow"
setup_skimage
install_extension "$pg18/pg_config"

cluster=$servers/figures
drop_cluster "$pg18" "$cluster"
trap 'drop_cluster "$pg18" "$cluster"' EXIT
start_cluster "$pg18" "$cluster"
PGHOST=$socket PGUSER=postgres PGDATABASE=postgres \
	"$python" -B scripts/figures.py "$build/skimage/skimage/data" docs
