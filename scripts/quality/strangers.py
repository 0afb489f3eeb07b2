"""How near strangers come: the distances of very many pairs of different pictures, and what follows.

The nearest hundredth of the pairs is kept, each with its distance, so that the tail is exact and not
fitted. What lies below its tenth nearest is continued as a power of the distance: with so few pairs
left nobody could tell more.
"""

import math

import numpy as np

# Rows of a block of a product, and the share of the pairs that is kept.
ROWS = 1024
KEPT = 0.01
# Pairs drawn to see how near that is.
DRAWN = 400_000
# Below the distance of so many pairs the share is continued, by the power that so many show.
CERTAIN, FITTED = 10, 1000
# The same of the strangers of one picture.
OWN_FITTED = 100
STEEPEST = 1000


def distances(squares):
    return np.sqrt(np.maximum(squares, 0))


def products(numbers, groups, allowed, rows=ROWS):
    """Blocks of (left places, right places, distances) of all pairs of different groups, each once.

    Two pictures are a pair if allowed[left] == allowed[right]: those of one half."""
    order = np.lexsort((groups, allowed))
    numbers, groups, allowed = numbers[order], groups[order], allowed[order]
    own = np.einsum("ij,ij->i", numbers, numbers)
    for start in range(0, len(order), rows):
        part = slice(start, start + rows)
        last = np.searchsorted(allowed, allowed[part][-1], "right")
        squares = own[part, None] + own[None, start:last] - 2 * (numbers[part] @ numbers[start:last].T)
        # Sorted by half and group: what comes later in the same half is of another group, or the same one.
        different = (groups[part, None] < groups[None, start:last]) & (
            allowed[part, None] == allowed[None, start:last]
        )
        yield order[part], order[start:last], different, squares


class Strangers:
    """The nearest pairs of different pictures, sorted, and how many there are in all."""

    def __init__(self, numbers, groups, allowed, unless=frozenset(), kept=KEPT):
        """Pairs of the groups in unless, as (lesser, greater), are not strangers."""
        within = self.reach(numbers, groups, allowed, kept)
        self.count, found = -self.listed(groups, allowed, unless), []
        listed = np.array([lesser << 32 | greater for lesser, greater in unless], np.int64)
        for left, right, different, squares in products(numbers, groups, allowed):
            self.count += int(different.sum())
            rows, columns = np.nonzero(different & (squares <= within))
            one, other = left[rows], right[columns]
            pairs = np.minimum(groups[one], groups[other]).astype(np.int64) << 32
            pairs |= np.maximum(groups[one], groups[other])
            strange = ~np.isin(pairs, listed)
            found.append((squares[rows, columns][strange], one[strange], other[strange]))
        squares, one, other = (np.concatenate(parts) for parts in zip(*found))
        order = np.argsort(squares, kind="stable")
        self.pairs = np.stack([one[order], other[order]], 1)
        self.distances = distances(squares[order])
        self.sharpen(numbers)
        self.power, self.anchor = self.tail()

    @staticmethod
    def listed(groups, allowed, unless):
        """How many pairs of pictures the pairs of groups in unless are."""
        return sum(
            int((groups[allowed == half] == one).sum()) * int((groups[allowed == half] == other).sum())
            for half in np.unique(allowed) for one, other in unless
        )

    @staticmethod
    def reach(numbers, groups, allowed, kept):
        """The squared distance within which about this share of the pairs lies."""
        chance = np.random.default_rng(1)
        one, other = chance.integers(0, len(numbers), (2, DRAWN))
        good = (groups[one] != groups[other]) & (allowed[one] == allowed[other])
        one, other = one[good], other[good]
        squares = np.concatenate([
            ((numbers[one[n : n + 2000]] - numbers[other[n : n + 2000]]) ** 2).sum(1)
            for n in range(0, len(one), 2000)
        ])
        return float(np.quantile(squares, min(1, kept)))

    def sharpen(self, numbers, count=2 * FITTED):
        """The nearest once more, from the differences: products lose what is near 0."""
        one, other = self.pairs[:count].T
        exact = np.sqrt(((numbers[one].astype(np.float64) - numbers[other]) ** 2).sum(1))
        order = np.argsort(exact, kind="stable")
        self.distances[:count], self.pairs[:count] = exact[order], self.pairs[:count][order]

    def tail(self):
        """The power of the distance, by Hill's estimate, and the distance from which down it is used."""
        fitted = self.distances[: min(FITTED, len(self.distances))]
        inner = fitted[(fitted > 0) & (fitted < fitted[-1])]
        if not len(inner) or len(self.distances) < CERTAIN:
            return math.inf, 0.0
        return float(1 / np.log(fitted[-1] / inner).mean()), float(self.distances[CERTAIN - 1])

    def radius(self, share):
        """The largest distance within which no more than this share of the pairs lies, of which there is one."""
        most = max(1, math.floor(share * self.count))
        value = self.distances[min(most, len(self.distances)) - 1]
        if np.searchsorted(self.distances, value, "right") > most:
            # As many more are as near: then it is below them.
            return float(np.nextafter(np.float32(value), np.float32(-1)))
        return float(value)

    def share(self, values):
        """Of the pairs that are as near as each of these distances, or nearer."""
        values = np.asarray(values, np.float64)
        found = np.searchsorted(self.distances, values, "right") / self.count
        if self.anchor > 0:
            below = values < self.anchor
            at_anchor = np.searchsorted(self.distances, self.anchor, "right") / self.count
            found[below] = at_anchor * (values[below] / self.anchor) ** self.power
        # Nothing is known of what lies beyond: it is no less.
        return found


def shares_of_each(squares, distances, counts):
    """For each query the share of its own strangers that are as near as its distance, or nearer.

    Squares has a row for each query, infinite where there is no stranger; counts says how many there are. A sky has
    more near strangers than a face: one share for all would count the sky's against the face. Below the
    tenth nearest the share is continued by the power that the nearest hundred show."""
    nearest = np.sort(np.partition(squares, OWN_FITTED, axis=1)[:, :OWN_FITTED], axis=1)
    nearest = np.sqrt(np.maximum(nearest, 0))
    reached = (squares <= (distances**2 * (1 - 1e-6) + 1e-6)[:, None]).sum(1)
    last, anchor = nearest[:, -1:], nearest[:, CERTAIN - 1]
    # Of bits many are equally far, and some not at all.
    least = 1e-6 * last + 1e-12
    logs = np.log(np.maximum(last, least) / np.maximum(nearest, least))
    powers = OWN_FITTED / np.maximum(logs.sum(1), OWN_FITTED / STEEPEST)
    below = CERTAIN / counts * np.minimum(1, distances / np.maximum(anchor, 1e-9)) ** powers
    return np.where(reached >= CERTAIN, reached / counts, below), reached


def expected(shares, pictures, among):
    """How probable it is that the right picture is among so many of a table of so many pictures.

    Each of the others is nearer with the probability in shares, by itself: how many are follows Poisson's
    law, and among the first n it is if at most n - 1 are."""
    mean = np.asarray(shares, np.float64) * pictures
    term, total = np.exp(-mean), np.zeros_like(mean)
    for number in range(among):
        total += term
        term = term * mean / (number + 1)
    return total
