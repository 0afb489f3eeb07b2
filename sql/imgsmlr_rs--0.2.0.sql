-- Version 0.2.0, as it was.
\echo Use "CREATE EXTENSION imgsmlr_rs" to load this file. \quit

-- Types: pattern, signature, the sphere to search in, and the box that an index keeps.

CREATE TYPE pattern;

CREATE FUNCTION pattern_in(cstring) RETURNS pattern
	AS 'MODULE_PATHNAME', 'pattern_in_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION pattern_out(pattern) RETURNS cstring
	AS 'MODULE_PATHNAME', 'pattern_out_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION pattern_recv(internal) RETURNS pattern
	AS 'MODULE_PATHNAME', 'pattern_recv_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION pattern_send(pattern) RETURNS bytea
	AS 'MODULE_PATHNAME', 'pattern_send_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- 64×64 float4. External: compression saves a tenth at best, for a try at every insert.
CREATE TYPE pattern (
	INTERNALLENGTH = VARIABLE,
	INPUT = pattern_in,
	OUTPUT = pattern_out,
	RECEIVE = pattern_recv,
	SEND = pattern_send,
	ALIGNMENT = int4,
	STORAGE = external
);

CREATE TYPE signature;

CREATE FUNCTION signature_in(cstring) RETURNS signature
	AS 'MODULE_PATHNAME', 'signature_in_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_out(signature) RETURNS cstring
	AS 'MODULE_PATHNAME', 'signature_out_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_recv(internal) RETURNS signature
	AS 'MODULE_PATHNAME', 'signature_recv_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_send(signature) RETURNS bytea
	AS 'MODULE_PATHNAME', 'signature_send_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_typmod_in(cstring[]) RETURNS integer
	AS 'MODULE_PATHNAME', 'signature_typmod_in_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_typmod_out(integer) RETURNS cstring
	AS 'MODULE_PATHNAME', 'signature_typmod_out_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- 16 float4. Plain: never a short header, so it is read in place.
CREATE TYPE signature (
	INTERNALLENGTH = VARIABLE,
	INPUT = signature_in,
	OUTPUT = signature_out,
	RECEIVE = signature_recv,
	SEND = signature_send,
	TYPMOD_IN = signature_typmod_in,
	TYPMOD_OUT = signature_typmod_out,
	ALIGNMENT = int4,
	STORAGE = plain
);

-- A centre and a radius: what <<->> takes on its right.
CREATE TYPE signature_sphere;

CREATE FUNCTION signature_sphere_in(cstring) RETURNS signature_sphere
	AS 'MODULE_PATHNAME', 'signature_sphere_in_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_sphere_out(signature_sphere) RETURNS cstring
	AS 'MODULE_PATHNAME', 'signature_sphere_out_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE signature_sphere (
	INTERNALLENGTH = VARIABLE,
	INPUT = signature_sphere_in,
	OUTPUT = signature_sphere_out,
	ALIGNMENT = int4,
	STORAGE = plain
);

-- The key of gist_signature_ops: on a leaf the signature, above it two corners of a box
-- along the principal axes.
CREATE TYPE signature_box;

CREATE FUNCTION signature_box_in(cstring) RETURNS signature_box
	AS 'MODULE_PATHNAME', 'signature_box_in_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_box_out(signature_box) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE signature_box (
	INTERNALLENGTH = VARIABLE,
	INPUT = signature_box_in,
	OUTPUT = signature_box_out,
	ALIGNMENT = int4,
	STORAGE = plain
);

-- From a picture to a pattern, from a pattern to a signature, distances and spheres.
-- Costs are in units of a plain operator.

-- Lets the planner count pictures where it looks for parallel work; for no one else to call.
CREATE FUNCTION picture_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'picture_support' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION jpeg2pattern(bytea) RETURNS pattern
	AS 'MODULE_PATHNAME', 'jpeg2pattern_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000
	SUPPORT picture_support;

CREATE FUNCTION png2pattern(bytea) RETURNS pattern
	AS 'MODULE_PATHNAME', 'png2pattern_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000
	SUPPORT picture_support;

CREATE FUNCTION gif2pattern(bytea) RETURNS pattern
	AS 'MODULE_PATHNAME', 'gif2pattern_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000
	SUPPORT picture_support;

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

CREATE FUNCTION pattern2signature(pattern) RETURNS signature
	AS 'MODULE_PATHNAME', 'pattern2signature_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION shuffle_pattern(pattern) RETURNS pattern
	AS 'MODULE_PATHNAME', 'shuffle_pattern_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

CREATE FUNCTION pattern_distance(pattern, pattern) RETURNS float8
	AS 'MODULE_PATHNAME', 'pattern_distance_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;

CREATE FUNCTION signature_distance(signature, signature) RETURNS float8
	AS 'MODULE_PATHNAME', 'signature_distance_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION sphere(center signature, radius float8) RETURNS signature_sphere
	AS 'MODULE_PATHNAME', 'sphere_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION signature_in_sphere(signature, signature_sphere) RETURNS boolean
	AS 'MODULE_PATHNAME', 'signature_in_sphere_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

-- Distance as an operator, and "nearer than".

CREATE OPERATOR <-> (
	LEFTARG = pattern,
	RIGHTARG = pattern,
	PROCEDURE = pattern_distance,
	COMMUTATOR = <->
);

CREATE OPERATOR <-> (
	LEFTARG = signature,
	RIGHTARG = signature,
	PROCEDURE = signature_distance,
	COMMUTATOR = <->
);

-- One row in a thousand, the planner thinks: what it assumes of geometric operators.
CREATE OPERATOR <<->> (
	LEFTARG = signature,
	RIGHTARG = signature_sphere,
	PROCEDURE = signature_in_sphere,
	RESTRICT = contsel,
	JOIN = contjoinsel
);

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

