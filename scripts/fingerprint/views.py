"""The features of all sources and of their changed copies: made on all cores, kept in parts, resumed."""

import concurrent.futures
import os
import zlib

import numpy as np

import features
import sources

# Changed copies of each source.
COPIES = 8
CHUNK = 100


def brightness(cells):
    """Of cells[…][colour], 256ths of a step: what is looked at, before it is stretched. By column and row, as
    the extension has it."""
    values = cells.astype(np.float32)
    found = np.sqrt((values * values).sum(-1) / 3) * 256
    return np.round(found).astype(np.uint16).swapaxes(-1, -2)


def stretched(grids):
    """Each between 0 and 1, less its mean, as the extension has it."""
    values = grids.astype(np.float32)
    least, most = values.min((1, 2), keepdims=True), values.max((1, 2), keepdims=True)
    values = (values - least) / np.maximum(most - least, 1)
    return values - values.mean((1, 2), keepdims=True)


def chunk(start, file):
    cells = np.stack([sources.made(one, COPIES) for one in known[start : start + CHUNK]])
    grids = brightness(cells).reshape(-1, *cells.shape[2:4])
    found = features.features(stretched(grids)).astype(np.float16)
    np.save(file.with_suffix(".part.npy"), found.reshape(*cells.shape[:2], -1))
    file.with_suffix(".part.npy").rename(file)


def make(folder, all_known, say):
    """float16[source][copy][feature], the source itself before its copies."""
    # Found by the processes that are forked off, without being sent.
    global known
    known = all_known
    # Other sources, or more copies, need other parts.
    mark = zlib.crc32("\n".join([str(COPIES), *(one.name for one in known)]).encode())
    folder.mkdir(parents=True, exist_ok=True)
    parts = [(start, folder / f"{mark:08x}-{start:06}.npy") for start in range(0, len(known), CHUNK)]
    missing = [part for part in parts if not part[1].exists()]
    say(f"{len(known):,} sources; {len(missing)} of {len(parts)} parts to be made")
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as workers:
        for number, _ in enumerate(workers.map(chunk, *zip(*missing)) if missing else ()):
            if number % 20 == 19:
                say(f"  {number + 1} of {len(missing)} parts")
    found = np.empty((len(known), COPIES + 1, features.FEATURES), np.float16)
    for start, file in parts:
        found[start : start + CHUNK] = np.load(file)
    return found
