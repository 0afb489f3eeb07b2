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
