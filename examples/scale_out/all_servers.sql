-- MATERIALIZED, or the planner merges the servers' answers one by one.
CREATE FUNCTION nearest(query signature, top bigint)
RETURNS TABLE (id int, distance float8)
LANGUAGE sql STABLE ROWS 20 AS $$
  WITH found AS MATERIALIZED (
    (SELECT id, sig <-> query AS distance FROM picture_0 ORDER BY sig <-> query LIMIT top) UNION ALL
    (SELECT id, sig <-> query AS distance FROM picture_1 ORDER BY sig <-> query LIMIT top) UNION ALL
    (SELECT id, sig <-> query AS distance FROM picture_2 ORDER BY sig <-> query LIMIT top))
  SELECT * FROM found ORDER BY distance LIMIT top
$$;
