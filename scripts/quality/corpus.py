"""The pictures: photographs out of packages, chosen by eye, reduced to one size.

Small ones are taken whole. Large ones are cut into six tiles that do not overlap,
and each tile is a picture of its own.
"""

import io
import pathlib
import random
import re

import numpy as np
from PIL import Image, ImageOps

import changes

Image.MAX_IMAGE_PIXELS = None
# The longer side of a picture, at most.
SIDE = 1024
# A picture whose thumbnail varies by less than this, of 255, shows next to nothing.
FLAT = 6
# Two pictures whose thumbnails correlate more than this are taken to be one.
ALIKE = 0.95

# Folder below share/: names without their ends, or * for all.
TILED = {
    "backgrounds/mate/nature": "*",
    "backgrounds": """Bridge_by_Sander_Klootwijk Dragonfly_by_Bolly Kleiber_by_Lukas_Baubkus
        Picture_0B_by_freespace Picture_1A_by_freespace Wine_by_Jakkub_Mede
        aitzgorri_by_Aitzol_Berasategi free_by_Peter_Nerlich friends_by_Aitzol_Berasategi
        greentock_by_Peter_Nerlich life_by_Aitzol_Berasategi picosdeeuropa_by_Aitzol_Berasategi
        seeding_by_Clements_Engelhardt sunset_by_Aitzol_Berasategi""",
    "lxqt/wallpapers": """Butterfly-Kenneth-Wimer Valendas after-the-rain appleflower beam
        butterfly cloud drop flowers fog this-is-not-windows""",
    **{
        f"wallpapers/{name}/contents/images": "2560x1600"
        for name in """Autumn BytheWater ColdRipple ColorfulCups DarkestHour EveningGlow
            FallenLeaf Grey Kite OneStandsOut Path summer_1am""".split()
    },
}
OPENCV = "doc/opencv-doc/examples"
WHOLE = {
    "palapeli/collection": "*",
    f"{OPENCV}/alphamat/input_images": "plant",
    f"{OPENCV}/hfs/data": "*",
    f"{OPENCV}/reg": "home",
    f"{OPENCV}/text": """scenetext01 scenetext02 scenetext03 scenetext04 scenetext05 scenetext06
        scenetext_segmented_word01 scenetext_segmented_word02 scenetext_segmented_word03
        scenetext_segmented_word04 scenetext_segmented_word05""",
    f"{OPENCV}/dnn_superres": "butterfly",
    # Of the stereo pairs and series, one each.
    f"{OPENCV}/data": """aero1 aero3 aloeL apple baboon basketball1 board box box_in_scene building
        butterfly chicky_512 ela_original fruits graf1 home left left01 leuvenA licenseplate_motion
        messi5 orange pca_test1 rubberwhale1 smarties squirrel_cls stuff sudoku text_defocus""",
    "skimage/data": """astronaut brick camera chelsea clock_motion coffee coins grass gravel
        hubble_deep_field ihc moon motorcycle_left retina rocket""",
}
# GCompris' activities with photographs in them.
GCOMPRIS = """categorization clickgame erase explore_farm_animals explore_monuments
    explore_world_animals explore_world_music"""


def named(shares, folders):
    """The files of these folders, each with a name that tells where it is from."""
    for folder, names in folders.items():
        files = {}
        for share in shares:
            for file in sorted((share / folder).glob("*.*")):
                if file.suffix in (".jpg", ".jpeg", ".png") and not file.is_symlink():
                    files[file.stem] = file
        wanted = sorted(files) if names == "*" else names.split()
        for name in wanted:
            yield f"{folder}/{name}", Image.open(files[name])


def in_resources(file):
    """The WebP files inside one of Qt's resource files, where they lie as they are."""
    data = file.read_bytes()
    at = data.find(b"RIFF")
    while at >= 0:
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at + 8 : at + 12] == b"WEBP" and end <= len(data):
            yield Image.open(io.BytesIO(data[at:end]))
        at = data.find(b"RIFF", at + 4)


def tiles(picture):
    """Three by two of them, the three along the longer side."""
    columns, rows = (3, 2) if picture.width >= picture.height else (2, 3)
    for row in range(rows):
        for column in range(columns):
            yield picture.crop((
                picture.width * column // columns,
                picture.height * row // rows,
                picture.width * (column + 1) // columns,
                picture.height * (row + 1) // rows,
            ))


def candidates(shares):
    """Every picture with its name, before the flat and the alike are left out."""
    for name, picture in named(shares, TILED):
        for place, tile in enumerate(tiles(ImageOps.exif_transpose(picture)), 1):
            yield f"{name} {place}/6", tile
    for name, picture in named(shares, WHOLE):
        yield name, ImageOps.exif_transpose(picture)
    for activity in GCOMPRIS.split():
        for share in shares:
            file = share / f"gcompris-qt/rcc/{activity}.rcc"
            if not file.exists():
                continue
            photographs = [p for p in in_resources(file) if p.mode == "RGB" and min(p.size) >= 200]
            for place, picture in enumerate(photographs, 1):
                yield f"gcompris/{activity} {place}", picture


def thumbnail(picture):
    """32×32 grey values about their mean, and their standard deviation."""
    grey = picture.convert("L").resize((32, 32), Image.Resampling.BOX)
    values = np.frombuffer(grey.tobytes(), np.uint8).astype(np.float64)
    values -= values.mean()
    return values, (values @ values / 1024) ** 0.5


def distinct(candidates, left_out, alike=ALIKE):
    """Those of the named pictures that show something and are like none before; the others are told of."""
    names, known = [], np.empty((0, 1024))
    for name, picture in candidates:
        picture = picture.convert("RGB")
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        values, deviation = thumbnail(picture)
        if deviation < FLAT:
            left_out.append(f"{name}: flat, {deviation:.1f}")
            continue
        unit = values / deviation / 32
        likeness = known[: len(names)] @ unit
        if len(names) and likeness.max() > alike:
            left_out.append(f"{name}: like {names[likeness.argmax()]}, {likeness.max():.3f}")
            continue
        if len(names) == len(known):
            known = np.concatenate([known, np.empty((len(known) + 64, 1024))])
        known[len(names)] = unit
        names.append(name)
        yield name, picture


def gather(shares, folder):
    """The pictures by name, and lines on those left out; both are also put in folder."""
    left_out = []
    pictures = dict(distinct(candidates([pathlib.Path(share) for share in shares]), left_out))
    folder.mkdir(parents=True, exist_ok=True)
    for place, picture in enumerate(pictures.values()):
        picture.save(folder / f"{place:03}.jpg", quality=95)
    (folder / "names.txt").write_text("".join(f"{p:03} {n}\n" for p, n in enumerate(pictures)))
    (folder / "left-out.txt").write_text("".join(f"{line}\n" for line in left_out))
    return pictures, left_out


def photograph(name):
    """Tiles of one photograph share its name."""
    return re.sub(r" \d/6$", "", name)


def half(name):
    """0 or 1, the same for all tiles of a photograph: calibrated on one half, tested on the other."""
    return int(random.Random(f"fold {photograph(name)}").random() < 0.5)


def part(size, chance):
    """Of a picture of this size a part at a random place, 25 to 80 % of each side."""
    return changes.part(size, chance.uniform(0.25, 0.8), chance)


def view(picture, chance):
    return picture.crop(part(picture.size, chance))
