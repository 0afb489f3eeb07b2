"""Pictures that are no photographs and that no package has enough of: each drawn from its number.

Each function gives the picture of a number, always the same. They are told the folder of the fonts, and
those that have a photograph in them get one.
"""

import functools
import random

import qrcode
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

import corpus
import drawings

WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (170, 170, 170)
# Bars and gaps of a character are so many modules wide, together eleven, as in Code 128.
MODULES = 11


@functools.cache
def font(file, size):
    return ImageFont.truetype(file, size)


@functools.cache
def words():
    return drawings.words()


def some(chance, count):
    """So many words of a licence, from anywhere."""
    at = chance.randrange(len(words()) - count)
    return " ".join(words()[at : at + count])


def form(fonts, layouts, number, first=0):
    """One of so many forms, the first of that number, filled in: headings, fields and boxes are the form's,
    what is in them is not."""
    blank, filled = random.Random(f"form {first + number % layouts}"), random.Random(f"filled {number}")
    size = blank.randint(13, 18)
    printed, written = font(blank.choice(fonts), size), font(filled.choice(fonts), size)
    picture = Image.new("RGB", blank.choice([(600, 850), (850, 600)]), WHITE)
    draw = ImageDraw.Draw(picture)
    draw.text((40, 30), some(blank, 4)[:32], BLACK, font(blank.choice(fonts), 28))
    y, left = 90, 40
    label = blank.randint(120, 220)
    while y < picture.height - 60:
        draw.text((left, y), some(blank, 2)[:18], BLACK, printed)
        if blank.random() < 0.2:
            for place in range(blank.randint(2, 4)):
                x = left + label + 90 * place
                draw.rectangle([x, y, x + size, y + size], outline=BLACK)
                if filled.random() < 0.4:
                    draw.line([x, y, x + size, y + size], BLACK, 2)
        else:
            draw.rectangle([left + label, y - 3, picture.width - 40, y + size + 5], outline=GREY)
            if filled.random() < 0.9:
                draw.text((left + label + 6, y), some(filled, filled.randint(1, 4))[:34], BLACK, written)
        y += blank.randint(28, 44)
    return picture


def table(fonts, number):
    """Rows of numbers under a heading, some of them shaded."""
    chance = random.Random(f"table {number}")
    columns, rows = chance.randint(3, 9), chance.randint(8, 34)
    picture = Image.new("RGB", chance.choice([(600, 850), (850, 600)]), WHITE)
    draw = ImageDraw.Draw(picture)
    wide, high = (picture.width - 60) / columns, (picture.height - 90) / rows
    letters = font(chance.choice(fonts), max(8, min(15, int(high * 0.6))))
    shaded, lined = chance.random() < 0.5, chance.random() < 0.6
    draw.text((30, 25), some(chance, 4)[:36], BLACK, font(chance.choice(fonts), 24))
    for row in range(rows):
        top = 70 + row * high
        if row == 0 or shaded and row % 2:
            draw.rectangle([30, top, picture.width - 30, top + high], (225, 228, 235))
        if lined:
            draw.line([30, top, picture.width - 30, top], GREY)
        for column in range(columns):
            cell = some(chance, 1)[:9] if row == 0 or column == 0 else f"{chance.uniform(0, 9999):.2f}"
            draw.text((34 + column * wide, top + 2), cell, BLACK, letters)
    return picture


def matrix_code(_, number):
    """A QR code of some text."""
    chance = random.Random(f"code {number}")
    code = qrcode.QRCode(error_correction=chance.randrange(4), box_size=chance.randint(6, 12))
    code.add_data(some(chance, chance.randint(2, 30)))
    return code.make_image().convert("RGB")


def bar_code(fonts, number):
    """Bars as Code 128 has them, of some digits, which stand below."""
    chance = random.Random(f"bars {number}")
    digits = "".join(chance.choice("0123456789") for _ in range(chance.choice([8, 12, 13, 18])))
    widths = []
    for _ in range(len(digits) // 2 + 3):
        cuts = sorted(chance.sample(range(1, MODULES), 5))
        widths += [end - start for start, end in zip([0, *cuts], [*cuts, MODULES])]
    module = chance.randint(2, 4)
    picture = Image.new("RGB", (module * (sum(widths) + 20), chance.randint(140, 300)), WHITE)
    draw, x = ImageDraw.Draw(picture), module * 10
    for place, width in enumerate(widths):
        if place % 2 == 0:
            draw.rectangle([x, 12, x + module * width - 1, picture.height - 44], BLACK)
        x += module * width
    draw.text((picture.width // 4, picture.height - 38), digits, BLACK, font(fonts[0], 24))
    return picture


def line_art(_, number):
    """Strokes, arcs and outlines on white."""
    chance = random.Random(f"lines {number}")
    picture = Image.new("RGB", chance.choice([(500, 500), (600, 400), (400, 600)]), WHITE)
    draw = ImageDraw.Draw(picture)

    def point():
        return chance.randint(20, picture.width - 20), chance.randint(20, picture.height - 20)

    for _ in range(chance.randint(3, 14)):
        width = chance.randint(2, 7)
        (x1, y1), (x2, y2) = point(), point()
        box = [min(x1, x2), min(y1, y2), max(x1, x2) + 8, max(y1, y2) + 8]
        kind = chance.randrange(4)
        if kind == 0:
            draw.line([point() for _ in range(chance.randint(2, 6))], BLACK, width, "curve")
        elif kind == 1:
            start = chance.randrange(360)
            draw.arc(box, start, start + chance.randint(60, 330), BLACK, width)
        elif kind == 2:
            draw.ellipse(box, outline=BLACK, width=width)
        else:
            draw.rectangle(box, outline=BLACK, width=width)
    return picture


def app_screen(fonts, photographs, frames, number, first=0):
    """A photograph, each time another part of one, within one of so many screens of a program, the first of that
    number."""
    frame, chance = random.Random(f"frame {first + number % frames}"), random.Random(f"screen {number}")
    wide = frame.random() < 0.5
    width, height = (960, 600) if wide else (400, 720)
    dark = frame.random() < 0.4
    ground, ink = ((30, 30, 34), (235, 235, 235)) if dark else ((250, 250, 252), (20, 20, 24))
    colour = tuple(frame.randint(20, 220) for _ in range(3))
    picture = Image.new("RGB", (width, height), ground)
    draw, letters = ImageDraw.Draw(picture), font(fonts[0], 16)
    bar = frame.randint(44, 90)
    draw.rectangle([0, 0, width, bar], colour)
    draw.text((16, bar // 3), some(frame, 2)[:24], WHITE, font(fonts[0], 22))
    left = frame.choice([0, 150, 220]) if wide else 0
    for place in range(9 if left else 0):
        draw.text((14, bar + 20 + 46 * place), some(frame, 1)[:12], ink, letters)
    foot = frame.randint(50, 150)
    for place in range(5):
        x = width * (2 * place + 1) // 10
        draw.ellipse([x - 12, height - foot // 2 - 12, x + 12, height - foot // 2 + 12], colour)
    margin = frame.choice([0, 12, 30])
    size = width - left - 2 * margin, height - bar - foot - 2 * margin
    inside = corpus.view(photographs[number % len(photographs)], chance)
    picture.paste(inside.resize(size, Image.Resampling.LANCZOS), (left + margin, bar + margin))
    return picture


def meme(fonts, photographs, captions, number):
    """One of the photographs with one of so many captions above and below on it."""
    picture = photographs[number // captions % len(photographs)].copy()
    chance = random.Random(f"meme {number}")
    size = max(14, picture.width // 14)
    letters, draw = font(fonts[0], size), ImageDraw.Draw(picture)
    for y in (size // 2, picture.height - 2 * size):
        caption = some(chance, chance.randint(2, 5)).upper()[:22]
        draw.text((picture.width // 2, y), caption, WHITE, letters, "ma", stroke_width=3, stroke_fill=BLACK)
    return picture


def dark(photographs, number):
    """A photograph of a night: a part of one, nearly black, with a sensor's noise."""
    chance = random.Random(f"dark {number}")
    picture = corpus.view(photographs[number % len(photographs)], chance)
    picture.thumbnail((512, 512))
    picture = ImageEnhance.Brightness(picture).enhance(chance.uniform(0.03, 0.12))
    noise = Image.effect_noise(picture.size, chance.uniform(4, 16)).convert("RGB")
    return Image.blend(picture, noise, 0.04)


def nearly_empty(fonts, number):
    """A page of one colour, with noise, shaded, or with a line at its head or its foot."""
    chance = random.Random(f"nearly empty {number}")
    colour = tuple(chance.randint(0, 255) for _ in range(3))
    page = Image.new("RGB", (600, 800), chance.choice([WHITE, (250, 246, 235), colour]))
    kind = number % 5
    if kind == 1:
        noise = Image.effect_noise(page.size, chance.uniform(3, 12)).convert("RGB")
        page = Image.blend(page, noise, 0.2)
    elif kind == 2:
        shade = Image.linear_gradient("L").rotate(chance.choice([0, 90, 180, 270]))
        page = Image.blend(page, shade.resize(page.size).convert("RGB"), chance.uniform(0.1, 0.9))
    elif kind == 3:
        what = str(chance.randint(1, 400))
        ImageDraw.Draw(page).text((290, 740), what, (20, 20, 20), font(chance.choice(fonts), 20))
    elif kind == 4:
        letters = font(chance.choice(fonts), chance.randint(12, 22))
        ImageDraw.Draw(page).text((chance.randint(40, 120), 40), some(chance, 6)[:50], (20, 20, 20), letters)
    return page
