#!/usr/bin/env bash
# make soak: the durability tests at full length. ROUNDS crashes (30) and MINUTES of load
# (10) on each of VERSIONS ("18 15"), with figures.
. "$(dirname "$0")/setup.sh"
. scripts/tests.sh
versions=${VERSIONS:-18 15}
export IMGSMLR_RS_ROUNDS=${ROUNDS:-30} IMGSMLR_RS_SECONDS=$((60 * ${MINUTES:-10}))
export IMGSMLR_RS_QUERIES=100000 IMGSMLR_RS_CONVERSIONS=10000
export IMGSMLR_RS_LARGE=1000000 IMGSMLR_RS_PLACES=1000 IMGSMLR_RS_CANCELLATIONS=30 IMGSMLR_RS_COMPARISONS=100 IMGSMLR_RS_LIMITS=100

setup_compilers
setup_pg18
for major in $versions; do
	setup_server "$major" || fail "no PostgreSQL $major to be had here: VERSIONS=… leaves it out"
	bin=pg$major
	install_extension "${!bin}/pg_config"
done
say "$IMGSMLR_RS_ROUNDS crashes, $IMGSMLR_RS_SECONDS seconds of load, $IMGSMLR_RS_QUERIES searches, $IMGSMLR_RS_CONVERSIONS conversions"
# One at a time, so that the figures are of one.
test_durability "$versions" --nocapture --test-threads=1
verdict
