#!/usr/bin/env bash
# make search: a page on this machine where you drop a picture and see the most similar ones, of
# the demo's. CONNECTION="host=… dbname=…" and OPTIONS="--table …" for a database of your own;
# PORT=8080.
. "$(dirname "$0")/setup.sh"
cluster=$servers/demo

setup_psycopg || fail "no Python with psycopg"
if [ -z "${CONNECTION:-}" ]; then
	[ -f "$cluster/ready" ] || scripts/demo.sh
	start_cluster "$pg18" "$cluster"
	CONNECTION="host=$socket user=postgres dbname=postgres"
fi
say "the page, until you press Ctrl-C"
# shellcheck disable=SC2086
exec "$python" -B examples/search/search.py --port "${PORT:-8080}" ${OPTIONS:-} "$CONNECTION"
