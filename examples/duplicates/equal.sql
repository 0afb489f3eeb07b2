-- Of all rows whose fingerprints are equal, the one with the least id.
CREATE TABLE standing AS
SELECT DISTINCT ON (fp) id, fp FROM picture WHERE fp IS NOT NULL ORDER BY fp, id;
CREATE INDEX ON standing USING kdtree (fp);
-- The pairs of these, and each of the others with the one that stands for it.
CREATE TABLE pair AS
SELECT least(a.id, b.id) AS one, greatest(a.id, b.id) AS other, distance
FROM kdtree_pairs('standing_fp_idx', 0.5) AS near
JOIN standing a ON a.ctid = near.one JOIN standing b ON b.ctid = near.other
UNION ALL
SELECT standing.id, picture.id, 0
FROM picture JOIN standing USING (fp) WHERE picture.id <> standing.id;
DROP TABLE standing;
