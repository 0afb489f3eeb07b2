"""The plot: what finds what, by change, and the means."""

import changes

SHOWN = {
    "fingerprint": ("fingerprint, 32 bytes", "#c0392b", 6),
    "shuffled": ("all shuffled patterns, 16,384 bytes", "#2980b9", 4),
    "pdqhash": ("PDQ, 32 bytes", "#27ae60", 4),
    "phash": ("phash, 8 bytes", "#e67e22", 4),
    "signature": ("signature, 64 bytes", "#7f8c8d", 4),
}
LEFT, TOP, WIDTH, STEP = 150, 64, 420, 24
# What all of them find as often as that is only named.
EASY = 98


def text(x, y, what, **attributes):
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{what}</text>\n'


def line(x1, y1, x2, y2):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>\n'


def by_change(found, names):
    """A row of dots for each change, what the fingerprint finds least of at the bottom."""
    out = text(LEFT, 24, "Found at the first place, in percent", font_weight="bold")
    bottom = TOP + STEP * len(names)
    for percent in range(0, 101, 20):
        x = LEFT + WIDTH * percent / 100
        out += line(x, TOP - 12, x, bottom - 8)
        out += text(x, bottom + 8, percent, text_anchor="middle")
    for place, change in enumerate(names):
        y = TOP + STEP * place
        out += line(LEFT, y, LEFT + WIDTH, y) + text(LEFT - 12, y + 4, change, text_anchor="end")
        for name in reversed(SHOWN):
            _, colour, radius = SHOWN[name]
            x = LEFT + WIDTH * found.recall(name, change, 1) / 100
            out += f'<circle cx="{x:.1f}" cy="{y}" r="{radius}" fill="{colour}" fill-opacity="0.85"/>\n'
    return out


def of_means(found):
    """A bar for each, of the mean over the nine changes."""
    left, width = LEFT + WIDTH + 60, 240
    out = text(left, 24, "Mean of nine changes: at 1, and paler at 10", font_weight="bold")
    for place, (name, (title, colour, _)) in enumerate(SHOWN.items()):
        y = TOP + 54 * place
        out += text(left, y, title)
        for within, opacity in ((10, 0.35), (1, 1)):
            mean = found.mean(name, within)
            out += (
                f'<rect x="{left}" y="{y + 6}" width="{width * mean / 100:.1f}" height="20" '
                f'fill="{colour}" fill-opacity="{opacity}"/>\n'
            )
            end = left + width * mean / 100
            if within == 1:
                out += text(end - 4, y + 21, f"{mean:.0f}", text_anchor="end", fill="white")
            else:
                out += text(end + 4, y + 21, f"{mean:.0f}")
    return out


def make(found):
    names = [change for change in changes.CHANGES if change != "mirrored"]
    easy = [c for c in names if all(found.recall(name, c, 1) >= EASY for name in SHOWN)]
    names = sorted(set(names) - set(easy), key=lambda c: (-found.recall("fingerprint", c, 1), c))
    height = TOP + STEP * len(names) + 48
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="{height}" '
        f'font-family="sans-serif" font-size="12">\n<rect width="900" height="{height}" fill="white"/>\n'
        + by_change(found, names) + of_means(found)
        + text(LEFT, height - 12, f"All of them find: {', '.join(easy)}" if easy else "") + "</svg>\n"
    )
