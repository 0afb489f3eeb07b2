-- Distance as an operator.

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
