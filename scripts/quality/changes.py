"""What may happen to a picture before it is looked for."""

import io

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps


def resized(picture, width, height):
    size = max(1, round(picture.width * width)), max(1, round(picture.height * height))
    return picture.resize(size, Image.Resampling.LANCZOS)


def blurred(picture):
    return picture.filter(ImageFilter.GaussianBlur(max(picture.size) / 100))


def watermarked(picture):
    """White letters, half opaque, over four fifths of the width."""
    font = ImageFont.load_default(100)
    left, top, right, bottom = font.getbbox("SAMPLE")
    mask = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).text((-left, -top), "SAMPLE", 128, font)
    width = picture.width * 4 // 5
    mask = mask.resize((width, min(picture.height, mask.height * width // mask.width)))
    marked = picture.copy()
    at = (picture.width - mask.width) // 2, (picture.height - mask.height) // 2
    marked.paste((255, 255, 255), at, mask)
    return marked


def part(size, share, random):
    """Of a picture of this size a part at a random place, this share of both sides: left, top, right and bottom."""
    width, height = (round(side * share) for side in size)
    left, top = random.randint(0, size[0] - width), random.randint(0, size[1] - height)
    return left, top, left + width, top + height


def kept(size, share, random):
    """What is left without this share of both sides."""
    return part(size, 1 - share, random)


def cropped(picture, share, random):
    return picture.crop(kept(picture.size, share, random))


def rotated(picture, degrees):
    """At its size, black in the corners."""
    return picture.rotate(degrees, Image.Resampling.BICUBIC)


def barred(picture, random):
    """A black bar over it, an eighth of the height or of the width, from side to side."""
    marked, (width, height) = picture.copy(), picture.size
    if random.random() < 0.5:
        thick = round(height * 0.12)
        top = random.randint(0, height - thick)
        box = [0, top, width, top + thick - 1]
    else:
        thick = round(width * 0.12)
        left = random.randint(0, width - thick)
        box = [left, 0, left + thick - 1, height]
    ImageDraw.Draw(marked).rectangle(box, (0, 0, 0))
    return marked


def bordered(picture, colour):
    """A twentieth of the longer side more on every side."""
    return ImageOps.expand(picture, round(max(picture.size) * 0.05), colour)


def letterboxed(picture):
    """Black above and below it, an eighth of the height each."""
    return ImageOps.expand(picture, (0, round(picture.height * 0.12)), (0, 0, 0))


def with_gamma(picture, gamma):
    return picture.point([round(255 * (value / 255) ** gamma) for value in range(256)] * 3)


def with_logo(picture, random):
    """A disc with a square in it, a fifth of the shorter side, in a corner."""
    size = max(2, round(min(picture.size) * 0.2))
    left = random.choice([size // 6, picture.width - size - size // 6])
    top = random.choice([size // 6, picture.height - size - size // 6])
    colour = random.choice([(255, 255, 255), (200, 30, 30), (20, 20, 20), (30, 60, 200)])
    marked, inner = picture.copy(), size // 3
    draw = ImageDraw.Draw(marked)
    draw.ellipse([left, top, left + size, top + size], colour)
    draw.rectangle([left + inner, top + inner, left + 2 * inner, top + 2 * inner], (250, 220, 40))
    return marked


def brightened(picture, factor):
    return ImageEnhance.Brightness(picture).enhance(factor)


# Changes that take away so much of each side, and do nothing else.
CROPS = {"crop 5 %": 0.05, "crop 10 %": 0.10, "crop 20 %": 0.20}
# Name: what makes it of a picture, given a source of random numbers.
CHANGES = {
    "size × ¼": lambda picture, _: resized(picture, 0.25, 0.25),
    "width × ¾": lambda picture, _: resized(picture, 0.75, 1),
    "JPEG 10": lambda picture, _: picture,
    "blur": lambda picture, _: blurred(picture),
    "brightness × 1.4": lambda picture, _: brightened(picture, 1.4),
    "contrast × 1.4": lambda picture, _: ImageEnhance.Contrast(picture).enhance(1.4),
    "gamma 0.6": lambda picture, _: with_gamma(picture, 0.6),
    "gamma 1.6": lambda picture, _: with_gamma(picture, 1.6),
    "grey": lambda picture, _: ImageOps.grayscale(picture),
    "watermark": lambda picture, _: watermarked(picture),
    "logo": with_logo,
    "bar": barred,
    "border": lambda picture, random: bordered(picture, random.choice([(0, 0, 0), (255, 255, 255)])),
    "letterbox": lambda picture, _: letterboxed(picture),
    "crop 5 %": lambda picture, random: cropped(picture, CROPS["crop 5 %"], random),
    "crop 10 %": lambda picture, random: cropped(picture, CROPS["crop 10 %"], random),
    "crop 20 %": lambda picture, random: cropped(picture, CROPS["crop 20 %"], random),
    "rotated 3°": lambda picture, _: rotated(picture, 3),
    "rotated 10°": lambda picture, _: rotated(picture, 10),
    "crop 5 %, brighter": lambda picture, random: brightened(cropped(picture, 0.05, random), 1.3),
    "rotated 3°, crop 5 %": lambda picture, random: cropped(rotated(picture, 3), 0.05, random),
    "border, JPEG 10": lambda picture, _: bordered(picture, (0, 0, 0)),
    "mirrored": lambda picture, _: ImageOps.mirror(picture),
}
# The nine that a mean is taken of, and what is done to what is no photograph.
NINE = [
    "crop 5 %", "crop 10 %", "crop 20 %", "rotated 3°", "rotated 10°", "brightness × 1.4", "JPEG 10",
    "blur", "bar",
]
OF_GRAPHICS = ["JPEG 10", "size × ¼", "crop 5 %"]


def as_jpeg(picture, quality):
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def changed(picture, change, random):
    """The changed picture as a file: what is on its way is encoded once more."""
    return as_jpeg(CHANGES[change](picture, random), 10 if "JPEG 10" in change else 90)
