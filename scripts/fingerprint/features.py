"""The features of many pictures at once: what definition.md says, in whatever order is fast."""

import numpy as np

LEVELS = ((64, 8), (32, 8), (16, 4))
LOW = 8
# Eight directions in each window, and the coarse cells.
FEATURES = 8 * sum(count * count for _, count in LEVELS) + LOW * LOW


def shrunk(grids, n):
    """The means of n×n cells."""
    size = grids.shape[1] // n
    return grids.reshape(len(grids), n, size, n, size).mean((2, 4))


def windows(n, count):
    """[place][window]: a tent over the windows' centres."""
    places = (np.arange(n) + 0.5) * count / n - 0.5
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(count))).astype(np.float32)


def gathered(slope, tent):
    """Both signs of a slope, summed by windows: [picture][window x][window y][sign]."""
    n, count = tent.shape
    found = []
    for part in (np.maximum(slope, 0), np.maximum(-slope, 0)):
        along_y = (part.reshape(-1, n) @ tent).reshape(-1, n, count)
        found.append(np.matmul(tent.T, along_y))
    return np.stack(found, 3)


def gradients(grids, count):
    """The square roots of the gradients by window and direction."""
    wide = np.pad(grids, ((0, 0), (1, 1), (1, 1)), mode="edge")
    x, y = wide[:, 2:, 1:-1] - wide[:, :-2, 1:-1], wide[:, 1:-1, 2:] - wide[:, 1:-1, :-2]
    steepness = np.abs(x) + np.abs(y)
    share = 1 / (steepness + 2 * steepness.mean((1, 2), keepdims=True) + np.float32(1e-12))
    x, y = x * share, y * share
    tent = windows(grids.shape[1], count)
    half = np.float32(0.5**0.5)
    found = [gathered(slope, tent) for slope in (x, (x + y) * half, y, (y - x) * half)]
    values = np.concatenate(found, 3).reshape(len(grids), -1)
    total = values.sum(1, keepdims=True)
    return np.sqrt(values * (values.shape[1] / np.maximum(total, 1e-18)))


def lows(grids):
    """The signed square roots of the coarse cells about their mean."""
    values = grids.reshape(len(grids), -1)
    values = values - values.mean(1, keepdims=True)
    norm = np.sqrt((values * values).sum(1, keepdims=True))
    values = values * (LOW / np.maximum(norm, 1e-15))
    return np.copysign(np.sqrt(np.abs(values)), values)


def features(grids, batch=200):
    """[picture][feature] of brightness grids [picture][x][y]."""
    found = []
    for start in range(0, len(grids), batch):
        part = np.asarray(grids[start : start + batch], np.float32)
        parts = [gradients(shrunk(part, n), count) for n, count in LEVELS]
        found.append(np.concatenate([*parts, lows(shrunk(part, LOW))], 1))
    return np.concatenate(found).astype(np.float32)
