"""The nearest pairs of strangers, to look at: are they strangers?"""

import csv

import numpy as np
from PIL import Image

PAIRS, A_ROW, SIDE, GAP = 200, 10, 96, 8


def keep(folder, pool, pairs, distances):
    """A list of the nearest pairs of one pool, and sheets of a hundred pairs, each beside the other, from its cells."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "pairs.tsv", "w", newline="") as file:
        rows = csv.writer(file, delimiter="\t")
        for number, ((one, other), distance) in enumerate(zip(pairs[:PAIRS], distances)):
            rows.writerow([number, f"{distance:.3f}", pool["name"][one], pool["name"][other]])
    for start in range(0, min(PAIRS, len(pairs)), PAIRS // 2):
        shown = pairs[start : start + PAIRS // 2]
        down = -(-len(shown) // A_ROW)
        page = Image.new("RGB", (A_ROW * (2 * SIDE + GAP), down * (SIDE + GAP)), (255, 255, 255))
        for place, pair in enumerate(shown):
            left, top = place % A_ROW * (2 * SIDE + GAP), place // A_ROW * (SIDE + GAP)
            for beside, one in enumerate(pair):
                cells = Image.fromarray(np.asarray(pool["cells"][one]))
                page.paste(cells.resize((SIDE, SIDE)), (left + beside * SIDE, top))
        page.save(folder / f"{start:03}.png")
