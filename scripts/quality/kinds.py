"""What is no photograph, and pictures of other origin: of packages where Debian has them, else drawn."""

import functools
import re

from PIL import Image

import corpus
import drawings
import drawn
import graphics
import manual_pages
from pools import Original

# So many of each kind, where there are so many.
COUNT = 600
# Two screenshots or icons whose thumbnails correlate more than this are one.
ALIKE = 0.98
# Of forms and screens so many, filled again and again; of memes so many captions to a photograph.
FORMS, SCREENS, CAPTIONS = 30, 20, 15
# Kinds that are made of photographs: in the half of theirs.
OF_PHOTOGRAPHS = ("app screens", "memes", "dark")
HELD_OUT = ("tuxpaint/stamps", "backgrounds")


def of_files(files, opened=Image.open):
    return [(f"{file.parent.name}/{file.name}", functools.partial(opened, file)) for file in files]


def of_numbers(count, draw, *given):
    return [(str(number), functools.partial(draw, *given, number)) for number in range(count)]


def distinct(share, folders, least_bytes=0):
    """The pictures in these folders of which none is flat and no two are alike."""
    files = [file for folder in folders for file in sorted((share / folder).rglob("*.png"))]
    files = [file for file in files if not file.is_symlink() and file.stat().st_size >= least_bytes]
    candidates = ((file, drawings.on_white(file)) for file in files)
    candidates = (one for one in candidates if min(one[1].size) >= graphics.LEAST_SIDE)
    found = [file for file, _ in corpus.distinct(candidates, [], ALIKE)]
    return of_files(found, drawings.on_white)


def numbered(known, start, half):
    """Each a group of its own, in the half of its number."""
    return [Original(name, start + place, half(place), load) for place, (name, load) in enumerate(known)]


def gather(share, manuals, pages, photographs):
    """Originals by kind. GRAPHICS' and the manuals' packages are in the folders share and manuals."""
    fonts = [str(file) for folder in graphics.FONTS for file in sorted((share / folder).glob("*.ttf"))]
    whole = list(photographs.values())
    one_each = {corpus.photograph(name): picture for name, picture in photographs.items()}
    step = max(1, len(one_each) * CAPTIONS // COUNT)
    templates = list(one_each.values())[::step]
    half = COUNT // 2
    found = {
        "pages of text": of_files(manual_pages.made(manuals, pages)),
        "screenshots": distinct(share, graphics.SCREENSHOTS, graphics.LEAST_BYTES)[:COUNT],
        "forms and tables":
            of_numbers(half, drawn.form, fonts, FORMS) + of_numbers(half, drawn.table, fonts),
        "QR and bar codes":
            of_numbers(half, drawn.matrix_code, fonts) + of_numbers(half, drawn.bar_code, fonts),
        "icons and line art":
            distinct(share, [graphics.ICONS])[:half] + of_numbers(half, drawn.line_art, fonts),
        "app screens": of_numbers(half, drawn.app_screen, fonts, list(one_each.values()), SCREENS),
        "memes": of_numbers(COUNT, drawn.meme, fonts, templates, CAPTIONS),
        "dark": of_numbers(half, drawn.dark, whole),
        "nearly empty": of_numbers(half, drawn.nearly_empty, fonts),
    }
    screens, memes, dark = (
        [corpus.half(name) for name in names] for names in (one_each, list(one_each)[::step], photographs)
    )
    half_of = {
        "app screens": lambda place: screens[place % len(screens)],
        "memes": lambda place: memes[place // CAPTIONS % len(memes)],
        "dark": lambda place: dark[place % len(dark)],
    }
    start, kinds = len(photographs), {}
    for kind, known in found.items():
        # Of all others no weights were trained with any: in both halves by turns.
        kinds[kind] = numbered(known, start, half_of.get(kind, lambda place: place % 2))
        start += len(known)
    return kinds


def thing(file):
    """What a file shows, by its name: day and night, mirrored and numbered ones are one thing."""
    name = re.sub(r"(_?mirror|_?flip|[-_][ld]|[-_]?\d+)+$", "", file.stem)
    return f"{file.parent}/{name}"


def held_out(share):
    """Pictures that nothing was ever made with: stamps, drawings and wallpapers, in no half."""
    files = [
        file for folder in HELD_OUT for file in sorted((share / folder).rglob("*"))
        if file.suffix in (".png", ".jpg", ".webp") and not file.is_symlink()
    ]
    things = list(dict.fromkeys(thing(file) for file in files))

    def opened(file):
        picture = drawings.on_white(file)
        picture.thumbnail((corpus.SIDE, corpus.SIDE), Image.Resampling.LANCZOS)
        return picture

    return [
        Original(str(file.relative_to(share)), things.index(thing(file)), 0, functools.partial(opened, file))
        for file in files
    ]
