"""What is no photograph: icons, screenshots, set pages; and pages with next to nothing on them."""

import random

from PIL import Image, ImageDraw, ImageFont

import corpus
import drawings

# So many of each kind, of at least this size in pixels and this length in bytes.
COUNT = 120
LEAST_SIDE = 100
LEAST_BYTES = 8000
ICONS = "icons/oxygen/base/256x256"
SCREENSHOTS = ["jmeter", "gimp/2.0/help/en/images"]
# Not the fonts that were calibrated with.
FONTS = ["fonts/truetype/dejavu", "fonts/truetype/liberation"]
NEARLY_EMPTY = 40


def drawn(share, folders, chance, least_bytes=0):
    """Files of these folders in random order, on white."""
    files = [file for folder in folders for file in sorted((share / folder).rglob("*.png"))]
    files = [f for f in files if not f.is_symlink() and f.stat().st_size >= least_bytes]
    for file in chance.sample(files, len(files)):
        picture = drawings.on_white(file)
        if min(picture.size) >= LEAST_SIDE:
            yield str(file.relative_to(share)), picture


def pages(share):
    """As those that were calibrated with, but other pages in other fonts."""
    fonts = [str(file) for folder in FONTS for file in sorted((share / folder).glob("*.ttf"))]
    text = drawings.words()
    for number in range(2 * COUNT):
        yield f"page {number}", drawings.page(f"tested {number}", text, fonts)


def gather(share):
    """Lists of pictures by kind, none flat and no two alike."""
    chance = random.Random("graphics")
    kinds = {
        "icons": drawn(share, [ICONS], chance),
        "screenshots": drawn(share, SCREENSHOTS, chance, LEAST_BYTES),
        "text": pages(share),
    }
    found = {}
    for kind, candidates in kinds.items():
        pictures = corpus.distinct(candidates, [])
        found[kind] = [picture for (_, picture), _ in zip(pictures, range(COUNT))]
    return found


def nearly_empty(share):
    """Pages of one colour, with a scanner's noise, shaded, and with a number at the foot."""
    chance = random.Random("nearly empty")
    font = ImageFont.truetype(str(next((share / FONTS[0]).glob("DejaVuSans.ttf"))), 20)
    for number in range(NEARLY_EMPTY):
        colour = tuple(chance.randint(0, 255) for _ in range(3))
        page = Image.new("RGB", (600, 800), chance.choice([(255, 255, 255), (250, 246, 235), colour]))
        if number % 4 == 1:
            noise = Image.effect_noise(page.size, chance.uniform(3, 12)).convert("RGB")
            page = Image.blend(page, noise, 0.2)
        elif number % 4 == 2:
            shade = Image.linear_gradient("L").resize(page.size).convert("RGB")
            page = Image.blend(page, shade, chance.uniform(0.1, 0.9))
        elif number % 4 == 3:
            ImageDraw.Draw(page).text((290, 740), str(chance.randint(1, 400)), (20, 20, 20), font)
        yield page
