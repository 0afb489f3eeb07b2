#!/usr/bin/env bash
# make calibrate: the constants of the fingerprint once more, from the photographs of
# make quality, some icons and set pages; of all photographs, and of each half of them.
. "$(dirname "$0")/setup.sh"

# What is no photograph to calibrate with, under build/calibrate-graphics.
setup_drawings() {
	[ ! -f "$build/calibrate-graphics/.ready" ] || return 0
	say "downloading icons and fonts (two of Debian's packages, 8 MB)"
	unpack_debs "$build/calibrate-graphics" adwaita-icon-theme fonts-freefont-ttf
	touch "$build/calibrate-graphics/.ready"
}

setup_pillow && python_packages numpy==2.4.6 || fail "no Python with Pillow and numpy"
setup_photos
setup_more_photos
setup_skimage
setup_drawings

results=$build/fingerprint
say "calibrating: about five minutes on two cores"
"$python" -B scripts/fingerprint "$results" "$build/calibrate-graphics/usr/share" \
	"$build/photos/usr/share" "$build/quality-photos/usr/share" "$build/skimage"

fixtures=tests/fixtures/fingerprint
"$python" -B scripts/fingerprint/reference.py src/fingerprint/projection.bin "$fixtures" >"$results/golden.tsv"

same() {
	if cmp -s "$results/$1" "$2"; then
		printf '%s is %s\n' "$results/$1" "$2"
	else
		printf '%s differs from %s\n' "$results/$1" "$2"
	fi
}
same fingerprint.bin src/fingerprint/projection.bin
same fold_a.bin scripts/fingerprint/fold_a.bin
same fold_b.bin scripts/fingerprint/fold_b.bin
same golden.tsv "$fixtures/golden.tsv"
