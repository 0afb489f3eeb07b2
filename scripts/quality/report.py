"""The tables and the plot."""

import bisect
import math

import measure

# What orders pictures by what: the column of distances, and its name.
METHODS = {"sig": "signature", "patt": "pattern", "shuffled": "shuffled", "phash": "phash"}
COLOURS = {"sig": "#7f8c8d", "patt": "#c0392b", "shuffled": "#2980b9", "phash": "#e67e22"}
# The breadth that the first table shows.
BREADTH = 100
# Distances that might mean "the same picture".
THRESHOLDS = {
    "sig": (0.3, 0.5, 0.7),
    "patt": (1, 1.5, 2),
    "shuffled": (0.8, 1.1, 1.5),
    "phash": (10, 14, 18),
}


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


def number(method, value):
    return f"{value:.0f}" if method == "phash" else f"{value:.2f}"


class Found:
    """Ranks and distances as the database has them, by change."""

    def __init__(self, connection, names):
        self.names = names
        self.pictures, self.queries, self.failed = connection.execute(measure.COUNTS).fetchone()
        self.places = measure.by_change(connection, measure.PLACES)
        self.ranks = {m: measure.by_change(connection, measure.RANKS, method=m) for m in METHODS}
        self.staged = {
            (method, breadth): measure.by_change(
                connection, measure.STAGED_RANKS, method=method, breadth=breadth
            )
            for method in ("patt", "shuffled")
            for breadth in measure.BREADTHS
        }
        self.same = {m: measure.by_change(connection, measure.SAME, method=m) for m in METHODS}
        self.different = {m: measure.different(connection, m) for m in METHODS}

    def recall(self, ranks, name, within):
        """In percent, with half of its interval."""
        hits = sum(rank <= within for rank in ranks.get(name, ()))
        return f"{100 * hits / self.queries:.0f} ±{100 * half_width(hits, self.queries):.0f}"

    def share(self, ranks, name, within):
        return f"{100 * sum(rank <= within for rank in ranks.get(name, ())) / self.queries:.0f}"

    def within(self, method, name, threshold):
        """The share of a change's queries that are as near to their source as that."""
        return sum(value <= threshold for value in self.same[method][name]) / self.queries

    def wrong(self, method, threshold):
        """The share of the pairs of different pictures that are as near as that."""
        values = self.different[method]
        return bisect.bisect_right(values, threshold) / len(values)


def recalls(found):
    out = "Recall at 1 / at 10, in percent:\n\n" + head(
        "change", "signature", f"two stages, N = {BREADTH}", "two stages, shuffled", "phash"
    )
    for name in found.names:
        each = (
            found.places, found.staged["patt", BREADTH], found.staged["shuffled", BREADTH],
            found.ranks["phash"],
        )
        out += row(name, *(f"{found.recall(r, name, 1)} / {found.recall(r, name, 10)}" for r in each))
    return out


def breadths(found):
    out = "Recall at 1 of two stages, plain / shuffled, in percent, by N:\n\n"
    out += head("change", *(f"N = {breadth}" for breadth in measure.BREADTHS), "all")
    for name in found.names:
        cells = [
            " / ".join(found.share(found.staged[m, breadth], name, 1) for m in ("patt", "shuffled"))
            for breadth in measure.BREADTHS
        ]
        whole = " / ".join(found.share(found.ranks[m], name, 1) for m in ("patt", "shuffled"))
        out += row(name, *cells, whole)
    return out


def first_stage(found):
    out = (
        "The first stage alone: the right picture among the first N, in percent; and the rank that "
        "covers 50, 90, 95 and 99 % of the queries, in thousandths of the table:\n\n"
    )
    out += head(
        "change", *(f"N = {breadth}" for breadth in measure.BREADTHS), "50 %", "90 %", "95 %", "99 %"
    )
    for name in found.names:
        ranks = found.ranks["sig"][name]
        out += row(
            name,
            *(found.share(found.places, name, breadth) for breadth in measure.BREADTHS),
            *(f"{1000 * percentile(ranks, s) / found.pictures:.0f}" for s in (0.5, 0.9, 0.95, 0.99)),
        )
    return out


def distances(found):
    out = "Distance to the same picture changed: half, 95 and 99 % of the queries are within it:\n\n"
    out += head("change", *METHODS.values())
    for name in found.names:
        out += row(name, *(
            " / ".join(number(m, percentile(found.same[m][name], s)) for s in (0.5, 0.95, 0.99))
            for m in METHODS
        ))
    out += "\nDistance to another picture: so many of the pairs are nearer:\n\n"
    out += head("pairs", *METHODS.values())
    for part in (10_000, 1_000, 100, 2):
        values = (number(m, v[len(v) // part]) for m, v in found.different.items())
        out += row(f"1 in {part:,}", *values)
    return out


def thresholds(found):
    out = (
        "Found within a distance, in percent, and below them how many of a million pairs of "
        "different pictures are within it:\n\n"
    )
    out += head("change", *(f"{METHODS[m]} {' / '.join(map(str, t))}" for m, t in THRESHOLDS.items()))
    for name in found.names:
        out += row(name, *(
            " / ".join(f"{100 * found.within(m, name, t):.0f}" for t in THRESHOLDS[m]) for m in METHODS
        ))
    return out + row("others, of a million", *(
        " / ".join(f"{1e6 * found.wrong(m, t):.1f}" for t in THRESHOLDS[m]) for m in METHODS
    ))


def text(x, y, what, **attributes):
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{what}</text>\n'


def line(x1, y1, x2, y2):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>\n'


def plot_recalls(found):
    """A row of dots for each change."""
    left, top, width, step = 120, 60, 330, 24
    out = text(left, 25, f"recall at 1, in percent; two stages with N = {BREADTH}")
    bottom = top + step * len(found.names)
    for percent in range(0, 101, 20):
        x = left + width * percent / 100
        out += line(x, top - 10, x, bottom - 8)
        out += text(x, bottom + 8, percent, text_anchor="middle")
    each = {
        "sig": found.places,
        "patt": found.staged["patt", BREADTH],
        "shuffled": found.staged["shuffled", BREADTH],
        "phash": found.ranks["phash"],
    }
    for place, name in enumerate(found.names):
        y = top + step * place
        out += text(left - 10, y + 4, name, text_anchor="end")
        for offset, (method, ranks) in enumerate(each.items()):
            hits = sum(rank <= 1 for rank in ranks.get(name, ())) / found.queries
            out += (
                f'<circle cx="{left + width * hits:.1f}" cy="{y - 6 + 4 * offset}" r="3.5" '
                f'fill="{COLOURS[method]}"/>\n'
            )
    return out


def plot_thresholds(found):
    """What a threshold finds against what it lets in, over all changes but the mirrored."""
    left, top, width, height = 520, 50, 330, 336
    names = found.names[:-1]
    out = text(left, 25, "found, in percent, against wrong pairs let in, all changes but mirrored")
    for power in range(-5, 1):
        x = left + width * (power + 5) / 5
        out += line(x, top, x, top + height)
        out += text(x, top + height + 16, f"1 in {10**-power:,}", text_anchor="middle", font_size=10)
    for percent in range(0, 101, 20):
        y = top + height * (1 - percent / 100)
        out += line(left, y, left + width, y)
        out += text(left - 6, y + 4, percent, text_anchor="end")
    for method, colour in COLOURS.items():
        values = found.different[method]
        points = []
        for step in range(251):
            threshold = values[min(len(values) - 1, int(len(values) * 10 ** (step / 50 - 5)))]
            hits = sum(found.within(method, name, threshold) for name in names) / len(names)
            x = left + width * (math.log10(found.wrong(method, threshold)) + 5) / 5
            point = f"{x:.1f},{top + height * (1 - hits):.1f}"
            # Of hashes many are equally far.
            if point not in points[-1:]:
                points.append(point)
        out += (
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>\n'
        )
    return out


def plot(found):
    out = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="980" height="430" '
        'font-family="sans-serif" font-size="12">\n<rect width="980" height="430" fill="white"/>\n'
    )
    out += plot_recalls(found) + plot_thresholds(found)
    for place, (method, name) in enumerate(METHODS.items()):
        out += text(890, 70 + 20 * place, name, fill=COLOURS[method])
    return out + "</svg>\n"


def make(connection, names, tiles):
    """The text in Markdown and the picture in SVG."""
    found = Found(connection, names)
    if found.failed:
        raise SystemExit(f"{found.failed} files could not be converted")
    table = (
        f"{found.pictures} pictures, {tiles} of them tiles of larger ones; {found.queries} of them are "
        f"looked for in each of {len(names)} changes; {len(found.different['sig']):,} pairs of different "
        "pictures. ± is half of the 95 % interval.\n\n"
    )
    parts = (recalls, breadths, first_stage, distances, thresholds)
    return table + "\n".join(part(found) for part in parts), plot(found)
