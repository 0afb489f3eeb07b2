"""The tables."""

import math

import changes
import measure
import prints

# What the tables show, by the column that has it.
NAMES = {
    "fingerprint": "fingerprint",
    "shuffled": "shuffled, all",
    "shuffled_1000": "shuffled, N = 1,000",
    "shuffled_100": "shuffled, N = 100",
    "shuffled_20": "shuffled, N = 20",
    "pattern": "plain, all",
    "pattern_1000": "plain, N = 1,000",
    "pattern_100": "plain, N = 100",
    "pattern_20": "plain, N = 20",
    "signature": "signature",
    "phash": "phash",
    "pdqhash": "PDQ",
    "dhash": "dhash",
    "whash": "whash",
}
PEERS = [name for name in NAMES if name != "fingerprint"]
# What a user would choose among, how it is called there, and its bytes.
CHOICES = {
    "fingerprint": ("**fingerprint**", 32),
    "shuffled": ("all shuffled patterns", 16384),
    "shuffled_100": ("two stages, shuffled, N = 100", 16384 + 64),
    "pattern": ("all patterns", 16384),
    "signature": ("signature", 64),
    "phash": ("phash", 8),
    "pdqhash": ("PDQ (PyPI pdqhash)", 32),
    "dhash": ("dhash (PyPI imagehash)", 8),
    "whash": ("whash (PyPI imagehash)", 8),
}
SHOWN = ["crop 10 %", "rotated 10°", "brightness × 1.4", "bar", "border", "watermark"]
KINDS = ["icons", "screenshots", "text"]
# Distances that might mean "the same picture".
THRESHOLDS = {
    "shipped": (0.7, 1.0, 1.4),
    "signature": (0.3, 0.5, 0.7),
    "pattern": (1, 1.5, 2),
    "shuffled": (0.8, 1.1, 1.5),
    "phash": (10, 14, 18),
    "pdqhash": (30, 60, 90),
}
SHARES = [10.0**-power for power in range(1, 9)]
DETAIL = 15


def half_width(hits, count):
    """Half of Wilson's interval at 95 %."""
    z, p = 1.96, hits / count
    return z / (1 + z * z / count) * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |\n"


def head(*cells):
    return row(*cells) + "|" + "---|" * len(cells) + "\n"


def number(name, value):
    return f"{value:.0f}" if name.endswith("hash") else f"{value:.2f}"


class Found:
    """Ranks, distances and times as the database has them."""

    def __init__(self, connection, made, compared, eight, places):
        self.made, self.compared, self.eight, self.places = made, compared, eight, places
        self.ranks = {}
        for one in measure.ranks(connection):
            self.ranks.setdefault((one["kind"], one["change"]), []).append(one)
        self.own = measure.own(connection)
        self.pairs = measure.pairs(connection)
        self.details = measure.details(connection)
        self.unit = measure.unit(connection)
        self.searched = {
            kind: len(values) for kind, values in self.details.items() if kind != "nearly empty"
        }
        self.counts = {least: self.squares(connection, least) for least in (0, DETAIL)}

    def squares(self, connection, least):
        """How many pairs of different photographs, of so much detail at least, are how far apart."""
        return prints.squares(*measure.shipped(connection, least))

    def recall(self, name, change, within, kind="photographs", half=None):
        """In percent."""
        ranks = [
            one[name] for one in self.ranks[kind, change] if half is None or one["half"] == half
        ]
        return 100 * sum(rank is not None and rank <= within for rank in ranks) / len(ranks)

    def mean(self, name, within, names=changes.NINE):
        return sum(self.recall(name, change, within) for change in names) / len(names)

    def distance(self, share, least=DETAIL):
        """Within which this share of the pairs lies."""
        return self.unit * math.sqrt(prints.within(self.counts[least], share))

    def below(self, name, change, threshold):
        """The share of a change's queries, in percent, that are as near to their source as that."""
        values = self.own[name][change]
        return 100 * sum(value <= threshold for value in values) / len(values)


def both(found, name, change):
    return f"{found.recall(name, change, 1):.0f} / {found.recall(name, change, 10):.0f}"


def means(found, name, names=changes.NINE):
    return f"{found.mean(name, 1, names):.1f} / {found.mean(name, 10, names):.1f}"


def best_peer(found, within):
    return max(found.mean(name, within) for name in PEERS)


def compared(found, name):
    """Seconds to compare one with a million, of two stages the first and the candidates of the second."""
    method, _, breadth = name.partition("_")
    if breadth:
        return found.compared["signature"] * 1e6 + found.compared[method] * int(breadth)
    return found.compared["shipped" if method == "fingerprint" else method] * 1e6


def opening(found):
    """The table for ten seconds."""
    out = head("found by", "bytes", "a million compared", "nine changes: at 1 / at 10", *SHOWN)
    for name, (title, size) in CHOICES.items():
        time = compared(found, name)
        out += row(
            title, f"{size:,}", f"{time:.1f} s" if time >= 0.95 else f"{1000 * time:.0f} ms",
            means(found, name), *(f"{found.recall(name, change, 1):.0f}" for change in SHOWN),
        )
    return out


def headline(found):
    """What the fingerprint is held to."""
    out = f"The fingerprint's mean of the nine: {means(found, 'fingerprint')}; above the best peer's: "
    out += " / ".join(
        f"{found.mean('fingerprint', n) - best_peer(found, n):+.1f}" for n in (1, 10)
    )
    out += f". By the shipped weights: {means(found, 'shipped')}"
    others = [name for name in changes.CHANGES if name not in (*changes.NINE, "mirrored")]
    out += f".\n\nThe mean of the other changes, but mirrored: {means(found, 'fingerprint', others)}"
    return out + ".\n\n" + opening(found)


def recalls(found):
    names = list(NAMES)
    out = "Recall at 1 / at 10, in percent, by the weights of the other half of the photographs:\n\n"
    out += head("change", *(NAMES[name] for name in names), "fingerprint, shipped")
    names.append("shipped")
    for change in changes.CHANGES:
        out += row(change, *(both(found, name, change) for name in names))
    return out + row("*mean of nine*", *(means(found, name) for name in names))


def by_places(found):
    out = "Sorted by how much two pictures show of the same, by their places alone, at 1 / at 10: "
    return out + ", ".join(
        f"{change} " + " / ".join(f"{100 * sum(rank <= n for rank in ranks) / len(ranks):.0f}" for n in (1, 10))
        for change, ranks in found.places.items()
    ) + "\n"


def against_peers(found):
    out = "The fingerprint against the best peer for each change, in points of recall at 1 and at 10:\n\n"
    out += head("change", "at 1", "best peer", "at 10", "best peer")
    for change in changes.CHANGES:
        cells = []
        for within in (1, 10):
            best = max(PEERS, key=lambda name: found.recall(name, change, within))
            less = found.recall("fingerprint", change, within) - found.recall(best, change, within)
            cells += [f"{less:+.1f}", NAMES[best] if less <= 0 else "–"]
        out += row(change, *cells)
    return out


def of_graphics(found):
    names = ["fingerprint", "shuffled", "pattern", "signature", "phash", "pdqhash", "dhash", "whash"]
    out = "What is no photograph: recall at 1 under " + ", ".join(changes.OF_GRAPHICS) + ":\n\n"
    out += head("kind", *(NAMES[name] for name in names))
    for kind in KINDS:
        out += row(f"{found.searched[kind]} {kind}", *(
            " / ".join(f"{found.recall(name, c, 1, kind):.1f}" for c in changes.OF_GRAPHICS)
            for name in names
        ))
    every = sum(found.searched[kind] for kind in KINDS)
    return out + row("all", *(
        " / ".join(
            f"{sum(found.recall(name, c, 1, k) * found.searched[k] for k in KINDS) / every:.1f}"
            for c in changes.OF_GRAPHICS
        )
        for name in names
    ))


def mirrored(found):
    at = [f"{100 * sum(rank <= n for rank in found.eight) / len(found.eight):.0f}" for n in (1, 10)]
    return f"Mirrored pictures looked for in all eight positions are found at {' / '.join(at)} %.\n"


def pair_table(found):
    out = "Distance between different photographs, by the shipped weights: so many are nearer:\n\n"
    out += head("share of the pairs", f"pictures of detail ≥ {DETAIL}", "all")
    for share in SHARES:
        out += row(f"10^{math.log10(share):.0f}", *(
            f"{found.distance(share, least):.2f}" for least in (DETAIL, 0)
        ))
    return out + row("pairs", *(f"{int(found.counts[least].sum()):,}" for least in (DETAIL, 0)))


def selves(found):
    out = (
        "Distance between a picture and its changed self, by the shipped weights; in percent how many "
        "are within a distance:\n\n"
    )
    out += head("change", "half are within", "95 %", *(f"within {t}" for t in THRESHOLDS["shipped"]))
    for change in changes.CHANGES:
        values = found.own["shipped"][change]
        out += row(
            change, *(f"{percentile(values, share):.2f}" for share in (0.5, 0.95)),
            *(f"{found.below('shipped', change, t):.0f}" for t in THRESHOLDS["shipped"]),
        )
    return out


def details(found):
    out = f"`pattern_detail`: percentiles, and how many in percent are below {DETAIL}:\n\n"
    out += head("pictures", "1 %", "5 %", "50 %", "95 %", f"below {DETAIL}")
    for kind, values in found.details.items():
        out += row(
            f"{len(values):,} {kind}",
            *(f"{percentile(values, share):.0f}" for share in (0.01, 0.05, 0.5, 0.95)),
            f"{100 * sum(value < DETAIL for value in values) / len(values):.1f}",
        )
    return out


def times(found):
    out = "Made from a pattern, in microseconds: " + ", ".join(
        f"{name} {1e6 * seconds:.0f}" for name, seconds in found.made.items()
    )
    return out + ".\n\nCompared, in nanoseconds a pair: " + ", ".join(
        f"{name} {1e9 * seconds:.0f}" for name, seconds in found.compared.items()
    ) + ".\n"


def first_stage(found):
    every = sum(found.searched.values())
    out = (
        "The first stage: the right picture among the first N by signature, in percent; and the rank that "
        "covers 50, 90, 95 and 99 % of the queries, in thousandths of the table:\n\n"
    )
    out += head("change", *(f"N = {n:,}" for n in measure.BREADTHS), "50 %", "90 %", "95 %", "99 %")
    for change in changes.CHANGES:
        ranks = [one["signature"] for one in found.ranks["photographs", change]]
        out += row(
            change, *(f"{found.recall('signature', change, n):.0f}" for n in measure.BREADTHS),
            *(f"{1000 * percentile(ranks, share) / every:.1f}" for share in (0.5, 0.9, 0.95, 0.99)),
        )
    return out


def distances(found):
    names = list(THRESHOLDS)
    out = "Distance to the same picture changed: half, 95 and 99 % of the queries are within it:\n\n"
    out += head("change", *names)
    for change in changes.CHANGES:
        out += row(change, *(
            " / ".join(number(name, percentile(found.own[name][change], s)) for s in (0.5, 0.95, 0.99))
            for name in names
        ))
    out += f"\nDistance to another picture: so many of {len(found.pairs['shipped']):,} pairs are nearer:\n\n"
    out += head("pairs", *names)
    for part in (10_000, 1_000, 100, 2):
        values = (number(name, found.pairs[name][len(found.pairs[name]) // part]) for name in names)
        out += row(f"1 in {part:,}", *values)
    return out


def thresholds(found):
    out = (
        "Found within a distance, in percent, and below them how many of a million pairs of "
        "different pictures are within it:\n\n"
    )
    out += head("change", *(f"{name} {' / '.join(map(str, t))}" for name, t in THRESHOLDS.items()))
    for change in changes.CHANGES:
        out += row(change, *(
            " / ".join(f"{found.below(name, change, t):.0f}" for t in ts)
            for name, ts in THRESHOLDS.items()
        ))
    return out + row("others, of a million", *(
        " / ".join(f"{1e6 * (found.pairs[name] <= t).mean():.1f}" for t in ts)
        for name, ts in THRESHOLDS.items()
    ))


def make(found):
    """The text in Markdown."""
    queries = len(found.ranks["photographs", changes.NINE[0]])
    known = ", ".join(f"{count:,} {kind}" for kind, count in found.searched.items())
    at_50, at_97 = (100 * half_width(queries * percent // 100, queries) for percent in (50, 97))
    about = (
        f"{sum(found.searched.values()):,} pictures searched: {known}. {queries} photographs are looked for "
        f"in each of {len(changes.CHANGES)} changes. Half of the 95 % interval is "
        f"{at_50:.0f} points at 50 %, {at_97:.0f} at 97 %.\n\n"
    )
    parts = (
        headline, recalls, by_places, against_peers, of_graphics, mirrored, pair_table, selves, details, times,
        first_stage, distances, thresholds,
    )
    return about + "\n".join(part(found) for part in parts)
