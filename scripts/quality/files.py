"""The files that the database is given: pictures to search, and changed ones to look for."""

import concurrent.futures
import io
import os
import random
import typing

import imagehash
import numpy
import pdqhash
from PIL import Image

import changes
import corpus

SEED = 1
QUERIES = 300
# Of each photograph the whole and so many parts of it are searched.
VIEWS = 25
# Peers get pictures reduced to this, as PDQ's authors advise.
HASHED_SIDE = 512
# Columns of a row, and their types.
COLUMNS = {
    "id": "int4", "kind": "text", "photo": "int4", "half": "int4", "source": "int4", "change": "text",
    "file": "bytea", "pdqhash": "text", "dhash": "text", "whash": "text",
}


class Original(typing.NamedTuple):
    """A picture as it is; pictures of one photo are parts of one photograph."""

    kind: str
    photo: int
    half: int
    picture: Image.Image


class Job(typing.NamedTuple):
    """A file to be made: a view of an original, or a changed original to look for."""

    id: int
    place: int
    view: int
    source: int | None
    change: str | None


def originals(photographs, graphics, nearly_empty):
    """All in a row, numbered by the list that is returned."""
    names = list(dict.fromkeys(corpus.photograph(name) for name in photographs))
    found = [
        Original("photographs", names.index(corpus.photograph(name)), corpus.half(name), picture)
        for name, picture in photographs.items()
    ]
    for kind, pictures in {**graphics, "nearly empty": nearly_empty}.items():
        # Neither half was calibrated on these: they are tested with both in turn.
        for picture in pictures:
            found.append(Original(kind, len(names) + len(found), len(found) % 2, picture))
    return found


def jobs(known):
    """What is searched comes first."""
    found, whole = [], {}
    for place, original in enumerate(known):
        whole[place] = len(found)
        for view in range(VIEWS if original.kind == "photographs" else 1):
            found.append(Job(len(found), place, view, None, None))
    places = [place for place, original in enumerate(known) if original.kind == "photographs"]
    sources = sorted(random.Random(SEED).sample(places, QUERIES))
    graphics = [p for p, o in enumerate(known) if o.kind not in ("photographs", "nearly empty")]
    for change in changes.CHANGES:
        for place in sources + (graphics if change in changes.OF_GRAPHICS else []):
            found.append(Job(len(found), place, 0, whole[place], change))
    return found


def bits(value):
    """Truth values as hexadecimal digits."""
    return numpy.packbits(numpy.asarray(value, bool).ravel()).tobytes().hex()


def hashes(file):
    """The peers' of a file."""
    picture = Image.open(io.BytesIO(file)).convert("RGB")
    picture.thumbnail((HASHED_SIDE, HASHED_SIDE), Image.Resampling.BOX)
    pdq, _ = pdqhash.compute(numpy.asarray(picture))
    return bits(pdq), bits(imagehash.dhash(picture).hash), bits(imagehash.whash(picture).hash)


def encoded(job, picture):
    if job.change:
        # Of its own, so that one query's crop does not hang on another's.
        chance = random.Random(f"{SEED} {job.change} {job.place}")
        return changes.changed(picture, job.change, chance)
    if job.view:
        picture = corpus.view(picture, random.Random(f"{SEED} view {job.place} {job.view}"))
    return changes.as_jpeg(picture, 95)


def row(job):
    original = known[job.place]
    file = encoded(job, original.picture)
    peers = hashes(file)
    return (
        job.id, original.kind, original.photo, original.half, job.source, job.change, file, *peers
    )


def rows(all_known, all_jobs, say):
    """A row for each job, made on all cores."""
    # Found by the processes that are forked off, without being sent.
    global known
    known = all_known
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as workers:
        for number, made in enumerate(workers.map(row, all_jobs, chunksize=16)):
            if number % 5000 == 0:
                say(f"  {number:,} of {len(all_jobs):,} files")
            yield made
