-- MATERIALIZED, or the planner merges the servers' answers one by one.
CREATE FUNCTION nearest(query fingerprint, top bigint)
RETURNS TABLE (id int, distance float8)
LANGUAGE sql STABLE ROWS 20 AS $$
  WITH found AS MATERIALIZED (
    (SELECT id, fp <-> query AS distance FROM picture_0 ORDER BY fp <-> query LIMIT top) UNION ALL
    (SELECT id, fp <-> query AS distance FROM picture_1 ORDER BY fp <-> query LIMIT top) UNION ALL
    (SELECT id, fp <-> query AS distance FROM picture_2 ORDER BY fp <-> query LIMIT top))
  SELECT * FROM found ORDER BY distance LIMIT top
$$;
