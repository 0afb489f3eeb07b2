"""The tables and the plot of what is found in large tables."""

import math

import changes
import methods

COLOURS = {
    "fingerprint": "#c0392b", "shuffled": "#2980b9", "signature": "#7f8c8d", "pdq": "#27ae60",
    "phash": "#e67e22", "dhash": "#8e44ad", "whash": "#b7950b", "network": "#16a085",
}
# Of what is no photograph, this is shown first.
MILLION = 10**6
# Of pairs of all kinds so many are looked at.
ALL_KINDS = 10**5


def row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |\n"


def head(*cells):
    return row(*cells) + "|" + "---|" * len(cells) + "\n"


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def of_changes(one, what, place, names=changes.NINE):
    return mean(one["changes"][name][what][place] for name in names)


def title(name):
    found = methods.METHODS[name].title
    return f"**{found}**" if name == "fingerprint" else found


def number(value):
    return f"{value:,}"


def power(value):
    return f"10^{round(math.log10(value))}"


def certain(one, sizes):
    """Within the radius of one pair in so many as the table has pictures: shares go on from a thousandth."""
    return [of_changes(one, "within", round(math.log10(size)) - 3) for size in sizes]


def opening(found, sizes):
    """The table for ten seconds."""
    out = head("found by", "bytes", *(f"of {number(size)}" for size in sizes))
    for name, one in found.items():
        out += row(title(name), number(methods.METHODS[name].size), *(
            f"{of_changes(one, 'first', n):.0f} / {of_changes(one, 'ten', n):.0f} / {sure:.0f}"
            for n, sure in enumerate(certain(one, sizes))
        ))
    return out


def at_radii(found, shares):
    every = list(next(iter(found.values()))["changes"])
    out = (
        "Found within the radius within which such a share of the pairs of different photographs lies: the mean "
        "of the nine changes / of all\n\n"
    )
    out += head("found by", *(power(share) for share in shares), "pairs")
    for name, one in found.items():
        out += row(title(name), *(
            f"{of_changes(one, 'within', n):.0f} / {of_changes(one, 'within', n, every):.0f}"
            for n in range(len(shares))
        ), number(one["pairs"]))
    out += "\nThese radii, as each method counts its distances:\n\n"
    out += head("found by", *(power(share) for share in shares))
    for name, one in found.items():
        digits = 0 if methods.METHODS[name].squared else 2 if name != "network" else 3
        out += row(title(name), *(
            "none" if radius is None else f"{radius:.{digits}f}" for radius in one["radius"]
        ))
    return out


def by_change(found, what, labels, about):
    """A table for each of the methods."""
    out = f"{about}\n"
    for name, one in found.items():
        out += f"\n**{methods.METHODS[name].title}**\n\n" + head("change", *labels)
        for change, values in one["changes"].items():
            out += row(change, *(f"{value:.0f}" for value in values[what]))
    return out


def of_sizes(found, sizes):
    out = "Expected at the first place / among ten, in percent, in tables of so many pictures\n"
    for name, one in found.items():
        out += f"\n**{methods.METHODS[name].title}**\n\n" + head("change", *map(number, sizes))
        for change, values in one["changes"].items():
            out += row(change, *(f"{a:.0f} / {b:.0f}" for a, b in zip(values["first"], values["ten"])))
    return out


def check(found):
    """What is foreseen for the table that was there, beside what was counted in it."""
    out = (
        "Counted among the strangers that were there, foreseen for as many by a tenth of the photographs, and by the "
        "share of all pairs: the mean of the nine changes, at 1 / among 10\n\n"
    )
    out += head("found by", "strangers", "counted", "foreseen", "at least, by all pairs")
    for name, one in found.items():
        out += row(title(name), number(one["counted of"]), *(
            " / ".join(f"{of_changes(one, what, n):.1f}" for n in (0, 1))
            for what in ("counted", "foreseen", "foreseen at least")
        ))
    return out


def at_least(found, sizes):
    """As the opening, by one share for all pictures."""
    out = (
        "At the first place / among ten, the mean of the nine changes, if every picture had as near strangers as "
        "all together\n\n"
    )
    out += head("found by", *(f"of {number(size)}" for size in sizes))
    for name, one in found.items():
        out += row(title(name), *(
            f"{of_changes(one, 'least', n):.0f} / {of_changes(one, 'least ten', n):.0f}" for n in range(len(sizes))
        ))
    return out


def millionths(part):
    """Of a million pairs so many are within; with few pairs, none is no more than fewer than so many."""
    if not part["pairs"]:
        return "–"
    value = MILLION * part["within"] / part["pairs"]
    if not part["within"]:
        return f"< {math.ceil(MILLION / part['pairs'])}" if part["pairs"] < MILLION else "0"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def of_kinds(found):
    names = list(found)
    kinds = list(found[names[0]]["kinds"])
    out = (
        "Of a million pairs of different ones so many are within the radius; behind it of those with detail of "
        "at least 15\n\n"
    )
    out += head("kind", "pictures", "of detail", *(methods.METHODS[name].title for name in names))
    for kind in kinds:
        of_one = found[names[0]]["kinds"][kind]
        out += row(kind, number(of_one["all"]["pictures"]), number(of_one["detailed"]["pictures"]), *(
            f"{millionths(found[name]['kinds'][kind]['all'])} / {millionths(found[name]['kinds'][kind]['detailed'])}"
            for name in names
        ))
    for what, about in (("within", "Found within that radius"), ("first", "Nearer than all others of their kind")):
        out += f"\n{about}, in percent, under {', '.join(changes.OF_GRAPHICS)}\n\n"
        out += head("kind", *(methods.METHODS[name].title for name in names))
        for kind in kinds:
            out += row(kind, *(
                " / ".join(f"{found[name]['kinds'][kind][change][what]:.0f}" for change in changes.OF_GRAPHICS)
                for name in names
            ))
    return out


def of_all_kinds(found):
    """How many of the pairs that have enough detail are within: within each kind, between kinds, and of photographs."""
    out = "Of 100,000 pairs of different pictures with detail of at least 15 so many are within the radius\n\n"
    out += head("pairs", "number", *(methods.METHODS[name].title for name in found))
    parts = {}
    for name, one in found.items():
        within = {key: sum(kind["detailed"][key] for kind in one["kinds"].values()) for key in ("pairs", "within")}
        between, photographs = one["different kinds"], {key: one[key] for key in ("pairs", "within")}
        whole = {key: within[key] + between[key] + photographs[key] for key in ("pairs", "within")}
        for about, part in (
            ("of two pictures of one kind, without photographs", within), ("of two photographs", photographs),
            ("of two kinds, photographs among them", between), ("all together", whole),
        ):
            parts.setdefault(about, []).append(part)
    for about, ones in parts.items():
        shares = (ALL_KINDS * one["within"] / one["pairs"] for one in ones)
        out += row(about, number(round(ones[0]["pairs"])), *(f"{share:.2f}" for share in shares))
    return out


def held_out(found, shares):
    one = next(iter(found.values()))["held out"]
    out = (
        f"{number(one['pictures'])} pictures of other packages, {number(one['copies'])} changed ones, "
        f"{number(one['pairs'])} pairs\n\n"
    )
    out += head("found by", "first", *(power(share) for share in shares[:3]))
    for name, values in found.items():
        part = values["held out"]
        out += row(title(name), f"{part['first']:.1f}", *(f"{value:.1f}" for value in part["within"]))
    return out


def times(milliseconds):
    return "Milliseconds a picture, of a processor's time: " + ", ".join(
        f"{name} {value:.1f}" for name, value in milliseconds.items()
    ) + ".\n"


def make(found, shares, sizes, milliseconds):
    """The text in Markdown."""
    return "\n".join([
        opening(found, sizes), at_radii(found, shares), check(found), at_least(found, sizes),
        of_kinds(found), of_all_kinds(found), held_out(found, shares),
        by_change(found, "within", [power(share) for share in shares],
                  "Found within the radius of such a share of the pairs, in percent, by change"),
        of_sizes(found, sizes), times(milliseconds),
    ])


LEFT, TOP, WIDE, HIGH, BETWEEN = 50, 50, 250, 300, 50
# Labels at the lines' ends are so far apart at least.
STEP = 15


def text(x, y, what, **attributes):
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{what}</text>\n'


def line(x1, y1, x2, y2):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>\n'


def panel(found, sizes, of_one, about, left):
    """Recall against the size of the table, a line for each method. And where each line ends."""
    out = text(left, 28, about, font_weight="bold")

    def y(percent):
        return TOP + HIGH * (1 - percent / 100)

    def x(place):
        return left + WIDE * place / (len(sizes) - 1)

    for percent in range(0, 101, 20):
        out += line(left, y(percent), left + WIDE, y(percent))
        out += text(left - 6, y(percent) + 4, percent, text_anchor="end")
    for place, size in enumerate(sizes):
        exponent = round(math.log10(size))
        label = f'10<tspan dy="-5" font-size="9">{exponent}</tspan>'
        out += line(x(place), TOP, x(place), TOP + HIGH) + text(x(place), TOP + HIGH + 20, label, text_anchor="middle")
    ends = {}
    for name, one in found.items():
        values = of_one(one)
        points = " ".join(f"{x(place):.1f},{y(value):.1f}" for place, value in enumerate(values))
        width = 3.5 if name == "fingerprint" else 1.8
        out += f'<polyline points="{points}" fill="none" stroke="{COLOURS[name]}" stroke-width="{width}"/>\n'
        ends[name] = y(values[-1])
    return out, ends


def labels(ends, left):
    """The methods' names beside their lines' ends, none over another and none below the axis."""
    places, highest = {}, TOP + HIGH + STEP
    for name, y in sorted(ends.items(), key=lambda one: -one[1]):
        places[name] = highest = min(y, highest - STEP)
    out = ""
    for name, y in places.items():
        method = methods.METHODS[name]
        out += text(left + 8, y + 4, f"{method.title}, {method.size:,} bytes", fill=COLOURS[name])
    return out


def plot(found, sizes):
    """As SVG."""

    def by(what):
        return lambda one: [of_changes(one, what, place) for place in range(len(sizes))]

    panels = [
        (by("first"), "At the first place, in percent"), (by("ten"), "Among the first ten"),
        (lambda one: certain(one, sizes), "Within the radius of one pair in so many"),
    ]
    out, ends, left = "", {}, LEFT
    for of_one, about in panels:
        part, ends = panel(found, sizes, of_one, about, left)
        out, left = out + part, left + WIDE + BETWEEN
    right = left - BETWEEN
    width, height = right + 200, TOP + HIGH + 56
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="12">\n<rect width="{width}" height="{height}" fill="white"/>\n' + out + labels(ends, right)
        + text((right + LEFT) / 2, height - 12, "pictures in the table", text_anchor="middle") + "</svg>\n"
    )
