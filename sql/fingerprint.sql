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
