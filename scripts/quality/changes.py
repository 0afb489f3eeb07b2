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


def cropped(picture, share, random):
    """Without this share of the width and of the height, from any sides."""
    width, height = round(picture.width * (1 - share)), round(picture.height * (1 - share))
    left, top = random.randint(0, picture.width - width), random.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height))


def rotated(picture, degrees):
    """At its size, black in the corners."""
    return picture.rotate(degrees, Image.Resampling.BICUBIC)


# Name: what makes it of a picture, given a source of random numbers.
CHANGES = {
    "size × ¼": lambda picture, _: resized(picture, 0.25, 0.25),
    "width × ¾": lambda picture, _: resized(picture, 0.75, 1),
    "JPEG 10": lambda picture, _: picture,
    "blur": lambda picture, _: blurred(picture),
    "brightness × 1.4": lambda picture, _: ImageEnhance.Brightness(picture).enhance(1.4),
    "contrast × 1.4": lambda picture, _: ImageEnhance.Contrast(picture).enhance(1.4),
    "grey": lambda picture, _: ImageOps.grayscale(picture),
    "watermark": lambda picture, _: watermarked(picture),
    "crop 5 %": lambda picture, random: cropped(picture, 0.05, random),
    "crop 10 %": lambda picture, random: cropped(picture, 0.10, random),
    "crop 20 %": lambda picture, random: cropped(picture, 0.20, random),
    "rotated 3°": lambda picture, _: rotated(picture, 3),
    "rotated 10°": lambda picture, _: rotated(picture, 10),
    "mirrored": lambda picture, _: ImageOps.mirror(picture),
}


def as_jpeg(picture, quality):
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def changed(picture, change, random):
    """The changed picture as a file: what is on its way is encoded once more."""
    return as_jpeg(CHANGES[change](picture, random), 10 if change == "JPEG 10" else 90)
