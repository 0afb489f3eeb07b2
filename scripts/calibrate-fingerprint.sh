#!/usr/bin/env bash
# make calibrate: trains the fingerprint's layers again, from the photographs of make quality, what other
# packages have, and what is made up; with all photographs, and with each half of them. What was made is kept
# in build/fingerprint, and a run that was stopped goes on there. Another machine need not get the same weights: how
# they do on the half that they did not see is printed.
. "$(dirname "$0")/setup.sh"

# What is trained with and not tested with, under build/calibrate-pictures.
setup_calibration_pictures() {
	pdftoppm -v >/dev/null 2>&1 || install_packages "to make pictures of pages" poppler-utils || exit 1
	[ ! -f "$build/calibrate-pictures/.ready" ] || return 0
	say "downloading pictures, pages and fonts (fourteen of Debian's packages, 2.1 GB)"
	unpack_debs "$build/calibrate-pictures" adwaita-icon-theme fonts-freefont-ttf endless-sky-data flare-game \
		freeorion-data kicad-doc-en linuxcnc-doc-en naev-data openclipart-png stellarium-data supertuxkart-data \
		texlive-latex-recommended-doc torcs-data wesnoth-1.16-data
	touch "$build/calibrate-pictures/.ready"
}

setup_pillow && python_packages numpy==2.4.6 imagehash==4.3.2 pdqhash==0.2.8 qrcode==8.2 jax==0.10.2 jaxlib==0.10.2 ||
	fail "no Python with Pillow, numpy, qrcode and JAX"
setup_photos
setup_more_photos
setup_skimage
setup_calibration_pictures

results=$build/fingerprint
say "calibrating: about an hour on two cores; what was made is kept in $results"
"$python" -B scripts/fingerprint "$results" "$build/calibrate-pictures/usr/share" \
	"$build/photos/usr/share" "$build/quality-photos/usr/share" "$build/skimage"

fixtures=tests/fixtures/fingerprint
"$python" -B scripts/fingerprint/reference.py "$results/layers.bin" "$fixtures" >"$results/golden.tsv"

same() {
	if cmp -s "$results/$1" "$2"; then
		printf '%s is %s\n' "$results/$1" "$2"
	else
		printf '%s differs from %s\n' "$results/$1" "$2"
	fi
}
same layers.bin src/fingerprint/layers.bin
same fold_a.bin scripts/fingerprint/fold_a.bin
same fold_b.bin scripts/fingerprint/fold_b.bin
same golden.tsv "$fixtures/golden.tsv"
