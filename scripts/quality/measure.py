"""The searches, in the database: it gets files and gives ranks and distances."""

import array

# How many candidates the first stage hands to the second.
BREADTHS = (10, 20, 50, 100, 200)

TABLES = """
CREATE EXTENSION imgsmlr_rs;
CREATE TABLE file (id int PRIMARY KEY, source int NOT NULL, change text, file bytea NOT NULL);
ALTER TABLE file ALTER file SET STORAGE EXTERNAL
"""

# A picture of the corpus has no change; a query has one and names its source.
PREPARED = """
CREATE TABLE converted AS SELECT id, source, change, image2pattern(file) AS patt FROM file;
CREATE TABLE picture AS
  SELECT *, pattern2signature(patt) AS sig, shuffle_pattern(patt) AS shuffled,
         pattern2phash(patt) AS phash
  FROM converted;
CREATE TABLE corpus AS SELECT * FROM picture WHERE change IS NULL;
CREATE TABLE query AS SELECT * FROM picture WHERE change IS NOT NULL;
CREATE INDEX corpus_sig ON corpus USING gist (sig);
ANALYZE corpus;
ANALYZE query
"""

# The first stage: the nearest by signature, in the index's order.
CANDIDATES = """
CREATE TABLE candidate AS
  SELECT query.id AS query, query.source, query.change, near.id, near.place,
         near.patt <-> query.patt AS patt, near.shuffled <-> query.shuffled AS shuffled
  FROM query, LATERAL (
    SELECT id, patt, shuffled, row_number() OVER () AS place
    FROM (SELECT id, patt, shuffled FROM corpus ORDER BY sig <-> query.sig LIMIT {most}) nearest) near;
ANALYZE candidate
"""

# Every query against every picture: what a search without an index would sort.
PAIRS = """
CREATE TABLE pair AS
  SELECT query.id AS query, query.change, corpus.id = query.source AS same,
         corpus.sig <-> query.sig AS sig, corpus.patt <-> query.patt AS patt,
         corpus.shuffled <-> query.shuffled AS shuffled,
         bit_count(corpus.phash # query.phash)::float8 AS phash
  FROM query, corpus;
ANALYZE pair
"""

# A rank counts every picture that is as near as the right one: who ties, loses.
RANKS = """
SELECT t.change, count(*) FILTER (WHERE o.{method} <= t.{method})
FROM pair t JOIN pair o USING (query) WHERE t.same GROUP BY t.change, t.query
"""

# The same among the first so many candidates; none where the right one is not there.
STAGED_RANKS = """
SELECT t.change, count(*) FILTER (WHERE o.{method} <= t.{method})
FROM candidate t JOIN candidate o USING (query)
WHERE t.id = t.source AND t.place <= {breadth} AND o.place <= {breadth}
GROUP BY t.change, t.query
"""

PLACES = "SELECT change, place FROM candidate WHERE id = source"
SAME = "SELECT change, {method} FROM pair WHERE same"
DIFFERENT = "SELECT {method} FROM pair WHERE NOT same ORDER BY 1"
COUNTS = """
SELECT (SELECT count(*) FROM corpus), (SELECT count(DISTINCT source) FROM query),
       (SELECT count(*) FROM picture WHERE patt IS NULL)
"""
PLAN = "EXPLAIN SELECT id FROM corpus ORDER BY sig <-> (SELECT sig FROM query LIMIT 1) LIMIT {most}"


def load(connection, files):
    """Files as (id, source, change, bytes)."""
    connection.execute(TABLES)
    statement = "COPY file (id, source, change, file) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["int4", "int4", "text", "bytea"])
        for row in files:
            copy.write_row(row)
    connection.execute("ANALYZE file")


def search(connection, say):
    """Converts the files, searches by signature, and compares all with all."""
    say("converting")
    connection.execute(PREPARED)
    # So few rows are faster to read in sequence; the index is what is measured.
    connection.execute("SET enable_seqscan = off; SET enable_sort = off")
    plan = "\n".join(row[0] for row in connection.execute(PLAN.format(most=max(BREADTHS))))
    if "Index Scan using corpus_sig" not in plan:
        raise SystemExit(f"the search does not use the index:\n{plan}")
    say("searching by signature")
    connection.execute(CANDIDATES.format(most=max(BREADTHS)))
    connection.execute("RESET enable_seqscan; RESET enable_sort")
    say("comparing every query with every picture")
    connection.execute(PAIRS)


def by_change(connection, statement, **names):
    """The second column's values, gathered by the first's, a change."""
    found = {}
    for change, value in connection.execute(statement.format(**names)):
        found.setdefault(change, []).append(value)
    return found


def different(connection, method):
    """The distances between different pictures, nearest first."""
    rows = connection.execute(DIFFERENT.format(method=method))
    return array.array("d", (row[0] for row in rows))
