-- A search by fingerprint, on a folder of pictures, :pictures.
\pset footer off

\echo
\echo '-- Tables, an index, and the files as bytes'
CREATE EXTENSION imgsmlr_rs;
CREATE TABLE img_raw (id int PRIMARY KEY, info text, ts timestamp, raw bytea);
CREATE TABLE img_vec (id int PRIMARY KEY REFERENCES img_raw(id), patt pattern,
  fp fingerprint GENERATED ALWAYS AS (pattern2fingerprint(patt)) STORED);
CREATE INDEX img_vec_fp ON img_vec USING kdtree (fp);

INSERT INTO img_raw
SELECT row_number() OVER (ORDER BY name), name, now(), pg_read_binary_file(:'pictures' || '/' || name)
FROM pg_ls_dir(:'pictures') AS name;

\echo
\echo '-- Patterns, and fingerprints of them; what cannot be decoded is NULL, with a warning'
INSERT INTO img_vec
SELECT id, patt
FROM (SELECT id, image2pattern(raw) AS patt FROM img_raw OFFSET 0) t
WHERE patt IS NOT NULL;
ANALYZE img_vec;
SELECT count(*) AS pictures, pg_size_pretty(sum(length(raw))) AS files,
       (SELECT count(*) FROM img_vec) AS fingerprints
FROM img_raw;

-- So few rows are faster to read in sequence; the index is what we came to see.
SET enable_seqscan = off;
SET enable_sort = off;

\echo
\echo '-- How the index answers: an Index Scan, Order By'
SELECT min(id) AS first FROM img_vec \gset
EXPLAIN (COSTS OFF)
SELECT id FROM img_vec ORDER BY fp <-> (SELECT fp FROM img_vec WHERE id = :first) LIMIT 10;

\echo
\echo '-- The ten most like a picture, by fingerprint. Below a distance of 1 it is the same picture'
-- One query for each of five pictures, spread over all; \gexec runs them.
SELECT format($$
SELECT info AS %2$I, round((fp <-> (SELECT fp FROM img_vec WHERE id = %1$s))::numeric, 3) AS "fp <->"
FROM img_vec JOIN img_raw USING (id)
WHERE id <> %1$s
ORDER BY fp <-> (SELECT fp FROM img_vec WHERE id = %1$s) LIMIT 10
$$, id, 'most like ' || left(info, 50))
FROM (
  SELECT DISTINCT ON (part) id, info
  FROM (SELECT id, info, ntile(5) OVER (ORDER BY id) AS part
        FROM img_vec JOIN img_raw USING (id)) parts
  ORDER BY part, id
) five
ORDER BY id
\gexec
