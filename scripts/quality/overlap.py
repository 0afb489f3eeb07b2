"""Which picture of the set a crop has most in common with, by the places alone.

Of each photograph the whole and parts of it are searched. A part may show more of a crop, and less else, than the whole
does: then no search that goes by how much two pictures show of the same puts the whole first.
"""

import random

import changes
import corpus
import files


def in_common(one, other):
    """The share that two boxes have in common of what they are together."""
    left, top, right, bottom = (choose(pair) for choose, pair in zip((max, max, min, min), zip(one, other)))
    common = max(0, right - left) * max(0, bottom - top)
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return common / (sum(areas) - common)


def rank(size, place, change):
    """How many parts of a photograph have as much in common with this crop of it as the whole has, and the whole."""
    crop = changes.kept(size, changes.CROPS[change], random.Random(f"{files.SEED} {change} {place}"))
    parts = (
        corpus.part(size, random.Random(f"{files.SEED} view {place} {view}")) for view in range(1, files.VIEWS)
    )
    whole = in_common(crop, (0, 0, *size))
    return 1 + sum(in_common(crop, part) >= whole for part in parts)


def ranks(known, jobs):
    """Of each kind of crop, the ranks of the wholes."""
    return {
        change: [rank(known[job.place].picture.size, job.place, change) for job in jobs
                 if job.change == change and known[job.place].kind == "photographs"]
        for change in changes.CROPS
    }
