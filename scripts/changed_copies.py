"""Changed copies of a dozen photographs, for the demo.

    changed_copies.py PHOTOGRAPHS OUT

They go to OUT as 1.jpg, 2.jpg, ..., and OUT/copies.tsv says of each its name, the
photograph it was made of, and the change. The changes are those of scripts/quality.
"""

import os
import random
import sys

from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "quality"))
from changes import changed  # noqa: E402

# Of scikit-image's pictures, photographs and no two of the same thing.
PHOTOGRAPHS = [
    "astronaut.png", "camera.png", "chelsea.png", "clock_motion.png", "coffee.png", "coins.png",
    "hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg",
]
CHANGES = [
    "crop 10 %", "rotated 3°", "mirrored", "brightness × 1.4", "watermark", "size × ¼", "JPEG 10",
    "rotated 3°, crop 5 %",
]


def main():
    photographs, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    numbers = random.Random(1)
    with open(os.path.join(out, "copies.tsv"), "w", encoding="utf-8") as table:
        number = 0
        for name in PHOTOGRAPHS:
            path = os.path.join(photographs, name)
            if not os.path.exists(path):
                continue
            with Image.open(path) as file:
                photograph = file.convert("RGB")
            for change in CHANGES:
                number += 1
                with open(os.path.join(out, f"{number}.jpg"), "wb") as copy:
                    copy.write(changed(photograph, change, numbers))
                table.write(f"{number}.jpg\t{name}\t{change}\n")
    print(f"{number} copies")


main()
