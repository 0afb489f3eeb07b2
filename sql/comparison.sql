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
	COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);

CREATE OPERATOR <> (
	LEFTARG = pattern, RIGHTARG = pattern, PROCEDURE = pattern_ne,
	COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);

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

CREATE OPERATOR CLASS btree_pattern_ops
	DEFAULT FOR TYPE pattern USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 pattern_cmp (pattern, pattern);

CREATE FUNCTION pattern_hash(pattern) RETURNS integer
	AS 'MODULE_PATHNAME', 'pattern_hash_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION pattern_hash_extended(pattern, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'pattern_hash_extended_wrapper' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE OPERATOR CLASS hash_pattern_ops
	DEFAULT FOR TYPE pattern USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 pattern_hash (pattern),
	FUNCTION 2 pattern_hash_extended (pattern, bigint);
