-- From a picture to a pattern, from a pattern to a signature, distances and spheres.
-- Costs are in units of a plain operator.

CREATE FUNCTION jpeg2pattern(bytea) RETURNS pattern
	AS 'MODULE_PATHNAME', 'jpeg2pattern_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000;

CREATE FUNCTION png2pattern(bytea) RETURNS pattern
	AS 'MODULE_PATHNAME', 'png2pattern_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000;

CREATE FUNCTION gif2pattern(bytea) RETURNS pattern
	AS 'MODULE_PATHNAME', 'gif2pattern_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000;

CREATE FUNCTION image2pattern(bytea) RETURNS pattern
	AS 'MODULE_PATHNAME', 'image2pattern_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000;

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
