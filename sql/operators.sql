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

-- One row in a thousand, the planner thinks: what it assumes of geometric operators.
CREATE OPERATOR <<->> (
	LEFTARG = signature,
	RIGHTARG = signature_sphere,
	PROCEDURE = signature_in_sphere,
	RESTRICT = contsel,
	JOIN = contjoinsel
);
