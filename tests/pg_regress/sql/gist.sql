-- The operator class.

CREATE TABLE item (id int, sig signature);
INSERT INTO item
SELECT i, ('(' || string_agg(((i * 7919 + j * 104729) % 1000)::text, ', ' ORDER BY j) || ')')::signature
FROM generate_series(1, 3000) i, generate_series(1, 16) j GROUP BY i;
CREATE INDEX item_sig ON item USING gist (sig);
ANALYZE item;
\d item_sig

-- The planner takes the index by itself
EXPLAIN (COSTS OFF)
SELECT id FROM item ORDER BY sig <-> '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16' LIMIT 5;
SELECT id, sig <-> (SELECT sig FROM item WHERE id = 77) AS distance
FROM item ORDER BY sig <-> (SELECT sig FROM item WHERE id = 77), id LIMIT 1;

-- The whole order, against a sort
CREATE TEMP TABLE by_index AS
SELECT row_number() OVER () AS place, d FROM (
  SELECT sig <-> '500 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16' AS d FROM item
  ORDER BY sig <-> '500 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16') t;
SET enable_indexscan = off;
SELECT count(*) AS places, count(*) FILTER (WHERE a.d IS DISTINCT FROM b.d) AS wrong
FROM by_index a JOIN (
  SELECT row_number() OVER (ORDER BY d) AS place, d FROM (
    SELECT sig <-> '500 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16' AS d FROM item) t) b USING (place);
RESET enable_indexscan;

-- All within a sphere; the surface is outside
EXPLAIN (COSTS OFF)
SELECT id FROM item WHERE sig <<->> sphere('1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16', 900);
SELECT count(*) FROM item a JOIN item b ON b.sig <<->> sphere(a.sig, 1) AND a.id < b.id;
SELECT count(*) FROM item a JOIN item b ON a.sig <-> b.sig < 1 AND a.id < b.id;

-- Equal rows by the ten thousand split and are found
CREATE TABLE equal (id int, sig signature);
CREATE INDEX equal_sig ON equal USING gist (sig);
INSERT INTO equal SELECT i, '1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1' FROM generate_series(1, 30000) i;
DELETE FROM equal WHERE id % 3 = 0;
VACUUM equal;
SET enable_seqscan = off;
SET enable_sort = off;
SELECT count(*), count(DISTINCT id), min(d), max(d) FROM (
  SELECT id, sig <-> '1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2' AS d FROM equal
  ORDER BY sig <-> '1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2') t;
RESET enable_seqscan;
RESET enable_sort;

-- The class fits the access method
SELECT opcname, amvalidate(oid) FROM pg_opclass WHERE opcname = 'gist_signature_ops';
DROP TABLE item, equal;
