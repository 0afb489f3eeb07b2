"""The searches, in the database: it gets files and gives ranks and distances."""

import concurrent.futures
import itertools
import os
import time

import numpy as np
import psycopg

import files
import prints

# How many candidates the first stage hands to the second.
BREADTHS = (20, 100, 1000)
# Queries that are compared with all pictures at a time, so that they stay in the cache.
BLOCK = 48

# Name: the distance between c, a picture that is searched, and q, one that is looked for. With
# "fingerprint" both are by the weights of the half of the photographs that q's is not in.
METHODS = {
    "fingerprint": "CASE q.half WHEN 0 THEN c.fold_b ELSE c.fold_a END <-> q.held_out",
    "shipped": "c.shipped <-> q.shipped",
    "signature": "c.sig <-> q.sig",
    "pattern": "c.patt <-> q.patt",
    "shuffled": "c.shuffled <-> q.shuffled",
    "phash": "bit_count(c.phash # q.phash)",
    "pdqhash": "bit_count(c.pdqhash # q.pdqhash)",
    "dhash": "bit_count(c.dhash # q.dhash)",
    "whash": "bit_count(c.whash # q.whash)",
}
SORTED = ("pattern", "shuffled")

SETTINGS = """
SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
SET max_parallel_workers_per_gather = 1; SET work_mem = '64MB'; SET jit = off
"""

TABLES = f"""
CREATE EXTENSION imgsmlr_rs;
CREATE TABLE file ({", ".join(f"{name} {type}" for name, type in files.COLUMNS.items())});
ALTER TABLE file ALTER file SET STORAGE EXTERNAL, SET (parallel_workers = 1)
"""

PATTERNS = """
CREATE TABLE converted AS SELECT id, image2pattern(file) AS patt FROM file;
ALTER TABLE converted SET (parallel_workers = 1)
"""

# A query has a change and names its source; a picture that is searched has none.
PICTURES = """
CREATE TABLE fold (id int PRIMARY KEY, fold_a bytea, fold_b bytea)
---
CREATE TABLE picture AS
  SELECT id, kind, photo, half, source, change, patt, pattern2signature(patt) AS sig,
         shuffle_pattern(patt) AS shuffled, pattern2phash(patt) AS phash,
         pattern2fingerprint(patt) AS shipped, pattern_detail(patt) AS detail,
         fold_a::fingerprint, fold_b::fingerprint,
         CASE half WHEN 0 THEN fold_b ELSE fold_a END::fingerprint AS held_out,
         ('x' || pdqhash)::bit(256) AS pdqhash, ('x' || dhash)::bit(64) AS dhash,
         ('x' || whash)::bit(64) AS whash
  FROM converted JOIN file USING (id) JOIN fold USING (id);
CREATE UNIQUE INDEX ON picture (id);
ANALYZE picture;
CREATE VIEW corpus AS SELECT * FROM picture WHERE change IS NULL AND kind <> 'nearly empty';
CREATE VIEW query AS SELECT * FROM picture WHERE change IS NOT NULL
"""
EMPTY, FILLED = PICTURES.split("---")

# turn_pattern(..., 1) turns nothing, but what comes of it is in memory and not in TOAST.
IN_MEMORY = """
SELECT id, source, half, photo, turn_pattern(patt, 1) AS patt, turn_pattern(shuffled, 1) AS shuffled,
       sig, phash, pdqhash, dhash, whash, shipped, fold_a, fold_b, held_out
"""

OWN = f"""
CREATE TABLE own AS
  SELECT q.id, {", ".join(f"({distance})::float8 AS {name}" for name, distance in METHODS.items())}
  FROM query q JOIN corpus c ON c.id = q.source;
CREATE UNIQUE INDEX ON own (id);
ANALYZE own
"""

# What the first stage reaches: the distance by signature of the last of its candidates.
REACH = f"""
SELECT q.id, {", ".join(f"near.sig[{breadth}] AS reach_{breadth}" for breadth in BREADTHS)}
FROM query q, LATERAL (
  SELECT array_agg(sig ORDER BY sig) AS sig FROM (
    SELECT c.sig <-> q.sig AS sig FROM corpus c ORDER BY 1 LIMIT {max(BREADTHS)}) nearest) near
WHERE q.id BETWEEN {{first}} AND {{last}}
"""

# A rank counts every picture that is as near as the right one: who ties, loses. Of two stages
# it counts those within the first one's reach; none where the right one is not in it.
NEARER = [
    f"count(*) FILTER (WHERE {distance} <= own.{name}) AS {name}" for name, distance in METHODS.items()
] + [
    f"CASE WHEN any_value(own.signature) <= any_value(reach_{breadth}) THEN count(*) FILTER (WHERE "
    f"{METHODS['signature']} <= reach_{breadth} AND {METHODS[name]} <= own.{name}) END "
    f"AS {name}_{breadth}"
    for name in SORTED
    for breadth in BREADTHS
]
# The join is LEFT, which changes nothing, to have the many outside and the few of a block inside.
RANKS = f"""
SELECT q.id, {", ".join(NEARER)}
FROM ({IN_MEMORY} FROM corpus OFFSET 0) c
     LEFT JOIN (({IN_MEMORY} FROM query WHERE id BETWEEN {{first}} AND {{last}} OFFSET 0) q
                JOIN own USING (id) JOIN reach USING (id)) ON true
GROUP BY q.id
"""
ASKED = """
SELECT id, kind, change, half, {columns} FROM rank JOIN query USING (id) ORDER BY id
"""

# Every query of a photograph against the whole photographs that are not its own.
PAIRS = f"""
CREATE TABLE pair AS
  SELECT {", ".join(f"({distance})::float4 AS {name}" for name, distance in METHODS.items())}
  FROM ({IN_MEMORY} FROM corpus
        WHERE id IN (SELECT source FROM query WHERE kind = 'photographs') OFFSET 0) c,
       ({IN_MEMORY} FROM query WHERE kind = 'photographs' AND change <> 'mirrored' AND id % 3 = 0
        OFFSET 0) q
  WHERE c.photo <> q.photo
"""

# Fingerprints of the mirrored pictures turned in all eight ways; the nearest of them counts.
NEAREST_OF_EIGHT = "least({})".format(", ".join(
    f"CASE q.half WHEN 0 THEN c.fold_b ELSE c.fold_a END <-> e.turned[{k}]" for k in range(1, 9)
))
EIGHT = """
SELECT id, k, half, turn_pattern(patt, k) FROM query, generate_series(1, 8) k
WHERE change = 'mirrored' ORDER BY id, k
"""
EIGHT_RANKS = f"""
SELECT q.id, count(*) FILTER (WHERE {NEAREST_OF_EIGHT} <= own.distance)
FROM query q JOIN eight e USING (id)
     JOIN (SELECT q.id, {NEAREST_OF_EIGHT} AS distance
           FROM query q JOIN eight e USING (id) JOIN corpus c ON c.id = q.source) own USING (id),
     corpus c
GROUP BY q.id
"""

MADE = {
    "fingerprint": "pattern2fingerprint(patt)",
    "signature": "pattern2signature(patt)",
    "shuffled": "shuffle_pattern(patt)",
    "phash": "pattern2phash(patt)",
    "detail": "pattern_detail(patt)",
    "turned": "turn_pattern(patt, 5)",
}
PATTERNS_IN_MEMORY = "SELECT turn_pattern(patt, 1) AS patt FROM converted LIMIT 2000 OFFSET 0"
COMPARED = f"""
SELECT count(*) FILTER (WHERE {{distance}} < 0)
FROM ({IN_MEMORY} FROM corpus LIMIT 2000 OFFSET 0) c,
     ({IN_MEMORY} FROM query LIMIT {BLOCK} OFFSET 0) q
"""


def connected():
    connection = psycopg.connect(autocommit=True)
    connection.execute(SETTINGS)
    return connection


def load(connection, rows):
    """Files as files.COLUMNS says."""
    connection.execute(TABLES)
    statement = f"COPY file ({', '.join(files.COLUMNS)}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(files.COLUMNS.values()))
        for row in rows:
            copy.write_row(row)
    connection.execute("ANALYZE file")


def batches(connection, statement, size=500):
    """Rows by the hundreds; the last column of each a pattern, as numbers."""
    with connection.transaction(), connection.cursor("batches", binary=True) as cursor:
        cursor.itersize = size
        cursor.execute(statement)
        while rows := cursor.fetchmany(size):
            yield [row[:-1] for row in rows], np.array([np.frombuffer(row[-1], ">f4") for row in rows])


def prepare(connection, folds, say):
    """Everything that is compared, by the database, but the fingerprints of the folds."""
    say("converting")
    connection.execute(PATTERNS)
    say("fingerprints by the weights of each half of the photographs")
    connection.execute(EMPTY)
    with connected() as second, second.cursor() as cursor:
        with cursor.copy("COPY fold FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "bytea", "bytea"])
            for rows, patterns in batches(connection, "SELECT id, patt FROM converted"):
                a, b = prints.of(patterns, folds)
                for (id,), *both in zip(rows, a, b):
                    copy.write_row((id, *(one.tobytes() for one in both)))
    say("signatures, hashes, fingerprints")
    connection.execute(FILLED)
    connection.execute(OWN)


def shared_out(connection, table, statement, say):
    """Fills a table by a statement for each block of queries, on as many connections as cores."""
    first, last = connection.execute("SELECT min(id), max(id) FROM query").fetchone()
    blocks = range(first, last + 1, BLOCK)
    connection.execute(f"CREATE TABLE {table} AS {statement.format(first=first, last=first)} WITH NO DATA")
    done = itertools.count(1)

    def run(start):
        with connected() as one:
            one.execute("SET max_parallel_workers_per_gather = 0; SET enable_sort = off")
            one.execute(f"INSERT INTO {table} {statement.format(first=start, last=start + BLOCK - 1)}")
        number = next(done)
        if number % 40 == 0:
            say(f"  {number} of {len(blocks)} blocks")

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(run, blocks))
    connection.execute(f"CREATE UNIQUE INDEX ON {table} (id); ANALYZE {table}")


def search(connection, say):
    """Compares each query with all pictures."""
    say("first stage")
    shared_out(connection, "reach", REACH, say)
    say("comparing every query with every picture")
    shared_out(connection, "rank", RANKS, say)


def ranks(connection):
    """A list of rows: kind, change, half, and ranks by name."""
    columns = [*METHODS, *(f"{name}_{breadth}" for name in SORTED for breadth in BREADTHS)]
    rows = connection.execute(ASKED.format(columns=", ".join(f"rank.{name}" for name in columns)))
    return [
        {"kind": kind, "change": change, "half": half, **dict(zip(columns, values))}
        for _, kind, change, half, *values in rows
    ]


def eight_fold(connection, folds):
    """The ranks of the mirrored pictures when they are looked for in all eight positions."""
    connection.execute("CREATE TABLE eight (id int PRIMARY KEY, turned fingerprint[])")
    found = {}
    for rows, patterns in batches(connection, EIGHT):
        for (id, _, half), *both in zip(rows, *prints.of(patterns, folds)):
            found.setdefault(id, []).append(both[1 - half].tobytes().hex())
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO eight VALUES (%s, %s::text[]::fingerprint[])", found.items())
    connection.execute("ANALYZE eight")
    return [rank for _, rank in connection.execute(EIGHT_RANKS)]


def pairs(connection):
    """The distances between different photographs by method, nearest first."""
    connection.execute(PAIRS)
    return {
        name: np.sort(np.array([row[0] for row in connection.execute(f"SELECT {name} FROM pair")]))
        for name in METHODS
    }


def own(connection):
    """The distances of each change's queries to their sources, by method and change."""
    found = {}
    columns = ", ".join(f"own.{name}" for name in METHODS)
    rows = connection.execute(
        f"SELECT change, {columns} FROM own JOIN query USING (id) WHERE kind = 'photographs'"
    )
    for change, *values in rows:
        for name, value in zip(METHODS, values):
            found.setdefault(name, {}).setdefault(change, []).append(value)
    return found


def shipped(connection, least):
    """The extension's fingerprints of what is searched and has so much detail, and of which photograph."""
    rows = connection.execute(
        "SELECT shipped::bytea, photo FROM corpus WHERE kind = 'photographs' AND detail >= %s ORDER BY id",
        [least],
    ).fetchall()
    return (
        np.frombuffer(b"".join(row[0] for row in rows), np.uint8).reshape(-1, prints.NUMBERS),
        np.array([row[1] for row in rows]),
    )


def unit(connection):
    """The distance between two fingerprints that differ by one in one byte."""
    one = bytes(31) + b"\1"
    statement = "SELECT %b::bytea::fingerprint <-> %b::bytea::fingerprint"
    return connection.execute(statement, (bytes(32), one)).fetchone()[0]


def details(connection):
    """pattern_detail by kind, of what is searched and of the nearly empty pages."""
    found = {}
    for kind, detail in connection.execute("SELECT kind, detail FROM picture WHERE change IS NULL"):
        found.setdefault(kind, []).append(detail)
    return found


def seconds(connection, statement):
    """The best of seven."""
    times = []
    for _ in range(7):
        started = time.monotonic()
        connection.execute(statement)
        times.append(time.monotonic() - started)
    return min(times)


def times(connection):
    """What making takes, in seconds a pattern, and comparing, in seconds a pair."""
    with connected() as one:
        one.execute("SET max_parallel_workers_per_gather = 0")
        idle = seconds(one, f"SELECT count(patt) FROM ({PATTERNS_IN_MEMORY}) p")
        made = {
            name: (seconds(one, f"SELECT count({call}) FROM ({PATTERNS_IN_MEMORY}) p") - idle) / 2000
            for name, call in MADE.items()
        }
        idle = seconds(one, COMPARED.format(distance="q.id"))
        compared = {
            name: (seconds(one, COMPARED.format(distance=distance)) - idle) / (2000 * BLOCK)
            for name, distance in METHODS.items()
        }
    return made, compared
