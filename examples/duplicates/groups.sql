-- Each picture that has a near-duplicate, and the least id that it is connected with: its group.
CREATE TABLE duplicate AS
SELECT id, id AS leader FROM (SELECT one AS id FROM pair UNION SELECT other FROM pair) AS paired;
CREATE UNIQUE INDEX ON duplicate (id);
DO $$
BEGIN
  LOOP
    UPDATE duplicate SET leader = lesser.leader
    FROM (
      SELECT id, min(leader) AS leader FROM (
        SELECT pair.one AS id, leader FROM pair JOIN duplicate ON id = other UNION ALL
        SELECT pair.other, leader FROM pair JOIN duplicate ON id = one UNION ALL
        -- A leader's own leader: so long chains end soon.
        SELECT a.id, b.leader FROM duplicate a JOIN duplicate b ON b.id = a.leader) AS known
      GROUP BY id) AS lesser
    WHERE lesser.id = duplicate.id AND lesser.leader < duplicate.leader;
    EXIT WHEN NOT FOUND;
  END LOOP;
END
$$;
