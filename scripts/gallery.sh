#!/usr/bin/env bash
# make gallery: what the demo's server finds, as one HTML page.
. "$(dirname "$0")/setup.sh"
cluster=$servers/demo

# The demo ends by running this again.
[ -f "$cluster/socket" ] || exec scripts/demo.sh
start_cluster "$pg18" "$cluster"

page=$build/gallery.html
say "writing $page"
"$pg18/psql" --host "$socket" --username postgres --no-psqlrc \
	--set queries="${QUERIES:-5}" --set nearest="${NEAREST:-10}" --set largest="${LARGEST:-1000000}" \
	--file examples/gallery/gallery.sql --output "$page.new" postgres
mv "$page.new" "$page"
