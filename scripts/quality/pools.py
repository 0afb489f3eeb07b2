"""Pools of pictures, and what every method has to know of each: made once, kept under build/, resumed.

A pool is a file of arrays, a row for each picture: cells[64][64][3], as the extension makes them of
the picture, the peers' hashes and numbers, and which picture it was made of, how, and of which group
it is. Pictures of one group are parts of one thing, and no strangers.
"""

import concurrent.futures
import functools
import io
import os
import random
import typing

import numpy as np
from PIL import Image

import changes
import corpus
import files
import network
import peers

# Of each photograph so many views: enough for 10⁸ pairs of those that are in one half.
VIEWS = 36
CELLS = 64
# Pictures at a time: what is lost when it is stopped, and what the network is given at once.
CHUNK = 35
BATCH = 8


class Original(typing.NamedTuple):
    """A picture that is made or read when it is wanted."""

    name: str
    group: int
    half: int
    load: typing.Callable[[], Image.Image]


class Job(typing.NamedTuple):
    """A picture of a pool: a view of an original, or a changed original, whose place among the views is source."""

    place: int
    view: int
    change: str
    source: int


def views(originals, count):
    return [Job(place, view, "", -1) for place in range(len(originals)) for view in range(count)]


def copies(places, names, count):
    """Each of these changes of each of these originals; they have so many views."""
    return [Job(place, 0, name, place * count) for place in places for name in names]


def sample(originals, count):
    """The places of so many of them, the same every time, in no order."""
    return random.Random(files.SEED).sample(range(len(originals)), min(count, len(originals)))


def made(job, picture):
    if job.change:
        chance = random.Random(f"{files.SEED} {job.change} {job.place}")
        return Image.open(io.BytesIO(changes.changed(picture, job.change, chance))).convert("RGB")
    if job.view:
        return corpus.view(picture, random.Random(f"{files.SEED} view {job.place} {job.view}"))
    return picture


@functools.lru_cache(64)
def areas(size):
    """[cell][place]: how much of a cell each of so many places is, where a cell may have parts of a place."""
    places = np.arange(size) * CELLS
    starts = np.arange(CELLS)[:, None] * size
    inside = np.minimum(places + CELLS, starts + size) - np.maximum(places, starts)
    return (np.maximum(inside, 0) / size).astype(np.float32)


def cells(picture):
    """64×64 means of the colours, [y][x][colour], as the extension has them."""
    values = np.asarray(picture, np.float32)
    rows = areas(len(values)) @ values.reshape(len(values), -1)
    found = areas(values.shape[1]) @ rows.reshape(CELLS, values.shape[1], 3)
    # A mean of whole numbers may be half of one, and lose a little to the sum.
    return np.floor(found + np.float32(0.5001)).astype(np.uint8)


@functools.lru_cache(1)
def loaded(place):
    return originals[place].load().convert("RGB")


@functools.lru_cache(1)
def running():
    return network.session(weights)


def seen(pictures):
    """What the extension and the hashes make of them."""
    return {"cells": np.stack([cells(one) for one in pictures]), **peers.hashes(pictures)}


def thought(pictures):
    """What the network makes of them: it takes longest, so it has files of its own."""
    return {"network": network.numbers(running(), pictures)}


def chunk(makes, jobs, file):
    """Makes the pictures of some jobs and keeps what is made of them."""
    found = []
    for start in range(0, len(jobs), BATCH):
        pictures = [made(job, loaded(job.place)) for job in jobs[start : start + BATCH]]
        found.append(makes(pictures))
    arrays = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    np.savez(file.with_suffix(".part.npz"), **arrays)
    file.with_suffix(".part.npz").rename(file)


def forked(all_originals, path):
    """What the processes find that are forked off, without being sent."""
    global originals, weights
    originals, weights = all_originals, path
    loaded.cache_clear()


def in_parts(whole, jobs, makes, say):
    """The arrays of all jobs, made on all cores; the parts are kept until the whole is."""
    parts = whole.with_suffix("")
    parts.mkdir(parents=True, exist_ok=True)
    chunks = [(jobs[n : n + CHUNK], parts / f"{n:06}.npz") for n in range(0, len(jobs), CHUNK)]
    missing = [one for one in chunks if not one[1].exists()]
    say(f"{whole.stem}: {len(jobs):,} pictures, {len(missing)} of {len(chunks)} parts to be made")
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as workers:
        makers = [makes] * len(missing)
        for number, _ in enumerate(workers.map(chunk, makers, *zip(*missing)) if missing else ()):
            if number % 40 == 39:
                say(f"  {whole.stem}: {number + 1} of {len(missing)} parts")
    arrays = [np.load(file) for _, file in chunks]
    yield {key: np.concatenate([part[key] for part in arrays]) for key in arrays[0].files}
    for _, file in chunks:
        file.unlink()
    parts.rmdir()


def make(folder, name, all_originals, jobs, path, say):
    """The pool as files, unless they are there: path is that of the network's weights, or None."""
    for whole, makes in ((folder / f"{name}.npz", seen), (folder / f"{name} network.npz", thought)):
        if whole.exists() or makes is thought and not path:
            continue
        forked(all_originals, path)
        for arrays in in_parts(whole, jobs, makes, say):
            if makes is seen:
                arrays |= described([all_originals[job.place] for job in jobs], jobs)
            np.savez(whole, **arrays)


def described(known, jobs):
    """Which picture each row is of, and how it was made."""
    return {
        **{key: np.array([getattr(one, key) for one in known]) for key in ("group", "half", "name")},
        **{key: np.array([getattr(job, key) for job in jobs]) for key in ("view", "change", "source")},
    }


def read(folder, name, with_network):
    """The arrays by name."""
    found = {}
    for file in [f"{name}.npz"] + [f"{name} network.npz"] * with_network:
        with np.load(folder / file) as arrays:
            found |= {key: arrays[key] for key in arrays.files}
    return found
