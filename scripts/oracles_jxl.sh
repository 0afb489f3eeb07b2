#!/usr/bin/env bash
# Writes JPEG XL files to tests/fixtures/formats as libjxl 0.7 (cjxl) writes them, each
# beside what it (djxl) reads in them, as PNG: run once, by hand.
#
#     apt-get install libjxl-tools
set -eu
cd "$(dirname "$0")/../tests/fixtures"
write() {
	local name=formats/$1 picture=images/$2
	shift 2
	cjxl --quiet "$picture" "$name.jxl" "$@"
	djxl --quiet "$name.jxl" "$name.jxl.png"
}
write lossy rgb8.png --distance=1
write lossy_alpha rgba8.png --distance=2
write lossless rgb8.png --distance=0
write lossless_grey gray8.png --distance=0
write grey_alpha gray_alpha8.png --distance=1
write wide rgb16.png --distance=1
write progressive rgb8.png --distance=2 -p
write layers rgb8.png --distance=2 --progressive_dc=1
# A JPEG, of which nothing is lost.
write turned exif_orientation6.jpg
# Of an animation, the first picture.
cjxl --quiet images/animated.gif formats/animated.jxl
djxl --quiet formats/animated.jxl formats/animated.apng
mv formats/animated.apng formats/animated.jxl.png
