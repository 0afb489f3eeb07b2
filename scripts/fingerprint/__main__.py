"""Makes the constants of the fingerprint again: make calibrate.

    python scripts/fingerprint RESULTS DRAWINGS SHARE...

RESULTS is the folder to write to, DRAWINGS the folder share/ of the unpacked packages
adwaita-icon-theme and fonts-freefont-ttf, each SHARE a folder of photographs. Written are
fingerprint.bin, of all photographs, and fold_a.bin and fold_b.bin, of one half each, for
the other to be tested with (make quality). Each file has 32 offsets and then 1,216 rows of
32 numbers, float32, little endian.
"""

import concurrent.futures
import os
import pathlib
import sys

# One thread sums in one order: the constants come out the same, bit by bit, on the same processor and numpy.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "quality"))

import numpy as np  # noqa: E402

import corpus  # noqa: E402
import discriminant  # noqa: E402
import drawings  # noqa: E402
import examples  # noqa: E402
import features  # noqa: E402


def made(jobs):
    """The features of views [picture view], of their changed selves, and what each pair counts."""
    views, changed, weights = [], [], []
    with concurrent.futures.ProcessPoolExecutor() as workers:
        for grids, others, counts in workers.map(examples.of, jobs, chunksize=4):
            views.append(features.features(grids))
            found = features.features(others.reshape(-1, 64, 64))
            changed.append(found.reshape(*others.shape[:2], -1))
            weights.append(counts)
    return views, changed, weights


def joined(parts, chosen):
    """(views, changed, weights) of the pictures at these places."""
    return tuple(np.concatenate([part[place] for place in chosen]) for part in parts)


def main():
    results, share = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    results.mkdir(parents=True, exist_ok=True)
    pictures, _ = corpus.gather(sys.argv[3:], results / "corpus")
    names = list(pictures)
    photographs = made([(name, pictures[name], examples.VIEWS) for name in names])
    drawn = made([(name, picture, 1) for name, picture in drawings.gather(share)])
    drawn = joined(drawn, range(len(drawn[0])))
    for file, wanted in (("fingerprint", (0, 1)), ("fold_a", (0,)), ("fold_b", (1,))):
        chosen = [place for place, name in enumerate(names) if corpus.half(name) in wanted]
        offsets, projection = discriminant.constants(joined(photographs, chosen), drawn)
        (results / f"{file}.bin").write_bytes(offsets.tobytes() + projection.tobytes())
        print(f"{file}.bin: from {len(chosen)} of {len(names)} pictures", flush=True)


if __name__ == "__main__":
    main()
