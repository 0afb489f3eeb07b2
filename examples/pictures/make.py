"""Makes the 25 pictures of docs/tutorial.md: python3 make.py FOLDER

FOLDER is scikit-image's data (build/skimage/skimage/data, after `make demo`). Needs Pillow.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

data = Path(sys.argv[1])


def photograph(name):
    picture = Image.open(data / name)
    picture = picture.convert("L" if picture.mode == "L" else "RGB")
    picture.thumbnail((256, 256))
    return picture


def cropped(picture, share):
    x, y = round(picture.width * share / 2), round(picture.height * share / 2)
    return picture.crop((x, y, picture.width - x, picture.height - y))


def with_bar(picture):
    picture = picture.copy()
    top = picture.height * 5 // 8
    ImageDraw.Draw(picture).rectangle((0, top, picture.width, top + picture.height // 8), fill="black")
    return picture


def with_letters(picture):
    picture = picture.copy()
    font = ImageFont.load_default(picture.width // 6)
    ImageDraw.Draw(picture).text((picture.width // 10, picture.height // 2), "COFFEE", "white", font)
    return picture


astronaut, camera, cat = map(photograph, ["astronaut.png", "camera.png", "chelsea.png"])
coffee, galaxies, rocket = map(photograph, ["coffee.png", "hubble_deep_field.jpg", "rocket.jpg"])
# The place in this list is the id in the tutorial.
pictures = [
    ("astronaut", astronaut),
    ("astronaut with a bar", with_bar(astronaut)),
    ("bricks", photograph("brick.png")),
    ("camera", camera),
    ("cat", cat),
    ("cat, cropped", cropped(cat, 0.1)),
    ("cat, mirrored", ImageOps.mirror(cat)),
    ("coins", photograph("coins.png")),
    ("cat, a quarter turn", cat.transpose(Image.Transpose.ROTATE_270)),
    ("cat, rotated by 5 degrees", cat.rotate(5, Image.Resampling.BICUBIC)),
    ("cell", photograph("cell.png")),
    ("clock", photograph("clock_motion.png")),
    ("coffee", coffee),
    ("coffee with letters", with_letters(coffee)),
    ("coffee, small", coffee.resize((96, 64))),
    ("grass", photograph("grass.png")),
    ("gravel", photograph("gravel.png")),
    ("galaxies", galaxies),
    ("galaxies, brighter", ImageEnhance.Brightness(galaxies).enhance(1.4)),
    ("vessels", photograph("microaneurysms.png")),
    ("retina", photograph("retina.jpg")),
    ("rocket", rocket),
    ("rocket with a border", ImageOps.expand(rocket, 12, "white")),
    ("rocket, rotated and cropped", cropped(rocket.rotate(3, Image.Resampling.BICUBIC), 0.1)),
    ("camera, narrower", camera.resize((192, 256))),
]
for number, (info, picture) in enumerate(pictures, 1):
    name = f"{number:02} {info}".replace(",", "").replace(" ", "_")
    if info == "coins":
        picture.save(f"{name}.png", optimize=True)
    else:
        picture.save(f"{name}.jpeg", quality=30 if info == "coffee, small" else 80, optimize=True)
