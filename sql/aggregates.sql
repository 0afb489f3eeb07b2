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
