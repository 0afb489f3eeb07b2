#!/usr/bin/env bash
# make soak: the durability tests at full length. ROUNDS crashes (30) and MINUTES of load
# (10) on each of VERSIONS ("18 15"), with figures.
. "$(dirname "$0")/setup.sh"
rounds=${ROUNDS:-30}
minutes=${MINUTES:-10}
read -ra versions <<<"${VERSIONS:-18 15}"

setup_compilers
setup_pg18
setup_pg15 || versions=(18)
setup_cargo_pgrx
for version in "${versions[@]}"; do
	bin=pg$version
	install_extension "${!bin}"
done
status=0
for version in "${versions[@]}"; do
	bin=pg$version
	older=
	[ "$version ${versions[*]}" != "18 18 15" ] || older=$pg15
	say "PostgreSQL $version: $rounds crashes, $minutes minutes of load, 100,000 searches, 10,000 conversions"
	# One at a time, so that the figures are of one.
	env IMGSMLR_RS_BIN="${!bin}" ${older:+IMGSMLR_RS_OLDER_BIN="$older"} \
		IMGSMLR_RS_ROUNDS="$rounds" IMGSMLR_RS_SECONDS=$((60 * minutes)) \
		IMGSMLR_RS_QUERIES=100000 IMGSMLR_RS_CONVERSIONS=10000 \
		IMGSMLR_RS_CANCELLATIONS=30 IMGSMLR_RS_COMPARISONS=100 \
		cargo test --features server_tests --test durability -- --nocapture --test-threads=1 || status=1
done
exit $status
