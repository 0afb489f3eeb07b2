"""Faiss beside kdtree, on the same fingerprints, outside of Postgres, one thread: what is taken by who leaves it.

    python benches/peers/faiss_rows.py RESULTS

RESULTS has what `make bench` wrote there: fingerprints.bin, 32 bytes a row, and question-NAME.bin, the same of the queries
of a question. Prints a table.
"""

import pathlib
import sys
import time

import faiss
import numpy as np

NUMBERS = 32
# Like pgvector's HNSW: neighbours, and candidates while it is built; then candidates of a search.
NEIGHBOURS, BUILDING = 16, 64
BREADTHS = [40, 60, 80, 120, 160, 320, 640, 1000]
ENOUGH = 0.99
ROUNDS = 3
QUESTIONS = {"top 20": 20, "top 1 of changed copies": 1, "top 20 of changed copies": 20}


def read(file):
    return np.fromfile(file, np.uint8).reshape(-1, NUMBERS).astype(np.float32)


def timed(index, queries, count):
    """Milliseconds of each query, one at a time, after all were asked once; and what was found."""
    found, times = [], []
    for turn in range(ROUNDS + 1):
        for query in queries:
            before = time.perf_counter()
            distances, _ = index.search(query[None], count)
            if turn:
                times.append(1000 * (time.perf_counter() - before))
            else:
                found.append(distances[0])
    return np.array(times), np.array(found)


def shown(times):
    return f"{times.mean():.2f} / {np.median(times):.2f} / {np.quantile(times, 0.95):.2f}"


def main():
    results = pathlib.Path(sys.argv[1])
    rows = read(results / "fingerprints.bin")
    flat = faiss.IndexFlatL2(NUMBERS)
    flat.add(rows)
    graph = faiss.IndexHNSWFlat(NUMBERS, NEIGHBOURS)
    graph.hnsw.efConstruction = BUILDING
    before = time.perf_counter()
    graph.add(rows)
    built = time.perf_counter() - before
    faiss.omp_set_num_threads(1)
    print(f"| Faiss {faiss.__version__}, {len(rows)} fingerprints, ms: mean / p50 / p95 | flat | HNSW (ef, recall) |")
    print("|---|---|---|")
    for name, count in QUESTIONS.items():
        queries = read(results / f"question-{name}.bin")
        times, exact = timed(flat, queries, count)
        for breadth in BREADTHS:
            graph.hnsw.efSearch = breadth
            near, found = timed(graph, queries, count)
            recall = (found <= exact[:, -1:] * (1 + 1e-6)).mean()
            if recall >= ENOUGH:
                break
        print(f"| {name} | {shown(times)} | {shown(near)} (ef {breadth}, {recall:.4f}) |", flush=True)
    print(f"\nIts HNSW took {built:.1f} s to build, by all cores.")


if __name__ == "__main__":
    main()
