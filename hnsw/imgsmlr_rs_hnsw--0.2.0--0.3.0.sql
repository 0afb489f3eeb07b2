-- From 0.2.0 to 0.3.0: a vector is assigned to a signature.
\echo Use "ALTER EXTENSION imgsmlr_rs_hnsw UPDATE" to load this file. \quit

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
		CREATE FUNCTION @extschema@.signature_from_vector(%2$s.vector) RETURNS %1$s.signature
			LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
			RETURN CAST(CAST($1 AS pg_catalog.float4[]) AS %1$s.signature);

		CREATE CAST (%2$s.vector AS %1$s.signature)
			WITH FUNCTION @extschema@.signature_from_vector(%2$s.vector) AS ASSIGNMENT;
	$sql$, ours, vectors);
END
$do$;
