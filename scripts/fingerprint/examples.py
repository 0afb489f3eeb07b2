"""Pictures and their changed selves: what a fingerprint is to see as one, and what as two."""

import io
import random

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

import changes

# Views of each photograph, and changed selves of each view.
VIEWS = 10
CHANGED = 7
# The longer side of a view: its cells are a few pixels wide, as with small pictures.
SIDE = 400
EDGES = [(0, 0, 0)] * 2 + [(255, 255, 255)] * 2 + [(128, 128, 128), (200, 30, 30)]


def grid(picture):
    """The brightness of 64×64 cells, [x][y]."""
    cells = picture.convert("RGB").resize((64, 64), Image.Resampling.BOX)
    values = np.asarray(cells, np.float64)
    return (np.sqrt((values * values).sum(2) / 3) / 255).astype(np.float32).T


def view(picture, chance):
    """A part of it, 25 to 95 % of each side."""
    share = chance.uniform(0.25, 0.95)
    width, height = round(picture.width * share), round(picture.height * share)
    left, top = chance.randint(0, picture.width - width), chance.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height))


def cropped(picture, chance):
    """Up to 27 % less of each side, often as much of both."""
    most = chance.uniform(0.02, 0.27)
    less = most * chance.choice([1, 1, chance.uniform(0.6, 1)])
    across, down = chance.choice([(most, less), (less, most)])
    width = max(2, round(picture.width * (1 - across)))
    height = max(2, round(picture.height * (1 - down)))
    left, top = chance.randint(0, picture.width - width), chance.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height))


def turned(picture, chance):
    degrees = chance.choice([-1, 1]) * chance.uniform(1, 12)
    corners = chance.choice([(0, 0, 0)] * 4 + [(255, 255, 255)])
    return picture.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=corners)


def toned(picture, chance):
    """Brightness, contrast, gamma, or no colours."""
    kind = chance.randrange(4)
    if kind == 0:
        return ImageEnhance.Brightness(picture).enhance(chance.uniform(0.6, 1.6))
    if kind == 1:
        return ImageEnhance.Contrast(picture).enhance(chance.uniform(0.6, 1.6))
    if kind == 2:
        gamma = chance.choice([chance.uniform(0.5, 1), chance.uniform(1, 2)])
        return picture.point([round(255 * (value / 255) ** gamma) for value in range(256)] * 3)
    return ImageOps.grayscale(picture).convert("RGB")


def decoded(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


def encoded(picture, chance):
    return decoded(changes.as_jpeg(picture, chance.randint(8, 30)))


def blurred(picture, chance):
    return picture.filter(ImageFilter.GaussianBlur(max(picture.size) * chance.uniform(0.003, 0.015)))


def barred(picture, chance):
    """A bar from side to side or from top to bottom."""
    share, colour = chance.uniform(0.05, 0.18), chance.choice(EDGES)
    marked = picture.copy()
    draw = ImageDraw.Draw(marked)
    width, height = picture.size
    if chance.random() < 0.5:
        thick = max(1, round(height * share))
        top = chance.randint(0, height - thick)
        draw.rectangle([0, top, width, top + thick - 1], colour)
    else:
        thick = max(1, round(width * share))
        left = chance.randint(0, width - thick)
        draw.rectangle([left, 0, left + thick - 1, height], colour)
    return marked


def bordered(picture, chance):
    thick = round(max(picture.size) * chance.uniform(0.01, 0.08))
    return ImageOps.expand(picture, thick, chance.choice(EDGES))


def letterboxed(picture, chance):
    """Between two bars beside it or, more often, above and below it."""
    share, colour = chance.uniform(0.04, 0.16), chance.choice(EDGES[:4])
    beside = chance.random() < 0.3
    thick = round((picture.width if beside else picture.height) * share)
    return ImageOps.expand(picture, (thick, 0) if beside else (0, thick), colour)


def with_logo(picture, chance):
    """A disc with a square in it, in a corner."""
    size = max(2, round(min(picture.size) * chance.uniform(0.1, 0.25)))
    left = chance.choice([size // 6, picture.width - size - size // 6])
    top = chance.choice([size // 6, picture.height - size - size // 6])
    colour = chance.choice([(255, 255, 255), (200, 30, 30), (20, 20, 20), (30, 60, 200)])
    marked = picture.copy()
    draw = ImageDraw.Draw(marked)
    draw.ellipse([left, top, left + size, top + size], colour)
    inner = size // 3
    draw.rectangle([left + inner, top + inner, left + 2 * inner, top + 2 * inner], (250, 220, 40))
    return marked


def watermarked(picture, _):
    return changes.watermarked(picture)


# What is done, how often, and how much such a pair counts.
KINDS = {
    cropped: (8, 1),
    turned: (6, 1),
    toned: (4, 1.5),
    encoded: (1.5, 1.5),
    blurred: (1.5, 1.5),
    barred: (2.5, 7),
    bordered: (2.5, 1),
    letterboxed: (2, 1),
    with_logo: (1.2, 1),
    watermarked: (0.6, 3),
}


def changed(picture, chance):
    """One change, or two in three of ten cases, and the product of what they count."""
    often = [share for share, _ in KINDS.values()]
    weight = 1
    kinds = set()
    for _ in range(2 if chance.random() < 0.3 else 1):
        kind = chance.choices(list(KINDS), often)[0]
        picture = kind(picture, chance)
        kinds.add(kind)
    for kind in kinds:
        weight *= KINDS[kind][1]
    if chance.random() < 0.3:
        picture = decoded(changes.as_jpeg(picture, chance.randint(30, 90)))
    return grid(picture), weight


def small(picture):
    found = picture.copy()
    found.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return found


def of(job):
    """The grids of a picture's views, of their changed selves, and what each pair counts."""
    name, picture, count = job
    chance = random.Random(f"calibrate {name}")
    views = [small(picture)] + [small(view(picture, chance)) for _ in range(count - 1)]
    pairs = [[changed(one, chance) for _ in range(CHANGED)] for one in views]
    others = np.array([[grid for grid, _ in row] for row in pairs])
    weights = np.array([[weight for _, weight in row] for row in pairs])
    return np.array([grid(one) for one in views]), others, weights
