-- The nearest of one partition. COST says that a call takes longer than starting a process.
CREATE FUNCTION nearest_in(part regclass, query signature, top bigint)
RETURNS TABLE (id int, distance float8)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 20 COST 1000000 AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT id, sig <-> $1 FROM %s ORDER BY sig <-> $1 LIMIT $2', part)
  USING query, top;
END
$$;

-- The nearest of all. PostgreSQL puts this text in place of the call, and plans it there.
CREATE FUNCTION nearest_by_workers(query signature, top bigint)
RETURNS TABLE (id int, distance float8)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 AS $$
  SELECT * FROM (
    SELECT * FROM nearest_in('picture_0', query, top) UNION ALL
    SELECT * FROM nearest_in('picture_1', query, top)) AS found
  ORDER BY distance LIMIT top
$$;
