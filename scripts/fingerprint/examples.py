"""Pictures and their changed selves: what a fingerprint is to see as one."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

import changes

# The longer side of a view: its cells are a few pixels wide, as with small pictures.
SIDE = 400
EDGES = [(0, 0, 0)] * 2 + [(255, 255, 255)] * 2 + [(128, 128, 128), (200, 30, 30)]


def cells(picture):
    """64×64 means of the colours: uint8[y][x][colour]."""
    return np.asarray(picture.convert("RGB").resize((64, 64), Image.Resampling.BOX))


def view(picture, chance):
    """A part of it, 25 to 95 % of each side."""
    share = chance.uniform(0.25, 0.95)
    width, height = round(picture.width * share), round(picture.height * share)
    left, top = chance.randint(0, picture.width - width), chance.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height))


def cropped(picture, chance, most=0.3):
    """Up to so much less of each side, often as much of both."""
    most = chance.uniform(0.02, most)
    less = most * chance.choice([1, 1, chance.uniform(0, 1)])
    across, down = chance.choice([(most, less), (less, most)])
    width = max(2, round(picture.width * (1 - across)))
    height = max(2, round(picture.height * (1 - down)))
    left, top = chance.randint(0, picture.width - width), chance.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height))


def reflected(picture):
    """With a quarter more on each side, mirrored."""
    across, down = picture.width // 4, picture.height // 4
    values = np.pad(np.asarray(picture), ((down, down), (across, across), (0, 0)), mode="symmetric")
    return Image.fromarray(values)


def turned(picture, chance, most=14):
    """The corners of one colour, mirrored, or cut away."""
    degrees = chance.choice([-1, 1]) * chance.uniform(1, most)
    corners = chance.randrange(8)
    if corners < 5:
        return picture.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=EDGES[corners])
    if corners == 5:
        wide = reflected(picture).rotate(degrees, Image.Resampling.BICUBIC)
        left, top = (wide.width - picture.width) // 2, (wide.height - picture.height) // 2
        return wide.crop((left, top, left + picture.width, top + picture.height))
    # Half of what a corner goes in; of a strip not more than a quarter.
    less = abs(degrees) / 114.6
    across = round(min(picture.height * less, picture.width / 4))
    down = round(min(picture.width * less, picture.height / 4))
    found = picture.rotate(degrees, Image.Resampling.BICUBIC)
    return found.crop((across, down, picture.width - across, picture.height - down))


def toned(picture, chance):
    """Brightness, contrast, gamma, or no colours."""
    kind = chance.randrange(5)
    if kind == 0:
        return ImageEnhance.Brightness(picture).enhance(chance.uniform(0.5, 1.7))
    if kind == 1:
        return ImageEnhance.Contrast(picture).enhance(chance.uniform(0.5, 1.7))
    if kind == 2:
        gamma = chance.choice([chance.uniform(0.45, 1), chance.uniform(1, 2.2)])
        return picture.point([round(255 * (value / 255) ** gamma) for value in range(256)] * 3)
    if kind == 3:
        return ImageEnhance.Color(picture).enhance(chance.uniform(0, 2.5))
    return ImageOps.grayscale(picture).convert("RGB")


def decoded(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


def encoded(picture, chance):
    return decoded(changes.as_jpeg(picture, round(10 ** chance.uniform(0.75, 1.5))))


def shrunk(picture, chance):
    """To a few pixels more than there are cells, and perhaps not in proportion."""
    sides = [max(64, round(side * chance.uniform(0.2, 0.7))) for side in picture.size]
    return picture.resize(sides, chance.choice([Image.Resampling.BILINEAR, Image.Resampling.LANCZOS]))


def noisy(picture, chance):
    noise = Image.effect_noise(picture.size, chance.uniform(10, 40)).convert("RGB")
    return Image.blend(picture, noise, chance.uniform(0.03, 0.2))


def blurred(picture, chance):
    return picture.filter(ImageFilter.GaussianBlur(max(picture.size) * chance.uniform(0.003, 0.016)))


def barred(picture, chance):
    """A bar from side to side or from top to bottom."""
    share, colour = chance.uniform(0.04, 0.18), chance.choice(EDGES + [(0, 0, 0)] * 3)
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
    thick = round(max(picture.size) * chance.uniform(0.01, 0.09))
    return ImageOps.expand(picture, thick, chance.choice(EDGES))


def letterboxed(picture, chance):
    """Between two bars beside it or, more often, above and below it."""
    share, colour = chance.uniform(0.03, 0.2), chance.choice(EDGES[:4])
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


def lettered(picture, chance):
    """Letters across it, half opaque, as a watermark: in full they are a caption, and another picture."""
    if chance.random() < 0.4:
        return changes.watermarked(picture)
    letters = ImageFont.load_default(max(8, round(picture.width * chance.uniform(0.05, 0.2))))
    text = "".join(chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ  ") for _ in range(chance.randint(3, 12)))
    mask = Image.new("L", picture.size)
    at = chance.uniform(0, 0.5) * picture.width, chance.uniform(0, 0.9) * picture.height
    ImageDraw.Draw(mask).text(at, text, chance.randint(60, 150), letters)
    marked = picture.copy()
    marked.paste(chance.choice(EDGES + [(255, 255, 255)] * 3), (0, 0), mask)
    return marked


# What is done, and how often: to photographs, and to what is no photograph.
PHOTOGRAPHS = {
    cropped: 9, turned: 7, toned: 4, encoded: 2.5, blurred: 2, barred: 5, bordered: 4, letterboxed: 3, with_logo: 2,
    lettered: 2.5, shrunk: 2, noisy: 1,
}
OTHERS = {
    lambda picture, chance: cropped(picture, chance, 0.12): 6, lambda picture, chance: turned(picture, chance, 4): 2,
    toned: 2, encoded: 4, blurred: 1, bordered: 1.5, shrunk: 4, noisy: 1,
}
# The same form with other words in it is near enough as it is.
FILLED = {
    lambda picture, chance: cropped(picture, chance, 0.06): 6, lambda picture, chance: turned(picture, chance, 1.5): 1,
    toned: 2, encoded: 4, blurred: 0.5, shrunk: 4, noisy: 1,
}
KINDS = dict.fromkeys(("photographs", "packaged", "mixed", "made up"), PHOTOGRAPHS)
KINDS |= dict.fromkeys(("forms", "memes", "app screens"), FILLED)


def changed(picture, chance, kinds):
    """One change, often two, sometimes three; and then perhaps JPEG once more."""
    count = chance.choice([1, 1, 1, 2, 2, 3])
    for kind in dict.fromkeys(chance.choices(list(kinds), list(kinds.values()), k=count)):
        picture = kind(picture, chance)
    if chance.random() < 0.4:
        picture = decoded(changes.as_jpeg(picture, chance.randint(8, 90)))
    return picture


def small(picture):
    found = picture.convert("RGB")
    found.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return found
