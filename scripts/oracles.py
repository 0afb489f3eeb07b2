#!/usr/bin/env python3
"""Writes what other software makes of pictures to tests/fixtures: run once, by hand.

    pip install pillow imagehash
    scripts/oracles.py

formats/     files as Pillow (libwebp, libtiff) writes them, each beside what it reads
             in them, as PNG
image_info.tsv   name, format, width, height, has alpha, orientation, frames by Pillow
phash.tsv    name and perceptual hash by imagehash
"""

import os

import imagehash
from PIL import Image

fixtures = os.path.join(os.path.dirname(__file__), "..", "tests", "fixtures")
images = os.path.join(fixtures, "images")
formats = os.path.join(fixtures, "formats")
os.makedirs(formats, exist_ok=True)

rgb = Image.open(os.path.join(images, "rgb8.png")).convert("RGB")
rgba = Image.open(os.path.join(images, "rgba8.png")).convert("RGBA")
grey = rgb.convert("L")
bilevel = rgb.convert("1")
frames = [rgb.rotate(90 * n) for n in range(3)]


def write(name, picture, **options):
    path = os.path.join(formats, name)
    picture.save(path, **options)
    read = Image.open(path)
    read = read.convert("RGBA" if "A" in read.getbands() or "transparency" in read.info else "RGB")
    read.save(path + ".png")


write("lossy.webp", rgb, quality=80)
write("lossy_alpha.webp", rgba, quality=80)
write("lossless.webp", rgb, lossless=True)
write("lossless_alpha.webp", rgba, lossless=True, exact=True)
write("animated.webp", frames[0], save_all=True, append_images=frames[1:], quality=80)
write("palette.bmp", rgb.quantize(200))
write("lzw.tiff", rgb, compression="tiff_lzw")
write("deflate.tiff", rgb, compression="tiff_deflate")
write("packbits_grey.tiff", grey, compression="packbits")
write("bilevel.tiff", bilevel, compression="group4")
write("bilevel.pbm", bilevel)

with open(os.path.join(formats, "text.ppm"), "w") as file:
    small = rgb.resize((40, 30))
    file.write("P3 # in decimal\n40 30\n255\n")
    file.write("\n".join(str(value) for value in small.tobytes()))
small.save(os.path.join(formats, "text.ppm.png"))
with open(os.path.join(formats, "grey16.pgm"), "wb") as file:
    small = grey.resize((40, 30))
    file.write(b"P5\n40 30\n65535\n" + b"".join(bytes([value, 255 - value]) for value in small.tobytes()))
small.save(os.path.join(formats, "grey16.pgm.png"))

with open(os.path.join(fixtures, "image_info.tsv"), "w") as out:
    for folder in (images, formats):
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            try:
                picture = Image.open(path)
                picture.load()
            except OSError:
                continue
            kind = {"PPM": "pnm", "MPO": "jpeg"}.get(picture.format, picture.format.lower())
            count = getattr(picture, "n_frames", 1)
            alpha = "A" in picture.getbands() or "transparency" in picture.info
            orientation = picture.getexif().get(0x0112, 1)
            row = (os.path.join(os.path.basename(folder), name), kind, picture.width, picture.height,
                   str(alpha).lower(), orientation, count)
            out.write("\t".join(map(str, row)) + "\n")

with open(os.path.join(fixtures, "phash.tsv"), "w") as out:
    for name in sorted(os.listdir(images)):
        path = os.path.join(images, name)
        try:
            picture = Image.open(path)
            picture.load()
        except OSError:
            continue
        if picture.mode in ("RGB", "L") and min(picture.size) >= 64:
            out.write(f"images/{name}\t{imagehash.phash(picture)}\n")
