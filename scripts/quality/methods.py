"""What is compared, of the pictures of a pool: each method's numbers, and the distance between two.

All distances are Euclidean between rows of numbers, so that one product of matrices gives very many: of
bits it is the square root of how many differ, of patterns that of rows multiplied by their weights' roots.
"""

import functools
import typing

import numpy as np

import features
import prints

SIDE = 64
BATCH = 1000


class Method(typing.NamedTuple):
    """How it is called, its bytes, and its numbers of a pool and the layers: float32[picture][number]."""

    title: str
    size: int
    numbers: typing.Callable[[dict, list], np.ndarray]
    # What a distance is multiplied by to be shown, and whether it is the square that is shown.
    unit: float = 1
    squared: bool = False


def brightness(cells):
    """Of cells[picture][y][x][colour], stretched from 0 to 1: [picture][x][y]."""
    values = cells.astype(np.float32)
    values = np.sqrt((values * values).sum(3) / 3).transpose(0, 2, 1) / 255
    least = values.min((1, 2), keepdims=True)
    spread = values.max((1, 2), keepdims=True) - least
    return np.where(spread > 0, (values - least) / np.where(spread > 0, spread, 1), 0).astype(np.float32)


def patterns(grids):
    """Haar's transform of each: [picture][64][64]."""
    found, v = np.zeros_like(grids), grids
    n = SIDE // 2
    while n >= 1:
        p, q, r, s = v[:, 0::2, 0::2], v[:, 1::2, 0::2], v[:, 0::2, 1::2], v[:, 1::2, 1::2]
        found[:, n : 2 * n, :n] = (-p + q - r + s) / 4
        found[:, :n, n : 2 * n] = (-p - q + r + s) / 4
        found[:, n : 2 * n, n : 2 * n] = (p - q - r + s) / 4
        v = (p + q + r + s) / 4
        n //= 2
    found[:, 0, 0] = v[:, 0, 0]
    return found


def blocks(n):
    """The three of a level."""
    low, high = slice(0, n), slice(n, 2 * n)
    return (high, low), (low, high), (high, high)


def signatures(details):
    """[picture][16]."""
    found = []
    n, weight = SIDE // 4, 1
    while n >= 1:
        for rows, columns in blocks(n):
            found.append(weight * np.sqrt((details[:, rows, columns] ** 2).sum((1, 2))))
        n, weight = n // 2, 2 * weight
    return np.stack([*found, details[:, 0, 0]], 1)


@functools.cache
def neighbours(n):
    """[place][place]: how much one counts in the other's mean, where they are at most n/4 apart."""
    places = np.stack(np.meshgrid(range(n), range(n), indexing="ij"), 2).reshape(-1, 1, 2)
    apart = np.sqrt(((places - places.transpose(1, 0, 2)) ** 2).sum(2))
    weights = np.maximum(0, 1 - apart / (n / 4))
    return (weights / weights.sum(0)).astype(np.float32)


def shuffled(details):
    """The shuffled patterns, each number times the root of its weight in the distance: [picture][4096]."""
    found = details.copy()
    for n in (32, 16, 8, 4):
        weights = neighbours(n)
        for rows, columns in blocks(n):
            squares = (details[:, rows, columns] ** 2).reshape(len(details), -1)
            found[:, rows, columns] = np.sqrt(squares @ weights).reshape(-1, n, n)
    n = SIDE // 2
    while n >= 1:
        for rows, columns in blocks(n):
            found[:, rows, columns] *= np.sqrt(SIDE // 2 // n)
        n //= 2
    found[:, 0, 0] *= np.sqrt(SIDE)
    return found.reshape(len(found), -1)


def batched(make, cells):
    return np.concatenate([make(cells[n : n + BATCH]) for n in range(0, len(cells), BATCH)])


def without_shading(grids):
    """Less the surface of second degree that fits best."""
    x, y = np.meshgrid(*[np.arange(grids.shape[1]) - (grids.shape[1] - 1) / 2] * 2, indexing="ij")
    shades = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y]).reshape(6, -1).T
    axes = np.linalg.qr(shades)[0].astype(np.float32)
    flat = grids.reshape(len(grids), -1)
    return (flat - (flat @ axes) @ axes.T).reshape(grids.shape)


def details(pool):
    """pattern_detail of each: see detail() in scripts/fingerprint/reference.py."""

    def make(cells):
        grids = brightness(cells)
        noise = np.abs(patterns(grids)[:, 32:, 32:]).mean((1, 2))
        least = 0.05 * (grids.max((1, 2)) - grids.min((1, 2))) + 3 * noise
        coarse = features.shrunk(grids, 16)
        steep = []
        for one in (coarse, without_shading(coarse)):
            wide = np.pad(one, ((0, 0), (1, 1), (1, 1)), mode="edge")
            for slope in (wide[:, 2:, 1:-1] - wide[:, :-2, 1:-1], wide[:, 1:-1, 2:] - wide[:, 1:-1, :-2]):
                steep.append(np.abs(slope) > least[:, None, None])
        x, y = steep[0] & steep[2], steep[1] & steep[3]
        extent = np.minimum((x | y).any(1).sum(1), (x | y).any(2).sum(1)) - 2
        return np.minimum(100 * (x.sum((1, 2)) + y.sum((1, 2))) / 205, np.clip(10 * extent, 0, 100)).clip(0, 100)

    return batched(make, pool["cells"])


def fingerprints(pool, layers):
    """By the layers of the half that each picture is not in; of one set of layers, by these."""

    def make(cells):
        grids = brightness(cells)
        grids -= grids.mean((1, 2), keepdims=True)
        return np.stack(prints.of_grids(grids, layers), 1)

    both = batched(make, pool["cells"]).astype(np.float32) - 128
    wanted = 1 - pool["half"] if len(layers) == 2 else np.zeros(len(both), int)
    return both[np.arange(len(both)), wanted]


def of_patterns(make):
    return lambda pool, _: batched(lambda cells: make(patterns(brightness(cells))), pool["cells"])


def bits(name):
    return lambda pool, _: np.unpackbits(pool[name], axis=1).astype(np.float32)


# UNIT of src/fingerprint/mod.rs: how far in numbers is a distance of 1.
UNIT = 51.2
METHODS = {
    "fingerprint": Method("fingerprint", 32, fingerprints, 1 / UNIT),
    "shuffled": Method("shuffled patterns", 16384, of_patterns(shuffled)),
    "signature": Method("signature", 64, of_patterns(signatures)),
    "pdq": Method("PDQ", 32, bits("pdq"), squared=True),
    "phash": Method("phash", 8, bits("phash"), squared=True),
    "dhash": Method("dhash", 8, bits("dhash"), squared=True),
    "whash": Method("whash", 8, bits("whash"), squared=True),
    "network": Method("EfficientNet-Lite0", 5120, lambda pool, _: pool["network"]),
}
