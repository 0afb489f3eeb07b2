CREATE EXTENSION postgres_fdw;

-- This server again, once for each partition: each is a connection, and so a process.
DO $$
BEGIN
  FOR part IN 0..1 LOOP
    EXECUTE format('CREATE SERVER core_%s FOREIGN DATA WRAPPER postgres_fdw
      OPTIONS (host %L, port %L, dbname %L, extensions ''imgsmlr_rs'', async_capable ''true'')', part,
      current_setting('unix_socket_directories'), current_setting('port'), current_database());
    EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER core_%s OPTIONS (user %L)', part, current_user);
    EXECUTE format('CREATE FOREIGN TABLE picture_by_core_%1$s (id int, fp fingerprint)
      SERVER core_%1$s OPTIONS (table_name ''picture_%1$s'')', part);
  END LOOP;
END
$$;

-- MATERIALIZED, or the planner merges the answers one by one.
CREATE FUNCTION nearest(query fingerprint, top bigint)
RETURNS TABLE (id int, distance float8)
LANGUAGE sql STABLE ROWS 20 AS $$
  WITH found AS MATERIALIZED (
    (SELECT id, fp <-> query AS distance FROM picture_by_core_0 ORDER BY fp <-> query LIMIT top) UNION ALL
    (SELECT id, fp <-> query AS distance FROM picture_by_core_1 ORDER BY fp <-> query LIMIT top))
  SELECT * FROM found ORDER BY distance LIMIT top
$$;
