"""Pictures that nobody took: shapes that cover each other, with textures in them.

"Dead leaves", as in Baradad and others, "Learning to See by Looking at Noise" (2021): what stands in a network's
training for the photographs that no package has.
"""

import random

import numpy as np
from PIL import Image, ImageDraw

SIDES = [(400, 300), (400, 267), (300, 400), (267, 400), (360, 360)]


def noise(chance, width, height):
    """Noise whose amplitude falls as a power of the frequency, 0 to 1: [y][x]."""
    numbers = np.random.default_rng(chance.getrandbits(32))
    across, down = np.fft.rfftfreq(width), np.fft.fftfreq(height)
    frequency = np.sqrt(across[None] ** 2 * chance.uniform(0.3, 3) + down[:, None] ** 2 * chance.uniform(0.3, 3))
    frequency[0, 0] = 1
    spectrum = numbers.normal(size=frequency.shape) + 1j * numbers.normal(size=frequency.shape)
    values = np.fft.irfft2(spectrum / frequency ** chance.uniform(0.6, 2.4), (height, width))
    values -= values.min()
    return values / max(values.max(), 1e-9)


def colour(chance):
    base = chance.randint(0, 255)
    spread = chance.choice([0, 20, 80, 160])
    return tuple(min(255, max(0, base + chance.randint(-spread, spread))) for _ in range(3))


def textured(chance, width, height):
    """Two colours and what lies between them, where noise says."""
    values = noise(chance, width, height)[:, :, None]
    one, other = np.array(colour(chance)), np.array(colour(chance))
    return Image.fromarray((one + (other - one) * values).astype(np.uint8))


def outline(chance, width, height, size):
    """A disc, a box or a polygon at a random place: what draws it, and with what."""
    x, y = chance.uniform(-0.1, 1.1) * width, chance.uniform(-0.1, 1.1) * height
    across, down = size * chance.uniform(0.4, 1), size * chance.uniform(0.4, 1)
    kind = chance.randrange(3)
    if kind == 0:
        return "ellipse", [x - across, y - down, x + across, y + down]
    if kind == 1:
        return "rectangle", [x - across, y - down, x + across, y + down]
    points = chance.randint(3, 8)
    angles = sorted(chance.uniform(0, 6.2832) for _ in range(points))
    return "polygon", [(x + across * np.cos(a), y + down * np.sin(a)) for a in angles]


def picture(number):
    """The picture of a number, always the same."""
    chance = random.Random(f"made up {number}")
    width, height = chance.choice(SIDES)
    ground = textured(chance, width, height)
    count = round(10 ** chance.uniform(0, 2.2))
    textures = [textured(chance, width, height) for _ in range(min(4, count))]
    largest = min(width, height) * chance.uniform(0.15, 0.6)
    flat = chance.random()
    for place in range(count):
        # A power law of sizes, large ones below.
        size = max(4, largest * (1 - place / count) ** 1.5 * chance.uniform(0.4, 1))
        shape, points = outline(chance, width, height, size)
        if chance.random() < flat:
            getattr(ImageDraw.Draw(ground), shape)(points, fill=colour(chance))
        else:
            mask = Image.new("L", (width, height))
            getattr(ImageDraw.Draw(mask), shape)(points, fill=255)
            ground.paste(chance.choice(textures), (0, 0), mask)
    return ground


def mixed(one, other, number):
    """Two pictures in one: laid over each other, side by side, or one in a part of the other."""
    chance = random.Random(f"mixed {number}")
    kind = chance.randrange(3)
    if kind == 0:
        return Image.blend(one, other.resize(one.size), chance.uniform(0.25, 0.75))
    width, height = one.size
    found = one.copy()
    if kind == 1:
        share = chance.uniform(0.3, 0.7)
        box = chance.choice([(0, 0, round(width * share), height), (0, 0, width, round(height * share))])
    else:
        across, down = chance.uniform(0.3, 0.8), chance.uniform(0.3, 0.8)
        left, top = round(chance.uniform(0, 1 - across) * width), round(chance.uniform(0, 1 - down) * height)
        box = (left, top, left + round(width * across), top + round(height * down))
    found.paste(other.resize((box[2] - box[0], box[3] - box[1])), box[:2])
    return found
