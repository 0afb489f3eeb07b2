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

-- The same for fingerprints. The key: on a leaf the fingerprint, above it two corners of a box.

CREATE TYPE fingerprint_box;

CREATE FUNCTION fingerprint_box_in(cstring) RETURNS fingerprint_box
	AS 'MODULE_PATHNAME', 'fingerprint_box_in_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_box_out(fingerprint_box) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE fingerprint_box (
	INTERNALLENGTH = VARIABLE,
	INPUT = fingerprint_box_in,
	OUTPUT = fingerprint_box_out,
	ALIGNMENT = int4,
	STORAGE = plain
);

CREATE FUNCTION fingerprint_consistent(internal, fingerprint, smallint, oid, internal) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_union(internal, internal) RETURNS fingerprint_box
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_compress(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_penalty(internal, internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_picksplit(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_same(fingerprint_box, fingerprint_box, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_gist_distance(internal, fingerprint, smallint, oid, internal) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_fetch(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_sortsupport(internal) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE OPERATOR CLASS gist_fingerprint_ops
	DEFAULT FOR TYPE fingerprint USING gist AS
	OPERATOR 1 <-> (fingerprint, fingerprint) FOR ORDER BY pg_catalog.float_ops,
	OPERATOR 2 <<->> (fingerprint, fingerprint_sphere),
	FUNCTION 1 fingerprint_consistent (internal, fingerprint, smallint, oid, internal),
	FUNCTION 2 fingerprint_union (internal, internal),
	FUNCTION 3 fingerprint_compress (internal),
	FUNCTION 5 fingerprint_penalty (internal, internal, internal),
	FUNCTION 6 fingerprint_picksplit (internal, internal),
	FUNCTION 7 fingerprint_same (fingerprint_box, fingerprint_box, internal),
	FUNCTION 8 fingerprint_gist_distance (internal, fingerprint, smallint, oid, internal),
	FUNCTION 9 fingerprint_fetch (internal),
	FUNCTION 11 (fingerprint, fingerprint) fingerprint_sortsupport (internal),
	STORAGE fingerprint_box;
