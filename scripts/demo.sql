-- A folder of pictures, :pictures, in a database, and what is found in it. With :copies, a
-- folder of changed copies of some, made by scripts/changed_copies.py, these are looked for.
\pset footer off

\echo
\echo '-- Tables, indexes, and the files as bytes'
CREATE EXTENSION imgsmlr_rs;
CREATE TABLE img_raw (id int PRIMARY KEY, info text, ts timestamp, raw bytea);
CREATE TABLE img_vec (id int PRIMARY KEY REFERENCES img_raw(id), patt pattern,
  fp fingerprint GENERATED ALWAYS AS (pattern2fingerprint(patt)) STORED,
  sig signature GENERATED ALWAYS AS (pattern2signature(patt)) STORED);
CREATE INDEX img_vec_fp ON img_vec USING kdtree (fp);
CREATE INDEX img_vec_sig ON img_vec USING kdtree (sig);
CREATE TABLE img_copy (id int PRIMARY KEY REFERENCES img_raw(id), original int REFERENCES img_raw(id), change text);

INSERT INTO img_raw
SELECT row_number() OVER (ORDER BY name), name, now(), pg_read_binary_file(:'pictures' || '/' || name)
FROM pg_ls_dir(:'pictures') AS name;

\if :{?copies}
CREATE TEMPORARY TABLE made (file text, original text, change text);
\set copies_table :copies '/copies.tsv'
COPY made FROM :'copies_table';
WITH numbered AS (
  SELECT (SELECT max(id) FROM img_raw) + row_number() OVER (ORDER BY length(file), file) AS id, * FROM made
), raw AS (
  INSERT INTO img_raw
  SELECT id, original || ', ' || change, now(), pg_read_binary_file(:'copies' || '/' || file) FROM numbered
)
INSERT INTO img_copy
SELECT n.id, o.id, change FROM numbered n JOIN img_raw o ON o.info = n.original;
\endif

\echo
\echo '-- Patterns, and fingerprints and signatures of them; what cannot be decoded is NULL, with a warning'
INSERT INTO img_vec (id, patt)
SELECT id, patt
FROM (SELECT id, image2pattern(raw) AS patt FROM img_raw OFFSET 0) t
WHERE patt IS NOT NULL;
ANALYZE;
SELECT count(*) AS pictures, (SELECT count(*) FROM img_copy) AS "of these copies",
       pg_size_pretty(sum(length(raw))) AS files, (SELECT count(*) FROM img_vec) AS fingerprints
FROM img_raw;

-- So few rows are faster to read in sequence; the index is what we came to see.
SET enable_seqscan = off;
SET enable_sort = off;

\echo
\echo '-- How the index answers: an Index Scan, Order By'
SELECT id AS first, info AS first_name FROM img_vec JOIN img_raw USING (id)
ORDER BY id IN (SELECT original FROM img_copy) DESC, id LIMIT 1 \gset
EXPLAIN (COSTS OFF)
SELECT id FROM img_vec ORDER BY fp <-> (SELECT fp FROM img_vec WHERE id = :first) LIMIT 10;

\echo
\echo '-- The ten most like' :first_name 'by fingerprint. Below a distance of 1 it is the same picture'
SELECT info, round((fp <-> (SELECT fp FROM img_vec WHERE id = :first))::numeric, 3) AS "fp <->"
FROM img_vec JOIN img_raw USING (id)
WHERE id <> :first
ORDER BY fp <-> (SELECT fp FROM img_vec WHERE id = :first) LIMIT 10;

RESET enable_seqscan;
RESET enable_sort;

\if :{?copies}
-- The rank is 1, and one more for each photograph that is nearer to the copy than its original.
CREATE VIEW photograph AS SELECT * FROM img_vec WHERE id NOT IN (SELECT id FROM img_copy);
CREATE TABLE found AS
WITH distance AS MATERIALIZED (
  SELECT c.id, p.id AS photograph, p.fp <-> q.fp AS upright,
         (SELECT min(p.fp <-> fp) FROM unnest(turned) fp) AS turned, p.sig <-> q.sig AS sig,
         shuffle_pattern(p.patt) <-> shuffle_pattern(q.patt) AS shuffled
  FROM img_copy c JOIN img_vec q USING (id),
    LATERAL (SELECT array_agg(pattern2fingerprint(turn_pattern(q.patt, o))) AS turned FROM generate_series(1, 8) o) eight,
    photograph p
), ranked AS (
  SELECT *, rank() OVER (PARTITION BY id ORDER BY upright) AS by_upright,
         rank() OVER (PARTITION BY id ORDER BY turned) AS by_turned,
         rank() OVER (PARTITION BY id ORDER BY sig) AS by_sig
  FROM distance
), second_stage AS (
  SELECT *, CASE WHEN by_sig <= 10 THEN
           rank() OVER (PARTITION BY id, by_sig <= 10 ORDER BY shuffled) END AS by_two_stages
  FROM ranked
)
SELECT c.*, by_upright, by_turned, by_sig, by_two_stages
FROM img_copy c JOIN second_stage s ON s.id = c.id AND s.photograph = c.original;

\echo
\echo '-- Each changed copy looked for: the place of its original among the photographs, by fingerprint, in eight orientations'
SELECT o.info AS "copy of", change, by_turned
FROM found JOIN img_raw o ON o.id = original ORDER BY found.id
\crosstabview

\echo
\echo '-- The same by other searches: how many originals are found at the first place, and among the first three'
SELECT search, count(*) FILTER (WHERE place = 1) AS first, count(*) FILTER (WHERE place <= 3) AS "among three",
       count(*) AS of
FROM found, LATERAL (VALUES
  (1, 'fingerprint, in eight orientations', by_turned), (2, 'fingerprint, as the copy stands', by_upright),
  (3, 'signature', by_sig), (4, 'two stages: ten by signature, these by pattern', by_two_stages)) s (number, search, place)
GROUP BY number, search ORDER BY number;

SELECT count(*) FILTER (WHERE by_turned = 1) AS right, count(*) AS copies FROM found \gset
\echo
\echo :right 'of' :copies 'changed copies: the original is found first by fingerprint'
\else
\echo
\echo '-- These look like copies: pairs below a distance of 1, the nearest first; nearly empty pictures are left out'
SELECT a.info AS picture, b.info AS "looks like", round((va.fp <-> vb.fp)::numeric, 3) AS "fp <->"
FROM img_vec va JOIN img_vec vb ON vb.fp <<->> sphere(va.fp, 1) AND va.id < vb.id
  JOIN img_raw a ON a.id = va.id JOIN img_raw b ON b.id = vb.id
WHERE pattern_detail(va.patt) >= 15 AND pattern_detail(vb.patt) >= 15
ORDER BY va.fp <-> vb.fp, a.id, b.id LIMIT 20;
\endif
