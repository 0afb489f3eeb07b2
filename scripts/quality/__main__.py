"""How well near-duplicates are found: run by scripts/quality.sh (make quality).

    python scripts/quality RESULTS GRAPHICS LAYERS SHARE...

RESULTS is the folder to write to, GRAPHICS the folder share/ of the unpacked packages of
scripts/quality/graphics.py, LAYERS the extension's file of the fingerprint, each SHARE a folder
of photographs; the environment says how to reach the server (PGHOST, PGUSER, PGDATABASE).
"""

import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
FINGERPRINT = HERE.parent / "fingerprint"
sys.path.insert(1, str(FINGERPRINT))

import corpus  # noqa: E402
import files  # noqa: E402
import graphics  # noqa: E402
import measure  # noqa: E402
import overlap  # noqa: E402
import plot  # noqa: E402
import prints  # noqa: E402
import report  # noqa: E402
import whole  # noqa: E402

started = time.monotonic()


def say(what):
    print(f"{time.monotonic() - started:5.0f} s  {what}", flush=True)


def gathered(results, share, shares):
    say("gathering pictures")
    photographs, left_out = corpus.gather(shares, results / "corpus")
    say(f"{len(photographs)} photographs; left out as flat or as duplicates: {len(left_out)}")
    found = graphics.gather(share)
    say(f"beside them {', '.join(f'{len(pictures)} {kind}' for kind, pictures in found.items())}")
    return files.originals(photographs, found, graphics.nearly_empty(share))


def agreed(connection, layers):
    """Stops when numpy's fingerprints, by the extension's layers, are not the extension's."""
    statement = "SELECT shipped::bytea, patt FROM corpus WHERE id % 30 = 0"
    for rows, patterns in measure.batches(connection, statement):
        for (theirs,), ours in zip(rows, prints.of(patterns, [layers])[0]):
            # The order of summation differs: a byte may be rounded the other way.
            if any(abs(one - int(other)) > 1 for one, other in zip(theirs, ours)):
                raise SystemExit("the extension's fingerprints are not by its layers")


def main():
    results, share, layers = map(pathlib.Path, sys.argv[1:4])
    folds = [whole.read(FINGERPRINT / f"fold_{half}.bin") for half in "ab"]
    known = gathered(results, share, sys.argv[4:])
    jobs = files.jobs(known)
    with measure.connected() as connection:
        say(f"changing and loading {len(jobs):,} pictures")
        measure.load(connection, files.rows(known, jobs, say))
        measure.prepare(connection, folds, say)
        agreed(connection, whole.read(layers))
        say("taking times")
        made, compared = measure.times(connection)
        measure.search(connection, say)
        say("mirrored pictures in eight positions")
        eight = measure.eight_fold(connection, folds)
        say("counting pairs of different photographs")
        found = report.Found(connection, made, compared, eight, overlap.ranks(known, jobs))
    (results / "table.md").write_text(report.make(found))
    (results / "plot.svg").write_text(plot.make(found))
    print(report.headline(found))


main()
