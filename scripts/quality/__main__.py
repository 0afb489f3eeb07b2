"""How well near-duplicates are found: run by scripts/quality.sh (make quality).

    python scripts/quality RESULTS SHARE...

RESULTS is the folder to write to, each SHARE a folder of photographs; the
environment says how to reach the server (PGHOST, PGUSER, PGDATABASE).
"""

import pathlib
import random
import sys
import time

import psycopg

import changes
import corpus
import measure
import report

SEED = 1
QUERIES = 300

started = time.monotonic()


def say(what):
    print(f"{time.monotonic() - started:5.0f} s  {what}", flush=True)


def files(pictures, sources):
    """The corpus, then each source in every change."""
    for number, picture in enumerate(pictures):
        yield number, number, None, changes.as_jpeg(picture, 95)
    number = len(pictures)
    for change in changes.CHANGES:
        say(f"{len(sources)} queries: {change}")
        for source in sources:
            # Of its own, so that one query's crop does not hang on another's.
            chance = random.Random(f"{SEED} {change} {source}")
            yield number, source, change, changes.changed(pictures[source], change, chance)
            number += 1


def main():
    results, shares = pathlib.Path(sys.argv[1]), sys.argv[2:]
    say("gathering pictures")
    pictures, left_out = corpus.gather(shares, results / "corpus")
    say(f"{len(pictures)} pictures; left out as flat or as duplicates: {len(left_out)}")
    sources = sorted(random.Random(SEED).sample(range(len(pictures)), QUERIES))
    with psycopg.connect(autocommit=True) as connection:
        measure.load(connection, files(list(pictures.values()), sources))
        measure.search(connection, say)
        say("counting")
        tiles = sum(name.endswith("/6") for name in pictures)
        table, plot = report.make(connection, list(changes.CHANGES), tiles)
    (results / "table.md").write_text(table)
    (results / "plot.svg").write_text(plot)
    print(table)


main()
