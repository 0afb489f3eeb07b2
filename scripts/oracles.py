#!/usr/bin/env python3
"""Writes what other software makes of pictures to tests/fixtures: run once, by hand.

    pip install pillow imagehash
    scripts/oracles.py

formats/     files as Pillow (libwebp, libtiff) writes them, each beside what it reads
             in them, as PNG
image_info.tsv   name, format, width, height, has alpha, orientation, frames by Pillow
phash.tsv    name and perceptual hash by imagehash
cut/         JPEG files whose data end early and have an end mark, each beside what libjpeg-turbo makes of it, as PNG;
             with jpegtran in the path
"""

import io
import os
import subprocess

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

# Cut at some place, with a mark of the end behind; and headers that claim more rows.
cut = os.path.join(fixtures, "cut")
os.makedirs(cut, exist_ok=True)
END = b"\xff\xd9"
small = rgb.resize((123, 90))


def jpeg(mode, **options):
    file = io.BytesIO()
    small.convert(mode).save(file, "JPEG", quality=85, **options)
    return file.getvalue()


def jpegtran(file, *options):
    return subprocess.run(["jpegtran", *options], input=file, capture_output=True, check=True).stdout


def write_cut(name, file):
    # Where there is no end mark, libjpeg's own sources make one; Pillow's does not.
    picture = Image.open(io.BytesIO(file if file.endswith(END) else file + END))
    picture.load()
    if picture.mode == "CMYK":
        # Pillow gives inks; libgd's formula makes light of them.
        inks = [255 - value for value in picture.tobytes()]
        light = (inks[at + n] * inks[at + 3] // 255 for at in range(0, len(inks), 4) for n in range(3))
        picture = Image.frombytes("RGB", picture.size, bytes(light))
    with open(os.path.join(cut, name), "wb") as out:
        out.write(file)
    picture.save(os.path.join(cut, name + ".png"))


with open(os.path.join(cut, "scans.txt"), "w") as file:
    file.write("0;\n1;\n2;\n")
kinds = {
    "grey": jpeg("L"),
    "444": jpeg("RGB", subsampling=0),
    "422": jpeg("RGB", subsampling=1),
    "420": jpeg("RGB", subsampling=2),
    "440": subprocess.run(
        ["jpegtran", "-rotate", "90"], input=jpeg("RGB", subsampling=1), capture_output=True, check=True
    ).stdout,
    "cmyk": jpeg("CMYK"),
    "restarts": jpeg("RGB", restart_marker_blocks=5),
    "restarts_by_row": jpeg("L", restart_marker_rows=1),
    "scans": jpegtran(jpeg("RGB", subsampling=2), "-scans", os.path.join(cut, "scans.txt")),
    "scans_restarts": jpegtran(jpeg("RGB", subsampling=1), "-restart", "4B", "-scans", os.path.join(cut, "scans.txt")),
    "progressive": jpeg("RGB", progressive=True),
    "progressive_grey": jpeg("L", progressive=True),
    "progressive_restarts": jpegtran(jpeg("RGB"), "-progressive", "-restart", "9B"),
}
os.remove(os.path.join(cut, "scans.txt"))
for number, (kind, file) in enumerate(kinds.items()):
    scan = file.index(b"\xff\xda") + 14
    # A progressive file that lacks whole scans libjpeg smoothes, and we don't.
    part = 0.9 + number / 150 if kind.startswith("progressive") else 0.35 + number / 25
    at = scan + int((len(file) - scan) * part)
    write_cut(kind + "_closed.jpg", file[:at] + END)
    frame = next(at for at in range(len(file)) if file[at] == 0xFF and file[at + 1] in (0xC0, 0xC2))
    height = int.from_bytes(file[frame + 5 : frame + 7], "big")
    write_cut(kind + "_taller.jpg", file[: frame + 5] + (height * 3 // 2).to_bytes(2, "big") + file[frame + 7 :])
