"""Draws the figures of docs/method.md: scripts/figures.py PHOTOGRAPHS FOLDER.

A photograph, the same cropped by a tenth, and another, as the database sees
them. The server is the one that PGHOST and the like name. Prints the distances
that the document quotes.
"""

import cmath
import io
import itertools
import math
import pathlib
import sys

import psycopg
from PIL import Image, ImageDraw, ImageFont

SIDE = 64
# Pixels for a cell, and between panels.
CELL = 4
GAP = 16
MARGIN = 28
INK = (40, 40, 40)
LINE = (205, 92, 60)
COLOURS = [(58, 110, 165), (120, 170, 215), (214, 138, 60)]
NAMES = ["photograph", "cropped by a tenth", "another"]


def font(size):
    # Pillow's own, which has ASCII and little more.
    return ImageFont.load_default(size)


def png(picture):
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def cropped(picture):
    """Without a tenth of its width and height, at the left and at the top."""
    return picture.crop((picture.width // 10, picture.height // 10, picture.width, picture.height))


def coefficients(numbers):
    """A pattern's numbers as a picture: the larger, whatever the sign, the lighter."""
    picture = Image.new("L", (SIDE, SIDE))
    for place, number in enumerate(numbers):
        picture.putpixel(divmod(place, SIDE), min(255, round(255 * (4 * abs(number)) ** 0.5)))
    picture = enlarged(picture).convert("RGB")
    draw = ImageDraw.Draw(picture)
    level = SIDE // 2
    while level >= 4:
        at, end = level * CELL, 2 * level * CELL
        draw.line((at, 0, at, end), LINE)
        draw.line((0, at, end, at), LINE)
        level //= 2
    return picture


def enlarged(picture):
    return picture.resize((SIDE * CELL, SIDE * CELL), Image.Resampling.NEAREST)


def panels(rows):
    """Rows of captioned pictures, all of one height, as one picture."""
    height = SIDE * CELL
    width = max(sum(picture.width + GAP for _, picture in row) for row in rows) + GAP
    whole = Image.new("RGB", (width, len(rows) * (height + MARGIN + GAP)), "white")
    draw = ImageDraw.Draw(whole)
    for number, row in enumerate(rows):
        left, top = GAP, number * (height + MARGIN + GAP)
        for caption, picture in row:
            draw.text((left, top + 6), caption, INK, font(15))
            whole.paste(picture, (left, top + MARGIN))
            left += picture.width + GAP
    return whole


def slopes(cells):
    """How much brighter it gets at each cell, to the right and downwards, as complex numbers by column and row."""
    at = lambda x, y: cells[min(max(x, 0), SIDE - 1)][min(max(y, 0), SIDE - 1)]
    return [[complex(at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1)) for y in range(SIDE)]
            for x in range(SIDE)]


def directions(found):
    """The slopes as a picture: a colour for each direction, lighter where it is steeper."""
    picture = Image.new("HSV", (SIDE, SIDE))
    for x, column in enumerate(found):
        for y, slope in enumerate(column):
            hue = round(255 * (cmath.phase(slope) / (2 * math.pi) % 1))
            picture.putpixel((x, y), (hue, 200, min(255, round(40 + 4 * abs(slope)))))
    return enlarged(picture.convert("RGB"))


def strokes(found):
    """8×8 windows, each with strokes in eight directions: the longer, the more slopes go there."""
    size = SIDE * CELL // 8
    picture = Image.new("RGB", (SIDE * CELL, SIDE * CELL), "white")
    draw = ImageDraw.Draw(picture)
    for column, row in itertools.product(range(8), repeat=2):
        sums = [0.0] * 8
        for x, y in itertools.product(range(8), repeat=2):
            slope = found[8 * column + x][8 * row + y]
            for direction in range(8):
                turned = slope * cmath.exp(-2j * math.pi * direction / 8)
                sums[direction] += max(0.0, turned.real)
        most = max(sums) or 1
        middle = (column + 0.5) * size, (row + 0.5) * size
        for direction, value in enumerate(sums):
            end = cmath.rect(0.48 * size * value / most, 2 * math.pi * direction / 8)
            draw.line((*middle, middle[0] + end.real, middle[1] + end.imag), INK, 2)
    for line in range(size, SIDE * CELL, size):
        draw.line((line, 0, line, SIDE * CELL), (225, 225, 225))
        draw.line((0, line, SIDE * CELL, line), (225, 225, 225))
    return picture


def bars(signatures):
    """Signatures side by side, a group of bars for each of the 16 numbers."""
    width, base, scale = 880, 220, 85
    whole = Image.new("RGB", (width, base + 50), "white")
    draw = ImageDraw.Draw(whole)
    for number in range(16):
        left = 30 + number * 48 + 12 * (number // 3)
        for which, signature in enumerate(signatures):
            x = left + which * 12
            draw.rectangle((x, base - round(signature[number] * scale), x + 10, base), COLOURS[which])
        caption = "mean" if number == 15 else "|-x"[number % 3]
        draw.text((left + 18, base + 6), caption, INK, font(14), anchor="ma")
    for level, cells in enumerate(["2 x 2 cells", "4 x 4", "8 x 8", "16 x 16", "32 x 32"]):
        draw.text((30 + 66 + level * 156, base + 26), cells, INK, font(14), anchor="ma")
    draw.line((24, base, width - 16, base), INK)
    for which, name in enumerate(NAMES):
        draw.rectangle((40, 14 + which * 20, 50, 24 + which * 20), COLOURS[which])
        draw.text((58, 11 + which * 20), name, INK, font(14))
    return whole


def main(photographs, folder):
    photograph = Image.open(photographs / "chelsea.png").convert("RGB")
    other = Image.open(photographs / "coffee.png").convert("RGB")
    pictures = [photograph, cropped(photograph), other]
    with psycopg.connect(autocommit=True) as database:
        database.execute("CREATE EXTENSION imgsmlr_rs")
        database.execute("CREATE TABLE picture (id int, patt pattern, shuffled pattern, sig signature)")
        for number, picture in enumerate(pictures):
            database.execute(
                """INSERT INTO picture SELECT %s, patt, shuffle_pattern(patt), pattern2signature(patt)
                   FROM (SELECT image2pattern(%s) AS patt OFFSET 0) p""", (number, png(picture)))
        rows = database.execute(
            """SELECT pattern2png(patt), patt::real[], shuffled::real[], sig::real[] FROM picture
               ORDER BY id""").fetchall()
        distances = database.execute(
            """SELECT b.sig <-> a.sig, b.patt <-> a.patt, b.shuffled <-> a.shuffled
               FROM picture a, picture b WHERE a.id = 0 AND b.id > 0 ORDER BY b.id""").fetchall()

    height = SIDE * CELL
    small = photograph.resize((photograph.width * height // photograph.height, height))
    seen = Image.open(io.BytesIO(rows[0][0]))
    found = slopes([[seen.getpixel((x, y)) for y in range(SIDE)] for x in range(SIDE)])
    figures = {
        "fingerprint": panels([[("64 x 64 cells", enlarged(seen)), ("which way it gets brighter", directions(found)),
                                ("the same by windows", strokes(found))]]),
        "steps": panels([[("a photograph", small), ("64 x 64 cells of brightness", enlarged(seen)),
                          ("their Haar coefficients", coefficients(rows[0][1]))]]),
        "shuffle": panels([
            [("photograph", coefficients(rows[0][1])), ("cropped by a tenth", coefficients(rows[1][1]))],
            [("photograph, shuffled", coefficients(rows[0][2])), ("cropped, shuffled", coefficients(rows[1][2]))]]),
        "signature": bars([row[3] for row in rows]),
    }
    for name, figure in figures.items():
        path = folder / f"method-{name}.png"
        figure.quantize(128).save(path, optimize=True)
        print(f"{path}: {path.stat().st_size} bytes")
    for name, row in zip(NAMES[1:], distances):
        print("| {} | {:.2f} | {:.2f} | {:.2f} |".format(name, *row))


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:3]))
