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

CREATE FUNCTION signature_sphere_recv(internal) RETURNS signature_sphere
	AS 'MODULE_PATHNAME', 'signature_sphere_recv_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_sphere_send(signature_sphere) RETURNS bytea
	AS 'MODULE_PATHNAME', 'signature_sphere_send_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE signature_sphere (
	INTERNALLENGTH = VARIABLE,
	INPUT = signature_sphere_in,
	OUTPUT = signature_sphere_out,
	RECEIVE = signature_sphere_recv,
	SEND = signature_sphere_send,
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
