-- From 0.1.0 to 0.2.0: more formats and functions, comparison, casts, avg.
\echo Use "ALTER EXTENSION imgsmlr_rs UPDATE" to load this file. \quit

CREATE FUNCTION picture_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'picture_support' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

ALTER FUNCTION jpeg2pattern(bytea) SUPPORT picture_support;
ALTER FUNCTION png2pattern(bytea) SUPPORT picture_support;
ALTER FUNCTION gif2pattern(bytea) SUPPORT picture_support;

-- It has a second argument now. Views that call it must be dropped before, and made again.
DROP FUNCTION image2pattern(bytea);

CREATE FUNCTION image2pattern(bytea, apply_orientation boolean DEFAULT true) RETURNS pattern
	AS 'MODULE_PATHNAME', 'image2pattern_upright_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000
	SUPPORT picture_support;

CREATE FUNCTION image2signature(bytea, apply_orientation boolean DEFAULT true) RETURNS signature
	AS 'MODULE_PATHNAME', 'image2signature_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000
	SUPPORT picture_support;

CREATE FUNCTION image_info(bytea,
	OUT format text, OUT width bigint, OUT height bigint, OUT channels integer, OUT bit_depth integer,
	OUT has_alpha boolean, OUT orientation integer, OUT frames bigint)
	AS 'MODULE_PATHNAME', 'image_info' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

CREATE FUNCTION pattern2png(pattern) RETURNS bytea
	AS 'MODULE_PATHNAME', 'pattern2png_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

CREATE FUNCTION pattern2phash(pattern) RETURNS bit(64)
	AS 'MODULE_PATHNAME', 'pattern2phash_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

-- Equality, order and hashing, as for any type: DISTINCT, GROUP BY, UNIQUE, joins.
-- Number by number, as float4 compares; the order means nothing else.

CREATE FUNCTION signature_eq(signature, signature) RETURNS boolean
	AS 'MODULE_PATHNAME', 'signature_eq_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION signature_ne(signature, signature) RETURNS boolean
	AS 'MODULE_PATHNAME', 'signature_ne_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION signature_lt(signature, signature) RETURNS boolean
	AS 'MODULE_PATHNAME', 'signature_lt_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION signature_le(signature, signature) RETURNS boolean
	AS 'MODULE_PATHNAME', 'signature_le_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION signature_gt(signature, signature) RETURNS boolean
	AS 'MODULE_PATHNAME', 'signature_gt_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION signature_ge(signature, signature) RETURNS boolean
	AS 'MODULE_PATHNAME', 'signature_ge_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION signature_cmp(signature, signature) RETURNS integer
	AS 'MODULE_PATHNAME', 'signature_cmp_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION signature_hash(signature) RETURNS integer
	AS 'MODULE_PATHNAME', 'signature_hash_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION signature_hash_extended(signature, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'signature_hash_extended_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION pattern_eq(pattern, pattern) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pattern_eq_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 100;

CREATE FUNCTION pattern_ne(pattern, pattern) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pattern_ne_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 100;

CREATE OPERATOR = (
	LEFTARG = signature, RIGHTARG = signature, PROCEDURE = signature_eq,
	COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);

CREATE OPERATOR <> (
	LEFTARG = signature, RIGHTARG = signature, PROCEDURE = signature_ne,
	COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);

CREATE OPERATOR < (
	LEFTARG = signature, RIGHTARG = signature, PROCEDURE = signature_lt,
	COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);

CREATE OPERATOR <= (
	LEFTARG = signature, RIGHTARG = signature, PROCEDURE = signature_le,
	COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);

CREATE OPERATOR > (
	LEFTARG = signature, RIGHTARG = signature, PROCEDURE = signature_gt,
	COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR >= (
	LEFTARG = signature, RIGHTARG = signature, PROCEDURE = signature_ge,
	COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);

CREATE OPERATOR = (
	LEFTARG = pattern, RIGHTARG = pattern, PROCEDURE = pattern_eq,
	COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel
);

CREATE OPERATOR <> (
	LEFTARG = pattern, RIGHTARG = pattern, PROCEDURE = pattern_ne,
	COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);

CREATE OPERATOR CLASS btree_signature_ops
	DEFAULT FOR TYPE signature USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 signature_cmp (signature, signature);

CREATE OPERATOR CLASS hash_signature_ops
	DEFAULT FOR TYPE signature USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 signature_hash (signature),
	FUNCTION 2 signature_hash_extended (signature, bigint);

-- Casts: a signature is assigned to arrays and made of them on request only, its length and
-- its numbers checked.

CREATE FUNCTION signature_to_real(signature) RETURNS real[]
	AS 'MODULE_PATHNAME', 'signature_to_real_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (signature AS real[]) WITH FUNCTION signature_to_real(signature) AS ASSIGNMENT;

CREATE FUNCTION signature_to_double(signature) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'signature_to_double_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (signature AS float8[]) WITH FUNCTION signature_to_double(signature) AS ASSIGNMENT;

CREATE FUNCTION signature_from_real(real[]) RETURNS signature
	AS 'MODULE_PATHNAME', 'signature_from_real_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (real[] AS signature) WITH FUNCTION signature_from_real(real[]);

CREATE FUNCTION signature_from_double(float8[]) RETURNS signature
	AS 'MODULE_PATHNAME', 'signature_from_double_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (float8[] AS signature) WITH FUNCTION signature_from_double(float8[]);

CREATE FUNCTION signature_to_jsonb(signature) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'signature_to_jsonb_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (signature AS jsonb) WITH FUNCTION signature_to_jsonb(signature);

CREATE FUNCTION signature_from_jsonb(jsonb) RETURNS signature
	AS 'MODULE_PATHNAME', 'signature_from_jsonb_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (jsonb AS signature) WITH FUNCTION signature_from_jsonb(jsonb);

CREATE FUNCTION pattern_to_real(pattern) RETURNS real[]
	AS 'MODULE_PATHNAME', 'pattern_to_real_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE CAST (pattern AS real[]) WITH FUNCTION pattern_to_real(pattern);

-- The centre of a group of signatures.

CREATE FUNCTION signature_avg_add(internal, signature) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION signature_avg_merge(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION signature_avg_send(internal) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_avg_receive(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_avg(internal) RETURNS signature
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE avg(signature) (
	SFUNC = signature_avg_add,
	STYPE = internal,
	SSPACE = 136,
	FINALFUNC = signature_avg,
	COMBINEFUNC = signature_avg_merge,
	SERIALFUNC = signature_avg_send,
	DESERIALFUNC = signature_avg_receive,
	PARALLEL = SAFE
);
