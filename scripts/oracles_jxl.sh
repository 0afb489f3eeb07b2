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
# As 16 bits: what djxl 0.7 writes of 10 and 12 as they are is no picture.
deep() {
	cjxl --quiet images/rgb16.png "formats/$1.jxl" "${@:2}"
	djxl --quiet --bits_per_sample=16 "formats/$1.jxl" "formats/$1.jxl.png"
}
deep ten_bits --distance=0 --override_bitdepth=10
deep twelve_bits --distance=1 --override_bitdepth=12
# A JPEG, of which nothing is lost.
write turned exif_orientation6.jpg
# Of an animation, the first picture.
cjxl --quiet images/animated.gif formats/animated.jxl
djxl --quiet formats/animated.jxl formats/animated.apng
mv formats/animated.apng formats/animated.jxl.png

# Large ones that are small files, for tests/memory: slopes, and blocks of one colour each.
mkdir -p large
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
for size in 1000x750 2000x1500 3000x2000; do
	python3 - "$work" "${size%x*}" "${size#*x}" <<'END'
import sys
folder, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def write(name, kind, depth, most, pixel):
    head = f"P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {depth}\nMAXVAL {most}\nTUPLTYPE {kind}\nENDHDR\n"
    with open(f"{folder}/{name}.pam", "wb") as file:
        file.write(head.encode())
        for y in range(height):
            row = (sample for x in range(width) for sample in pixel(x, y))
            file.write(bytes(row) if most == 255 else b"".join(s.to_bytes(2, "big") for s in row))

def slope(x, y):
    return x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)

def block(x, y):
    return x // 125 * 37 % 256, y // 125 * 91 % 256, (x // 250 + y // 250) * 53 % 256

write("slope", "RGB", 3, 255, slope)
write("clear", "RGB_ALPHA", 4, 255, lambda x, y: (*slope(x, y), 255 - x * 255 // width))
write("block", "RGB", 3, 255, block)
write("block_16", "RGB", 3, 65535, lambda x, y: [257 * s + 13 for s in block(x, y)])
END
	large() {
		cjxl --quiet "$work/$2.pam" "large/$1_$size.jxl" "${@:3}"
	}
	large lossy slope --distance=3 --effort=4
	large lossless block --distance=0 --effort=3
	large alpha clear --distance=3 --effort=4
	large squeezed block --distance=0 --effort=3 --modular=1 --responsive=1
	large squeezed_16 block_16 --distance=0 --effort=3 --modular=1 --responsive=1
	large layers slope --distance=3 --effort=4 --progressive_dc=1
done
