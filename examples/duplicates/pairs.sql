-- All pairs of near-duplicates, each once.
CREATE TABLE pair AS
SELECT least(a.id, b.id) AS one, greatest(a.id, b.id) AS other, distance
FROM kdtree_pairs('picture_fp_idx', 0.5) AS near
JOIN picture a ON a.ctid = near.one JOIN picture b ON b.ctid = near.other;
