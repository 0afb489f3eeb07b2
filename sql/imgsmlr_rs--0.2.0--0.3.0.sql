-- From 0.2.0 to 0.3.0: fingerprints, and an index of our own.
\echo Use "ALTER EXTENSION imgsmlr_rs UPDATE" to load this file. \quit

-- The fingerprint: 32 bytes by which a changed copy of a picture is found again.

CREATE TYPE fingerprint;

CREATE FUNCTION fingerprint_in(cstring) RETURNS fingerprint
	AS 'MODULE_PATHNAME', 'fingerprint_in_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_out(fingerprint) RETURNS cstring
	AS 'MODULE_PATHNAME', 'fingerprint_out_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_recv(internal) RETURNS fingerprint
	AS 'MODULE_PATHNAME', 'fingerprint_recv_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_send(fingerprint) RETURNS bytea
	AS 'MODULE_PATHNAME', 'fingerprint_send_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE fingerprint (
	INTERNALLENGTH = 32,
	INPUT = fingerprint_in,
	OUTPUT = fingerprint_out,
	RECEIVE = fingerprint_recv,
	SEND = fingerprint_send,
	ALIGNMENT = char
);

CREATE FUNCTION pattern2fingerprint(pattern) RETURNS fingerprint
	AS 'MODULE_PATHNAME', 'pattern2fingerprint_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

CREATE FUNCTION image2fingerprint(bytea, apply_orientation boolean DEFAULT true) RETURNS fingerprint
	AS 'MODULE_PATHNAME', 'image2fingerprint_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000
	SUPPORT picture_support;

-- On another ground than black.
CREATE FUNCTION image2fingerprint(bytea, background text, apply_orientation boolean DEFAULT true) RETURNS fingerprint
	AS 'MODULE_PATHNAME', 'image2fingerprint_on_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000
	SUPPORT picture_support;

-- From the pattern alone: what a turned picture has, and how much there is to recognise.

CREATE FUNCTION turn_pattern(pattern, orientation integer) RETURNS pattern
	AS 'MODULE_PATHNAME', 'turn_pattern_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

CREATE FUNCTION pattern_detail(pattern) RETURNS real
	AS 'MODULE_PATHNAME', 'pattern_detail_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

-- It has one more column. What calls it, views and constraints, must be dropped before, and made
-- again.
DROP FUNCTION image_info(bytea);

CREATE FUNCTION image_info(bytea,
	OUT format text, OUT width bigint, OUT height bigint, OUT channels integer, OUT bit_depth integer,
	OUT has_alpha boolean, OUT orientation integer, OUT frames bigint, OUT complete boolean)
	AS 'MODULE_PATHNAME', 'image_info' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

-- Distance, and "nearer than". LEAKPROOF: of two fingerprints there is always a distance, and
-- no error, message or time that tells one from another. So row-level security lets an index
-- serve them.

CREATE FUNCTION fingerprint_distance(fingerprint, fingerprint) RETURNS float8
	AS 'MODULE_PATHNAME', 'fingerprint_distance_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE OPERATOR <-> (
	LEFTARG = fingerprint,
	RIGHTARG = fingerprint,
	PROCEDURE = fingerprint_distance,
	COMMUTATOR = <->
);

-- How probable it is that two different photographs are as near.

CREATE FUNCTION fingerprint_chance(distance float8) RETURNS float8
	AS 'MODULE_PATHNAME', 'fingerprint_chance_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE TYPE fingerprint_sphere;

CREATE FUNCTION fingerprint_sphere_in(cstring) RETURNS fingerprint_sphere
	AS 'MODULE_PATHNAME', 'fingerprint_sphere_in_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_sphere_out(fingerprint_sphere) RETURNS cstring
	AS 'MODULE_PATHNAME', 'fingerprint_sphere_out_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_sphere_recv(internal) RETURNS fingerprint_sphere
	AS 'MODULE_PATHNAME', 'fingerprint_sphere_recv_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_sphere_send(fingerprint_sphere) RETURNS bytea
	AS 'MODULE_PATHNAME', 'fingerprint_sphere_send_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE fingerprint_sphere (
	INTERNALLENGTH = VARIABLE,
	INPUT = fingerprint_sphere_in,
	OUTPUT = fingerprint_sphere_out,
	RECEIVE = fingerprint_sphere_recv,
	SEND = fingerprint_sphere_send,
	ALIGNMENT = int4,
	STORAGE = plain
);

CREATE FUNCTION sphere(center fingerprint, radius float8) RETURNS fingerprint_sphere
	AS 'MODULE_PATHNAME', 'fingerprint_sphere_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

-- A literal could be meant for either kind: it is a signature, as it was before there were
-- fingerprints.
CREATE FUNCTION sphere(center text, radius float8) RETURNS signature_sphere
	AS 'MODULE_PATHNAME', 'sphere_of_text_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE FUNCTION fingerprint_in_sphere(fingerprint, fingerprint_sphere) RETURNS boolean
	AS 'MODULE_PATHNAME', 'fingerprint_in_sphere_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

-- How many rows a sphere holds, for the planner: by its radius, from what ANALYZE kept.

CREATE FUNCTION fingerprint_sphere_selectivity(internal, oid, internal, integer) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE FUNCTION fingerprint_sphere_join_selectivity(internal, oid, internal, smallint, internal) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE OPERATOR <<->> (
	LEFTARG = fingerprint,
	RIGHTARG = fingerprint_sphere,
	PROCEDURE = fingerprint_in_sphere,
	RESTRICT = fingerprint_sphere_selectivity,
	JOIN = fingerprint_sphere_join_selectivity
);

-- Equality, order and hashing: byte by byte.

CREATE FUNCTION fingerprint_eq(fingerprint, fingerprint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'fingerprint_eq_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION fingerprint_ne(fingerprint, fingerprint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'fingerprint_ne_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION fingerprint_lt(fingerprint, fingerprint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'fingerprint_lt_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION fingerprint_le(fingerprint, fingerprint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'fingerprint_le_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION fingerprint_gt(fingerprint, fingerprint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'fingerprint_gt_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION fingerprint_ge(fingerprint, fingerprint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'fingerprint_ge_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION fingerprint_cmp(fingerprint, fingerprint) RETURNS integer
	AS 'MODULE_PATHNAME', 'fingerprint_cmp_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION fingerprint_hash(fingerprint) RETURNS integer
	AS 'MODULE_PATHNAME', 'fingerprint_hash_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE FUNCTION fingerprint_hash_extended(fingerprint, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'fingerprint_hash_extended_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;

CREATE OPERATOR = (
	LEFTARG = fingerprint, RIGHTARG = fingerprint, PROCEDURE = fingerprint_eq,
	COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);

CREATE OPERATOR <> (
	LEFTARG = fingerprint, RIGHTARG = fingerprint, PROCEDURE = fingerprint_ne,
	COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);

CREATE OPERATOR < (
	LEFTARG = fingerprint, RIGHTARG = fingerprint, PROCEDURE = fingerprint_lt,
	COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);

CREATE OPERATOR <= (
	LEFTARG = fingerprint, RIGHTARG = fingerprint, PROCEDURE = fingerprint_le,
	COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);

CREATE OPERATOR > (
	LEFTARG = fingerprint, RIGHTARG = fingerprint, PROCEDURE = fingerprint_gt,
	COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR >= (
	LEFTARG = fingerprint, RIGHTARG = fingerprint, PROCEDURE = fingerprint_ge,
	COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);

CREATE OPERATOR CLASS btree_fingerprint_ops
	DEFAULT FOR TYPE fingerprint USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 fingerprint_cmp (fingerprint, fingerprint);

CREATE OPERATOR CLASS hash_fingerprint_ops
	DEFAULT FOR TYPE fingerprint USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 fingerprint_hash (fingerprint),
	FUNCTION 2 fingerprint_hash_extended (fingerprint, bigint);

-- Casts: to and from 32 bytes, and numbers 0 to 255. By real[] to pgvector's vector(32), too.

CREATE FUNCTION fingerprint_to_bytea(fingerprint) RETURNS bytea
	AS 'MODULE_PATHNAME', 'fingerprint_to_bytea_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (fingerprint AS bytea) WITH FUNCTION fingerprint_to_bytea(fingerprint) AS ASSIGNMENT;

CREATE FUNCTION fingerprint_to_smallint(fingerprint) RETURNS smallint[]
	AS 'MODULE_PATHNAME', 'fingerprint_to_smallint_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (fingerprint AS smallint[]) WITH FUNCTION fingerprint_to_smallint(fingerprint) AS ASSIGNMENT;

CREATE FUNCTION fingerprint_to_real(fingerprint) RETURNS real[]
	AS 'MODULE_PATHNAME', 'fingerprint_to_real_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (fingerprint AS real[]) WITH FUNCTION fingerprint_to_real(fingerprint) AS ASSIGNMENT;

CREATE FUNCTION fingerprint_from_bytea(bytea) RETURNS fingerprint
	AS 'MODULE_PATHNAME', 'fingerprint_from_bytea_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (bytea AS fingerprint) WITH FUNCTION fingerprint_from_bytea(bytea) AS ASSIGNMENT;

CREATE FUNCTION fingerprint_from_smallint(smallint[]) RETURNS fingerprint
	AS 'MODULE_PATHNAME', 'fingerprint_from_smallint_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (smallint[] AS fingerprint) WITH FUNCTION fingerprint_from_smallint(smallint[]) AS ASSIGNMENT;

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

-- How many rows a sphere holds, for the planner: by its radius, from what ANALYZE kept.

CREATE FUNCTION signature_sphere_selectivity(internal, oid, internal, integer) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_sphere_join_selectivity(internal, oid, internal, smallint, internal) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;

ALTER OPERATOR <<->> (signature, signature_sphere)
	SET (RESTRICT = signature_sphere_selectivity, JOIN = signature_sphere_join_selectivity);

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

-- Values: exact casts, averages with a state of SQL's own, order and hashes of patterns, spheres
-- in binary, and a radius search under row-level security by its index.

DROP CAST (real[] AS signature);
CREATE CAST (real[] AS signature) WITH FUNCTION signature_from_real(real[]) AS ASSIGNMENT;

DROP CAST (float8[] AS signature);
CREATE CAST (float8[] AS signature) WITH FUNCTION signature_from_double(float8[]) AS ASSIGNMENT;

CREATE FUNCTION signature_from_smallint(smallint[]) RETURNS signature
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN signature_from_double($1::float8[]);

CREATE CAST (smallint[] AS signature) WITH FUNCTION signature_from_smallint(smallint[]) AS ASSIGNMENT;

CREATE FUNCTION signature_from_integer(integer[]) RETURNS signature
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN signature_from_double($1::float8[]);

CREATE CAST (integer[] AS signature) WITH FUNCTION signature_from_integer(integer[]) AS ASSIGNMENT;

CREATE FUNCTION signature_from_bigint(bigint[]) RETURNS signature
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN signature_from_double($1::float8[]);

CREATE CAST (bigint[] AS signature) WITH FUNCTION signature_from_bigint(bigint[]) AS ASSIGNMENT;

CREATE FUNCTION signature_from_numeric(numeric[]) RETURNS signature
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN signature_from_double($1::float8[]);

CREATE CAST (numeric[] AS signature) WITH FUNCTION signature_from_numeric(numeric[]) AS ASSIGNMENT;

-- By it to_json and to_jsonb know what to make of a signature.
CREATE FUNCTION signature_to_json(signature) RETURNS json
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN signature_to_jsonb($1)::text::json;

CREATE CAST (signature AS json) WITH FUNCTION signature_to_json(signature);

CREATE FUNCTION pattern_from_real(real[]) RETURNS pattern
	AS 'MODULE_PATHNAME', 'pattern_from_real_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE CAST (real[] AS pattern) WITH FUNCTION pattern_from_real(real[]);

CREATE FUNCTION signature_avg_accumulate(float8[], signature) RETURNS float8[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION pattern_avg_accumulate(float8[], pattern) RETURNS float8[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION avg_combine(float8[], float8[]) RETURNS float8[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_avg_final(float8[]) RETURNS signature
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION pattern_avg_final(float8[]) RETURNS pattern
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE OR REPLACE AGGREGATE avg(signature) (
	SFUNC = signature_avg_accumulate,
	STYPE = float8[],
	SSPACE = 160,
	FINALFUNC = signature_avg_final,
	COMBINEFUNC = avg_combine,
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	PARALLEL = SAFE
);

CREATE AGGREGATE avg(pattern) (
	SFUNC = pattern_avg_accumulate,
	STYPE = float8[],
	SSPACE = 32800,
	FINALFUNC = pattern_avg_final,
	COMBINEFUNC = avg_combine,
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	PARALLEL = SAFE
);

DROP FUNCTION signature_avg_add(internal, signature);
DROP FUNCTION signature_avg_merge(internal, internal);
DROP FUNCTION signature_avg_send(internal);
DROP FUNCTION signature_avg_receive(bytea, internal);
DROP FUNCTION signature_avg(internal);

CREATE FUNCTION pattern_hash(pattern) RETURNS integer
	AS 'MODULE_PATHNAME', 'pattern_hash_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION pattern_hash_extended(pattern, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'pattern_hash_extended_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE OPERATOR CLASS hash_pattern_ops
	DEFAULT FOR TYPE pattern USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 pattern_hash (pattern),
	FUNCTION 2 pattern_hash_extended (pattern, bigint);

-- ALTER OPERATOR can say so from PostgreSQL 17 on only.
UPDATE pg_catalog.pg_operator SET oprcanhash = true, oprcanmerge = true
	WHERE oid OPERATOR(pg_catalog.=) '=(pattern,pattern)'::pg_catalog.regoperator;

CREATE FUNCTION pattern_lt(pattern, pattern) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pattern_lt_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 100;

CREATE FUNCTION pattern_le(pattern, pattern) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pattern_le_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 100;

CREATE FUNCTION pattern_gt(pattern, pattern) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pattern_gt_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 100;

CREATE FUNCTION pattern_ge(pattern, pattern) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pattern_ge_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 100;

CREATE FUNCTION pattern_cmp(pattern, pattern) RETURNS integer
	AS 'MODULE_PATHNAME', 'pattern_cmp_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 100;

CREATE OPERATOR < (
	LEFTARG = pattern, RIGHTARG = pattern, PROCEDURE = pattern_lt,
	COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);

CREATE OPERATOR <= (
	LEFTARG = pattern, RIGHTARG = pattern, PROCEDURE = pattern_le,
	COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);

CREATE OPERATOR > (
	LEFTARG = pattern, RIGHTARG = pattern, PROCEDURE = pattern_gt,
	COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR >= (
	LEFTARG = pattern, RIGHTARG = pattern, PROCEDURE = pattern_ge,
	COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);

CREATE OPERATOR CLASS btree_pattern_ops
	DEFAULT FOR TYPE pattern USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 pattern_cmp (pattern, pattern);

CREATE FUNCTION signature_sphere_recv(internal) RETURNS signature_sphere
	AS 'MODULE_PATHNAME', 'signature_sphere_recv_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_sphere_send(signature_sphere) RETURNS bytea
	AS 'MODULE_PATHNAME', 'signature_sphere_send_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

ALTER TYPE signature_sphere SET (RECEIVE = signature_sphere_recv, SEND = signature_sphere_send);

ALTER FUNCTION signature_in_sphere(signature, signature_sphere) LEAKPROOF;

-- Pictures.

-- On another ground than black. The background has no default, or calls without it would be
-- ambiguous.
CREATE FUNCTION image2pattern(bytea, background text, apply_orientation boolean DEFAULT true) RETURNS pattern
	AS 'MODULE_PATHNAME', 'image2pattern_on_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000
	SUPPORT picture_support;

CREATE FUNCTION image2signature(bytea, background text, apply_orientation boolean DEFAULT true) RETURNS signature
	AS 'MODULE_PATHNAME', 'image2signature_on_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000
	SUPPORT picture_support;

-- Why a file gives no pattern, or NULL where it gives one.
CREATE FUNCTION picture_error(bytea) RETURNS text
	AS 'MODULE_PATHNAME', 'picture_error_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000
	SUPPORT picture_support;
