-- pgvector's HNSW index on the type signature itself: no second column, no copy.
\echo Use "CREATE EXTENSION imgsmlr_rs_hnsw CASCADE" to load this file. \quit

-- HNSW compares by the square, which sorts as the distance does and needs no root. The
-- column must be signature(16): the modifier tells HNSW the number of dimensions.
-- Everything is qualified: either extension may be in any schema, whose name PostgreSQL
-- gives to a script from version 16 on only.
DO $do$
DECLARE
	ours text;
	vectors text;
BEGIN
	SELECT pg_catalog.quote_ident(n.nspname) INTO STRICT ours
	FROM pg_catalog.pg_extension e, pg_catalog.pg_namespace n
	WHERE e.extname OPERATOR(pg_catalog.=) 'imgsmlr_rs' AND n.oid OPERATOR(pg_catalog.=) e.extnamespace;
	SELECT pg_catalog.quote_ident(n.nspname) INTO STRICT vectors
	FROM pg_catalog.pg_extension e, pg_catalog.pg_namespace n
	WHERE e.extname OPERATOR(pg_catalog.=) 'vector' AND n.oid OPERATOR(pg_catalog.=) e.extnamespace;

	EXECUTE pg_catalog.format($sql$
		CREATE FUNCTION @extschema@.signature_squared_distance(%1$s.signature, %1$s.signature) RETURNS float8
			AS '$libdir/imgsmlr_rs', 'signature_squared_distance'
			LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

		CREATE OPERATOR CLASS @extschema@.signature_hnsw_ops
			FOR TYPE %1$s.signature USING hnsw AS
			OPERATOR 1 %1$s.<-> (%1$s.signature, %1$s.signature) FOR ORDER BY pg_catalog.float_ops,
			FUNCTION 1 @extschema@.signature_squared_distance(%1$s.signature, %1$s.signature);

		CREATE FUNCTION @extschema@.signature_to_vector(%1$s.signature, integer, boolean) RETURNS %2$s.vector
			LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
			RETURN %2$s.vector(CAST(CAST($1 AS pg_catalog.float4[]) AS %2$s.vector), $2, $3);

		CREATE CAST (%1$s.signature AS %2$s.vector)
			WITH FUNCTION @extschema@.signature_to_vector(%1$s.signature, integer, boolean) AS ASSIGNMENT;
	$sql$, ours, vectors);
END
$do$;
