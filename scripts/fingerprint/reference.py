"""The fingerprint and the detail of a pattern, in numpy, operation by operation as the extension has it.

Every operation on the features is one of + - * / sqrt, max and floor on float32 in a stated order, and behind them all
numbers are whole, so the answer is the same everywhere. Prints golden.tsv of tests/fixtures/fingerprint again:

    python scripts/fingerprint/reference.py LAYERS tests/fixtures/fingerprint
"""

import pathlib
import sys

import numpy as np

import whole

SIDE = 64
# Cells along each side of the grid, and windows along each side that its gradients are gathered in.
LEVELS = ((64, 8), (32, 8), (16, 4))
LOW = 8
CHANNELS = 8
FEATURES = CHANNELS * sum(windows * windows for _, windows in LEVELS) + LOW * LOW
F = np.float32
ROOT_HALF = F(0.70710678)


def grids(details):
    """The means of the cells of 8, 16, 32 and 64 along each side, [x][y], less the picture's mean."""
    v = np.zeros((1, 1), F)
    found = {}
    n = 1
    while n < SIDE:
        a, b, c = details[n : 2 * n, :n], details[:n, n : 2 * n], details[n : 2 * n, n : 2 * n]
        finer = np.empty((2 * n, 2 * n), F)
        finer[0::2, 0::2] = v - a - b + c
        finer[1::2, 0::2] = v + a - b - c
        finer[0::2, 1::2] = v - a + b - c
        finer[1::2, 1::2] = v + a + b + c
        v = finer
        n *= 2
        found[n] = v
    return found


def slopes(grid):
    """The differences of both neighbours along x and along y; beyond an edge, of the cell at the edge."""
    wide = np.pad(grid, 1, mode="edge")
    return wide[2:, 1:-1] - wide[:-2, 1:-1], wide[1:-1, 2:] - wide[1:-1, :-2]


def total(values):
    """The sum of a multiple of eight numbers: eight lanes, each in order, then the lanes in order."""
    lanes = np.zeros(8, F)
    for row in values.reshape(-1, 8):
        lanes += row
    found = F(0)
    for lane in lanes:
        found += lane
    return found


def evened(x, y):
    """Slopes in proportion to their own steepness and twice the picture's mean: from -1 to 1."""
    steepness = np.abs(x) + np.abs(y)
    sum_of_all = total(steepness)
    if sum_of_all < F(2.0**-60):
        return np.zeros_like(x), np.zeros_like(y)
    share = F(1) / (steepness + sum_of_all / F(steepness.size // 2))
    return x * share, y * share


def directions(grid):
    """How steep it is towards each of eight directions: [x][y][direction]."""
    x, y = evened(*slopes(grid))
    zero = F(0)
    found = []
    for slope in (x, (x + y) * ROOT_HALF, y, (y - x) * ROOT_HALF):
        found += [np.maximum(slope, zero), np.maximum(-slope, zero)]
    return np.stack(found, 2)


def shares(n, windows):
    """For each place the windows that it belongs to, with their weights: a tent over two windows."""
    size = n // windows
    for place in range(n):
        # In 1/(2 size), exactly.
        at = 2 * place + 1 - size
        below = at // (2 * size)
        upper = F((at - below * 2 * size) / (2 * size))
        for window, weight in ((below, F(1) - upper), (below + 1, upper)):
            if 0 <= window < windows:
                yield place, window, weight


def gathered(channels, windows):
    """Summed by windows, along y and then along x, each from its first place to its last."""
    n = len(channels)
    along_y = np.zeros((n, windows, CHANNELS), F)
    for place, window, weight in shares(n, windows):
        along_y[:, window] += weight * channels[:, place]
    found = np.zeros((windows, windows, CHANNELS), F)
    for place, window, weight in shares(n, windows):
        found[window] += weight * along_y[place]
    return found.reshape(-1, CHANNELS)


def rooted(values):
    """Scaled to a mean of 1, and the square root."""
    sum_of_all = total(values)
    if sum_of_all < F(2.0**-60):
        return np.zeros(values.size, F)
    return np.sqrt(values.reshape(-1) * (F(values.size) / sum_of_all))


def rooted_signed(values):
    """Scaled to a mean square of 1, and the square root with the sign kept."""
    sum_of_squares = total(values * values)
    if sum_of_squares < F(2.0**-100):
        return np.zeros(values.size, F)
    scaled = values.reshape(-1) * (F(LOW) / np.sqrt(sum_of_squares))
    return np.copysign(np.sqrt(np.abs(scaled)), scaled)


def tamed(pattern):
    """The pattern's details, brought near 1 by a power of two where they are out of all proportion."""
    details = np.array(pattern, F).reshape(SIDE, SIDE)
    details[0, 0] = 0
    largest = np.abs(details).max()
    if largest > F(2.0**40):
        details *= F(2.0**-90)
    elif largest < F(2.0**-40):
        details *= F(2.0**90)
    return details


def features(pattern):
    """What the layers take: 1,216 numbers; all 0 for a pattern without details."""
    found = grids(tamed(pattern))
    parts = [rooted(gathered(directions(found[n]), windows)) for n, windows in LEVELS]
    return np.concatenate([*parts, rooted_signed(found[LOW])])


# A slope of the 16x16 grid counts if it is more than this share of the range of the 64x64 grid, and so many
# times the mean size of the finest diagonal details besides, which is what noise comes to. FULL of them
# make 100, if they are in FULL_EXTENT rows and columns besides the LINE that a line of text may take up.
LEAST_SLOPE = F(0.05)
NOISE = F(3)
FULL, LINE, FULL_EXTENT = 205, 2, 10
COARSE = 16


def without_shading(grid):
    """Less the surface of second degree that fits best, summed column by column."""
    line = np.arange(COARSE, dtype=F) - F(COARSE - 1) / F(2)
    bow = line * line - F(COARSE * COARSE - 1) / F(12)
    one = np.ones(COARSE, F)
    found = grid.copy()
    shades = [np.outer(*pair).astype(F) for pair in ((line, one), (one, line), (bow, one), (one, bow), (line, line))]
    factors = []
    for shade in shades:
        factor = F(0)
        for product in (grid * shade).ravel():
            factor += product
        factors.append(factor / F((shade.astype(float) ** 2).sum()))
    for factor, shade in zip(factors, shades):
        found -= factor * shade
    return found


def detail(pattern):
    """How much there is to recognise, from 0 to 100: the slopes that stand out from the noise."""
    details = tamed(pattern)
    found = grids(details)
    spread = found[SIDE].max() - found[SIDE].min()
    least = LEAST_SLOPE * spread + NOISE * (total(np.abs(details[32:, 32:])) / F(1024))
    both = zip(slopes(found[COARSE]), slopes(without_shading(found[COARSE])))
    x, y = ((np.abs(slope) > least) & (np.abs(unshaded) > least) for slope, unshaded in both)
    extent = max(0, min((x | y).any(1).sum(), (x | y).any(0).sum()) - LINE)
    return min(F(100), F(100 * (x.sum() + y.sum())) / F(FULL), F(100 * extent) / F(FULL_EXTENT))


def fingerprint(pattern, layers):
    """The 32 bytes: each is the number, rounded and kept within -127 and 127, plus 128."""
    return bytes((whole.numbers(layers, features(pattern)[None])[0] + 128).astype(np.uint8))


def main():
    layers, folder = whole.read(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2])
    names = [line.split("\t")[0] for line in (folder / "golden.tsv").read_text().splitlines()]
    patterns = np.fromfile(folder / "patterns.bin", "<f4").reshape(len(names), SIDE * SIDE)
    for name, pattern in zip(names, patterns):
        print(f"{name}\t{fingerprint(pattern, layers).hex()}\t{detail(pattern):.6f}")


if __name__ == "__main__":
    main()
