-- An index of our own: exact nearest neighbours and all within a sphere, faster than GiST.

CREATE FUNCTION kdtree_handler(internal) RETURNS index_am_handler
	AS 'MODULE_PATHNAME' LANGUAGE C;

CREATE ACCESS METHOD kdtree TYPE INDEX HANDLER kdtree_handler;

COMMENT ON ACCESS METHOD kdtree IS 'exact nearest neighbours of signatures and fingerprints';

CREATE FUNCTION kdtree_signature() RETURNS smallint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION kdtree_fingerprint() RETURNS smallint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE OPERATOR CLASS kdtree_signature_ops
	DEFAULT FOR TYPE signature USING kdtree AS
	OPERATOR 1 <-> (signature, signature) FOR ORDER BY pg_catalog.float_ops,
	OPERATOR 2 <<->> (signature, signature_sphere),
	FUNCTION 1 kdtree_signature();

CREATE OPERATOR CLASS kdtree_fingerprint_ops
	DEFAULT FOR TYPE fingerprint USING kdtree AS
	OPERATOR 1 <-> (fingerprint, fingerprint) FOR ORDER BY pg_catalog.float_ops,
	OPERATOR 2 <<->> (fingerprint, fingerprint_sphere),
	FUNCTION 1 kdtree_fingerprint();

-- Checks an index of ours against its table, and gives its rows.
CREATE FUNCTION kdtree_check(index regclass) RETURNS bigint
	AS 'MODULE_PATHNAME', 'kdtree_check_wrapper' LANGUAGE C STRICT;

REVOKE EXECUTE ON FUNCTION kdtree_check(regclass) FROM PUBLIC;

-- All pairs of rows nearer to each other than a radius, by an index of ours, each once.
CREATE FUNCTION kdtree_pairs_walk(index regclass, radius double precision)
	RETURNS TABLE (one tid, other tid, distance double precision)
	AS 'MODULE_PATHNAME', 'kdtree_pairs_walk_wrapper' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000000 ROWS 1000;

-- The same for FROM, where PostgreSQL puts the query below in its place and takes pair by pair of it,
-- while it would have a function in C make all of them first. Not STRICT, as that would keep it from it.
CREATE FUNCTION kdtree_pairs(index regclass, radius double precision)
	RETURNS TABLE (one tid, other tid, distance double precision)
	LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000
BEGIN ATOMIC
	SELECT (pair).one, (pair).other, (pair).distance FROM (SELECT kdtree_pairs_walk($1, $2) AS pair) AS walk;
END;
