"""What other programs make of a picture: hashes of PyPI's."""

import imagehash
import numpy as np
import pdqhash
from PIL import Image

# Hashes get pictures reduced to this, as PDQ's authors advise.
HASHED_SIDE = 512
# Cells along each side whose means whash takes: the coarse ones that it looks at are means of those anyway.
WAVELET_SIDE = 64


def bits(value):
    """Truth values as bytes."""
    return np.packbits(np.asarray(value, bool).ravel())


def hashed(picture):
    """By name, of a picture."""
    small = picture.copy()
    small.thumbnail((HASHED_SIDE, HASHED_SIDE), Image.Resampling.BOX)
    pdq, _ = pdqhash.compute(np.asarray(small))
    grey = small.convert("L")
    return {
        "pdq": bits(pdq),
        "phash": bits(imagehash.phash(grey).hash),
        "dhash": bits(imagehash.dhash(grey).hash),
        "whash": bits(imagehash.whash(grey, image_scale=WAVELET_SIDE).hash),
    }


def hashes(pictures):
    """Arrays by name, a row for each picture."""
    rows = [hashed(picture) for picture in pictures]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}
