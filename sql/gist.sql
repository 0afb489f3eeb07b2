-- The index: exact nearest neighbours of a signature, nearest first, and all within a sphere.

CREATE FUNCTION signature_consistent(internal, signature, smallint, oid, internal) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_union(internal, internal) RETURNS signature_box
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_compress(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_penalty(internal, internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_picksplit(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_same(signature_box, signature_box, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_gist_distance(internal, signature, smallint, oid, internal) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_fetch(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_sortsupport(internal) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE OPERATOR CLASS gist_signature_ops
	DEFAULT FOR TYPE signature USING gist AS
	OPERATOR 1 <-> (signature, signature) FOR ORDER BY pg_catalog.float_ops,
	OPERATOR 2 <<->> (signature, signature_sphere),
	FUNCTION 1 signature_consistent (internal, signature, smallint, oid, internal),
	FUNCTION 2 signature_union (internal, internal),
	FUNCTION 3 signature_compress (internal),
	FUNCTION 5 signature_penalty (internal, internal, internal),
	FUNCTION 6 signature_picksplit (internal, internal),
	FUNCTION 7 signature_same (signature_box, signature_box, internal),
	FUNCTION 8 signature_gist_distance (internal, signature, smallint, oid, internal),
	FUNCTION 9 signature_fetch (internal),
	FUNCTION 11 (signature, signature) signature_sortsupport (internal),
	STORAGE signature_box;
