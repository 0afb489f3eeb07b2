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

-- How many rows a sphere holds, for the planner: by its radius, from what ANALYZE kept.

CREATE FUNCTION signature_sphere_selectivity(internal, oid, internal, integer) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE FUNCTION signature_sphere_join_selectivity(internal, oid, internal, smallint, internal) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE OPERATOR <<->> (
	LEFTARG = signature,
	RIGHTARG = signature_sphere,
	PROCEDURE = signature_in_sphere,
	RESTRICT = signature_sphere_selectivity,
	JOIN = signature_sphere_join_selectivity
);
