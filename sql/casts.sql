-- Casts: a signature is assigned to arrays, and arrays to it, their length and their numbers
-- checked: drivers send lists as arrays of any numbers.

CREATE FUNCTION signature_to_real(signature) RETURNS real[]
	AS 'MODULE_PATHNAME', 'signature_to_real_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (signature AS real[]) WITH FUNCTION signature_to_real(signature) AS ASSIGNMENT;

CREATE FUNCTION signature_to_double(signature) RETURNS float8[]
	AS 'MODULE_PATHNAME', 'signature_to_double_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (signature AS float8[]) WITH FUNCTION signature_to_double(signature) AS ASSIGNMENT;

CREATE FUNCTION signature_from_real(real[]) RETURNS signature
	AS 'MODULE_PATHNAME', 'signature_from_real_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (real[] AS signature) WITH FUNCTION signature_from_real(real[]) AS ASSIGNMENT;

CREATE FUNCTION signature_from_double(float8[]) RETURNS signature
	AS 'MODULE_PATHNAME', 'signature_from_double_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

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

CREATE FUNCTION signature_to_jsonb(signature) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'signature_to_jsonb_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (signature AS jsonb) WITH FUNCTION signature_to_jsonb(signature);

-- By it to_json and to_jsonb know what to make of a signature.
CREATE FUNCTION signature_to_json(signature) RETURNS json
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN signature_to_jsonb($1)::text::json;

CREATE CAST (signature AS json) WITH FUNCTION signature_to_json(signature);

CREATE FUNCTION signature_from_jsonb(jsonb) RETURNS signature
	AS 'MODULE_PATHNAME', 'signature_from_jsonb_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1;

CREATE CAST (jsonb AS signature) WITH FUNCTION signature_from_jsonb(jsonb);

CREATE FUNCTION pattern_to_real(pattern) RETURNS real[]
	AS 'MODULE_PATHNAME', 'pattern_to_real_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE CAST (pattern AS real[]) WITH FUNCTION pattern_to_real(pattern);

CREATE FUNCTION pattern_from_real(real[]) RETURNS pattern
	AS 'MODULE_PATHNAME', 'pattern_from_real_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE CAST (real[] AS pattern) WITH FUNCTION pattern_from_real(real[]);
