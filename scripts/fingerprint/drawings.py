"""What is no photograph: icons of one package, and pages set in the fonts of another."""

import pathlib
import random

from PIL import Image, ImageDraw, ImageFont

PAGES = 120
ICONS = "icons/Adwaita/512x512"
FONTS = "fonts/truetype/freefont"
# Texts that every Debian system has.
LICENCES = "GPL-3 Apache-2.0 Artistic MPL-2.0 GFDL-1.3".split()
SIZES = [(827, 1169)] * 2 + [(1024, 768), (700, 1000)]


def on_white(file):
    picture = Image.open(file).convert("RGBA")
    page = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    page.alpha_composite(picture)
    return page.convert("RGB")


def words():
    folder = pathlib.Path("/usr/share/common-licenses")
    return " ".join((folder / name).read_text() for name in LICENCES).split()


def lines(text, start, font, width):
    """The words from there on, as many a line as fit."""
    line = ""
    while True:
        word = text[start % len(text)]
        start += 1
        if line and font.getlength(f"{line} {word}") > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()


def page(number, text, fonts):
    """One or two columns of paragraphs, some with a heading, some half empty."""
    chance = random.Random(f"page {number}")
    width, height = chance.choice(SIZES)
    picture = Image.new("RGB", (width, height), chance.choice([(255, 255, 255)] * 3 + [(250, 246, 235)]))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.truetype(chance.choice(fonts), chance.randint(13, 26))
    margin, columns = chance.randint(40, 100), chance.choice([1, 1, 1, 2])
    column = (width - 2 * margin - (columns - 1) * 30) // columns
    top = margin
    if chance.random() < 0.6:
        heading = ImageFont.truetype(chance.choice(fonts), chance.randint(28, 48))
        at = chance.randrange(len(text) - 3)
        draw.text((margin, top), " ".join(text[at : at + 3])[:30], 0, heading)
        top += 80
    for place in range(columns):
        left, y = margin + place * (column + 30), top
        source = lines(text, chance.randrange(len(text)), font, column)
        bottom = height - margin - (chance.randint(0, height // 2) if chance.random() < 0.4 else 0)
        while y < bottom - 2 * font.size:
            for line in (next(source) for _ in range(chance.randint(2, 9))):
                if y < bottom - font.size:
                    draw.text((left, y), line, 0, font)
                    y += round(font.size * 1.35)
            y += round(font.size * chance.uniform(0.3, 1.2))
    return picture


def gather(share):
    """Each with its name."""
    for file in sorted((share / ICONS).rglob("*.png")):
        if not file.is_symlink():
            yield f"icon {file.parent.name}/{file.name}", on_white(file)
    text, fonts = words(), [str(file) for file in sorted((share / FONTS).glob("*.ttf"))]
    for number in range(PAGES):
        yield f"page {number}", page(number, text, fonts)
