"""Pages of text: of Debian's manuals, each page a picture."""

import subprocess

# Of a manual these pages: the first ones are titles and contents.
FIRST, PAGES = 10, 290
MANUALS = {
    "doc/octave": "octave liboctave",
    "doc/gnuplot": "gnuplot",
    "doc/asymptote": "asymptote",
    "doc/auto-multiple-choice": "auto-multiple-choice.en",
    "R/doc/manual": "fullrefman R-admin R-data R-exts R-intro R-ints R-lang",
}
# Points to pixels: a page of A4 is 496 by 702.
RESOLUTION = 60


def made(share, folder):
    """The manuals' pages as files, each once."""
    for where, names in MANUALS.items():
        for name in names.split():
            done, part = folder / name, folder / f"{name}.part"
            if done.exists():
                continue
            part.mkdir(parents=True, exist_ok=True)
            last = str(FIRST + PAGES - 1)
            subprocess.run(
                ["pdftoppm", "-jpeg", "-r", str(RESOLUTION), "-f", str(FIRST), "-l", last,
                 share / where / f"{name}.pdf", part / "page"],
                check=True,
            )
            part.rename(done)
    return sorted(folder.glob("*/*.jpg"))
