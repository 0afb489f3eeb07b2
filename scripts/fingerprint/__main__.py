"""Trains the layers of the fingerprint again: make calibrate.

    python scripts/fingerprint RESULTS PACKAGES SHARE...

RESULTS is the folder to write to, PACKAGES the folder share/ of the unpacked packages that are trained with and not
tested with, each SHARE a folder of photographs. Written are layers.bin, of all photographs, and fold_a.bin and
fold_b.bin, of one half each, for the other to be tested with (make quality). What was made is kept, and a run that was
stopped goes on there.
"""

import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(1, str(HERE.parent / "quality"))

import numpy as np  # noqa: E402

import corpus  # noqa: E402
import sources  # noqa: E402
import tested  # noqa: E402
import training  # noqa: E402
import views  # noqa: E402
import whole  # noqa: E402

# The files, and the half that each is not trained with.
FILES = {"layers": None, "fold_a": 1, "fold_b": 0}
# Photographs whose numbers say which way and how far they reach.
MEASURED = 6000
started = time.monotonic()


def say(what):
    print(f"{time.monotonic() - started:5.0f} s  {what}", flush=True)


def numbered(names):
    return np.unique(np.array(names), return_inverse=True)[1]


def main():
    results, packages = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    say("gathering pictures")
    pictures, _ = corpus.gather(sys.argv[3:], results / "corpus")
    known = sources.gather(pictures, [packages], packages, results / "pages")
    found = views.make(results / "views", known, say)
    kinds, halves = (np.array([getattr(one, key) for one in known]) for key in ("kind", "half"))
    things, clusters = (numbered([getattr(one, key) for one in known]) for key in ("thing", "cluster"))
    for file, left_out in FILES.items():
        kept = np.flatnonzero(halves != left_out)
        say(f"{file}: training with {len(kept):,} of {len(known):,} sources")
        data = training.Data(found[kept], kinds[kept], things[kept], clusters[kept])
        trained = training.train(data, results / f"{file}.npz", say)
        photographs = np.flatnonzero((kinds == "photographs") & (halves != left_out))
        some = np.random.default_rng(1).permutation(photographs)[:MEASURED]
        whole.write(results / f"{file}.bin", whole.whole(*trained, found[some, 0]))
        if left_out is not None:
            unseen = np.flatnonzero((kinds == "photographs") & (halves == left_out))
            layers = whole.read(results / f"{file}.bin")
            words = tested.found(layers, found[unseen], things[unseen])
            say(f"{file}, on the photographs that it did not see: {words}")


if __name__ == "__main__":
    main()
