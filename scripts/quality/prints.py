"""Fingerprints by weights other than the extension's, and the distances between very many."""

import numpy as np

import features
import whole

NUMBERS = 32
SIDE = 64
LARGEST_SQUARE = NUMBERS * 254 * 254


def grids(patterns):
    """The brightness of the cells [pattern][x][y] less their mean: the inverse of Haar's transform."""
    details = np.array(patterns, np.float32).reshape(-1, SIDE, SIDE)
    values = np.zeros((len(details), 1, 1), np.float32)
    n = 1
    while n < SIDE:
        a, b = details[:, n : 2 * n, :n], details[:, :n, n : 2 * n]
        c = details[:, n : 2 * n, n : 2 * n]
        finer = np.empty((len(details), 2 * n, 2 * n), np.float32)
        finer[:, 0::2, 0::2] = values - a - b + c
        finer[:, 1::2, 0::2] = values + a - b - c
        finer[:, 0::2, 1::2] = values - a + b - c
        finer[:, 1::2, 1::2] = values + a + b + c
        values = finer
        n *= 2
    return values


def of(patterns, all_layers):
    """The 32 bytes of each pattern, by each of the layers: [layers][pattern][number]."""
    return of_grids(grids(patterns), all_layers)


def of_grids(found, all_layers):
    """The same of the brightness of the cells less their mean."""
    values = features.features(found)
    return [(whole.numbers(layers, values) + 128).astype(np.uint8) for layers in all_layers]


def squares(prints, photos, rows=500):
    """How many pairs of different photographs have each squared distance, before it is scaled."""
    order = np.argsort(photos, kind="stable")
    photos = photos[order]
    # Products of such numbers are exact in float32.
    numbers = prints[order].astype(np.float32) - 128
    own = (numbers * numbers).sum(1)
    counts = np.zeros(LARGEST_SQUARE + 1, np.int64)
    for start in range(0, len(numbers), rows):
        part = slice(start, start + rows)
        found = own[part, None] + own[None, start:] - 2 * numbers[part] @ numbers[start:].T
        different = photos[part, None] < photos[None, start:]
        counts += np.bincount(found[different].astype(np.int64), minlength=len(counts))
    return counts


def within(counts, share):
    """The squared distance within which this share of the pairs lies."""
    return int(np.searchsorted(np.cumsum(counts), max(1, share * counts.sum())))
