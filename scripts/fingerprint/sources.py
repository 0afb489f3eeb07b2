"""What a fingerprint is trained with: photographs, pictures of packages, and what is made up, by kind.

A source is a picture that is made when it is wanted. Two sources of one thing may show the same; all others are
strangers, also two pages of one document, two fillings of one form, and a photograph with two captions. Of half 0 or 1
are photographs that make quality tests with, and what is made of them; of NEITHER all the rest.
"""

import concurrent.futures
import functools
import os
import random
import subprocess
import typing

import numpy as np
from PIL import Image

import corpus
import drawings
import drawn
import examples
import madeup

NEITHER = 2
# Views of each photograph, and of each picture of a package.
VIEWS = 28
OTHER_VIEWS = 3
MADE_UP, MIXED = 6000, 4000
PAGES, SET_PAGES = 600, 2600
FORMS, TABLES, MATRIX_CODES, BAR_CODES, LINE_ART, CARDS = 1500, 700, 700, 700, 700, 700
# A form filled so often, a screen so often, and so many captions on a photograph.
OF_A_FORM, OF_A_SCREEN, CAPTIONS = 10, 12, 10
SCREENS, MEMES, DARK = 900, 3200, 500
# make quality draws the first numbers of each kind: here they start behind them.
FIRST = 1_000_000
# Of a document so many pages, in points to pixels like make quality's.
OF_A_DOCUMENT, RESOLUTION = 60, 60
# Pictures of packages: below these folders of share/, at most so many, of at least so many pixels and bytes.
PACKAGED = {
    "games/endless-sky/images": 400,
    "games/wesnoth/1.16/data": 500,
    "stellarium": 300,
    "openclipart/png": 1000,
    "games/freeorion": 300,
    "games/torcs": 400,
    "games/supertuxkart": 500,
    "naev": 300,
    "games/flare": 150,
}
LEAST_SIDE, MOST_SIDE, ALIKE = 128, 4200, 0.95
LEAST_BYTES, MOST_BYTES = 6000, 2_000_000
SCREENSHOTS = {"doc/kicad": 300}
DOCUMENTS = ["doc/texlive-doc/latex", "doc/linuxcnc"]


class Source(typing.NamedTuple):
    kind: str
    name: str
    thing: str
    half: int
    load: typing.Callable[[], Image.Image]
    # Of one cluster are those that are hard to tell apart: fillings of one form.
    cluster: str


@functools.lru_cache(4)
def opened(file):
    picture = drawings.on_white(file)
    picture.thumbnail((corpus.SIDE, corpus.SIDE), Image.Resampling.BOX)
    return picture


def part(load, name, number):
    """The whole of a picture, or a part of it."""
    picture = load()
    return picture if number == 0 else examples.view(picture, random.Random(f"train {name} {number}"))


def photographs(pictures):
    for name, picture in pictures.items():
        for number in range(VIEWS):
            yield Source(
                "photographs", f"{name} {number}", corpus.photograph(name), corpus.half(name),
                functools.partial(part, lambda picture=picture: picture, name, number), f"{name} {number}",
            )


def files_of(shares, folder, count):
    """So many pictures below this folder and some more, chosen at random, the same each time."""
    files = [
        file for share in shares for file in sorted((share / folder).rglob("*"))
        if file.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp") and not file.is_symlink()
        and LEAST_BYTES <= file.stat().st_size <= MOST_BYTES
    ]
    return random.Random(folder).sample(files, min(len(files), count * 5 // 4))


def glimpsed(file):
    """A small copy, or None of what can't be read or is small itself."""
    try:
        picture = Image.open(file)
        if min(picture.size) < LEAST_SIDE or max(picture.size) > MOST_SIDE:
            return None
        return drawings.on_white(file).resize((128, 128), Image.Resampling.BOX)
    except (OSError, ValueError, SyntaxError):
        return None


def distinct(shares, folders):
    """Of the folders' files as many as wanted that are large enough, not flat and not alike."""
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as workers:
        for folder, count in folders.items():
            files = files_of(shares, folder, count)
            glimpses = workers.map(glimpsed, files, chunksize=16)
            candidates = [(file, small) for file, small in zip(files, glimpses) if small]
            found = corpus.distinct(candidates, [], ALIKE)
            yield from (file for (file, _), _ in zip(found, range(count)))


def packaged(shares, kind, folders, views):
    for file in distinct(shares, folders):
        for number in range(views):
            yield Source(
                kind, f"{file} {number}", str(file), NEITHER,
                functools.partial(part, functools.partial(opened, file), str(file), number), f"{file} {number}",
            )


def set_pages(shares, folder):
    """Pages of documents as files."""
    documents = [
        file for share in shares for where in DOCUMENTS for file in sorted((share / where).rglob("*.pdf"))
        if not file.is_symlink()
    ]
    for document in documents:
        done = folder / document.stem
        if not done.exists():
            part = folder / f"{document.stem}.part"
            part.mkdir(parents=True, exist_ok=True)
            subprocess.run(
                ["pdftoppm", "-jpeg", "-r", str(RESOLUTION), "-f", "2", "-l", str(OF_A_DOCUMENT), document,
                 part / "page"], check=False, stderr=subprocess.DEVNULL,
            )
            part.rename(done)
    pages = sorted(folder.glob("*/*.jpg"))
    return random.Random("pages").sample(pages, min(SET_PAGES, len(pages)))


def each(kind, count, load, half=NEITHER, thing=None, cluster=None, first=FIRST):
    """Pictures by number, each a thing and a cluster of its own unless told otherwise."""
    for number in range(first, first + count):
        name = f"{kind} {half} {number}"
        yield Source(
            kind, name, thing(number) if thing else name, half, functools.partial(load, number),
            f"{kind} {half} {cluster(number)}" if cluster else name,
        )


def on_photographs(pictures, half, fonts):
    """What is made of photographs of one half."""
    ours = {name: picture for name, picture in pictures.items() if corpus.half(name) == half}
    one_each = {corpus.photograph(name): picture for name, picture in ours.items()}
    things, wholes = list(one_each), list(one_each.values())

    def mixture(number):
        chance = random.Random(f"mixture {half} {number}")
        one, other = (examples.small(examples.view(chance.choice(list(ours.values())), chance)) for _ in range(2))
        return madeup.mixed(one, other, number)

    def screen(number):
        return drawn.app_screen(fonts, wholes, SCREENS // OF_A_SCREEN, number, FIRST)

    def meme(number):
        return drawn.meme(fonts, wholes, CAPTIONS, number)

    yield from each("mixed", MIXED // 2, mixture, half)
    yield from each("app screens", SCREENS // 2, screen, half, cluster=lambda number: number % (SCREENS // OF_A_SCREEN))
    yield from each(
        "memes", MEMES // 2, meme, half, lambda number: things[number // CAPTIONS % len(things)],
        lambda number: number // CAPTIONS,
    )
    yield from each(
        "dark", DARK // 2, functools.partial(drawn.dark, list(ours.values())), half,
        lambda number: corpus.photograph(list(ours)[number % len(ours)]),
    )


def gather(pictures, shares, drawings_share, pages):
    """All of them, in the order of their kinds."""
    fonts = [str(file) for file in sorted((drawings_share / drawings.FONTS).glob("*.ttf"))]
    text = drawings.words()
    found = list(photographs(pictures))
    found += packaged(shares, "packaged", PACKAGED, OTHER_VIEWS)
    found += packaged(shares, "screenshots", SCREENSHOTS, 1)
    found += each("made up", MADE_UP, madeup.picture)
    for file in set_pages(shares, pages):
        found.append(Source("pages", str(file), str(file), NEITHER, functools.partial(opened, file), str(file)))
    found += each("pages", PAGES, lambda number: drawings.page(number, text, fonts))
    layouts = FORMS // OF_A_FORM
    form = functools.partial(filled, fonts, layouts)
    found += each("forms", FORMS, form, cluster=lambda number: number % layouts)
    found += each("forms", TABLES, functools.partial(drawn.table, fonts), first=2 * FIRST)
    found += each("codes", MATRIX_CODES, functools.partial(drawn.matrix_code, fonts))
    found += each("codes", BAR_CODES, functools.partial(drawn.bar_code, fonts), first=2 * FIRST)
    found += each("line art", LINE_ART, functools.partial(drawn.line_art, fonts))
    for half in (0, 1):
        found += on_photographs(pictures, half, fonts)
    return found


def filled(fonts, layouts, number):
    """So many forms of their own, each several times."""
    return drawn.form(fonts, layouts, number, FIRST)


def made(source, copies):
    """The cells of a source and of so many changed copies."""
    chance = random.Random(f"copies {source.name}")
    picture = examples.small(source.load())
    kinds = examples.KINDS.get(source.kind, examples.OTHERS)
    return np.stack(
        [examples.cells(picture)]
        + [examples.cells(examples.changed(picture, chance, kinds)) for _ in range(copies)]
    )
