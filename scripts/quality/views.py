"""Photographs and pages of text, as make quality has them, for make bench.

    python scripts/quality/views.py RESULTS MANUALS SHARE...

They come to RESULTS/corpus and RESULTS/pages; MANUALS and SHARE are folders share/ of unpacked packages.
"""

import pathlib
import sys

import corpus
import manual_pages


def main():
    results, manuals, *shares = map(pathlib.Path, sys.argv[1:])
    if not (results / "corpus" / "names.txt").exists():
        corpus.gather(shares, results / "corpus")
    manual_pages.made(manuals, results / "pages")


main()
