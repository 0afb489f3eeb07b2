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

CREATE FUNCTION image_info(bytea,
	OUT format text, OUT width bigint, OUT height bigint, OUT channels integer, OUT bit_depth integer,
	OUT has_alpha boolean, OUT orientation integer, OUT frames bigint, OUT complete boolean)
	AS 'MODULE_PATHNAME', 'image_info' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;

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

-- LEAKPROOF: of a signature and a sphere there is always an answer. The one error, of a value
-- that is not as long as its type, tells that length and none of its numbers, and no SQL makes
-- such a value. So row-level security lets an index serve it.
CREATE FUNCTION signature_in_sphere(signature, signature_sphere) RETURNS boolean
	AS 'MODULE_PATHNAME', 'signature_in_sphere_wrapper' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 1;
