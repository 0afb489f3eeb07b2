#!/usr/bin/env bash
# make gallery: what the demo's server finds, as one HTML page.
. "$(dirname "$0")/setup.sh"
cluster=$servers/demo

# The demo ends by running this again.
[ -f "$cluster/ready" ] || exec scripts/demo.sh
start_cluster "$pg18" "$cluster"

page=$build/gallery.html
# Of the demo's photographs, those that there are copies of.
which=true
[ ! -d "$cluster/copies" ] || which="id IN (SELECT original FROM img_copy)"
say "writing $page"
"$pg18/psql" --host "$socket" --username postgres --no-psqlrc \
	--set queries="${QUERIES:-5}" --set nearest="${NEAREST:-10}" --set largest="${LARGEST:-1000000}" \
	--set which="$which" \
	--file examples/gallery/gallery.sql --output "$page.new" postgres
mv "$page.new" "$page"
