-- Each id of a pair, with a number: the least id has the least.
CREATE TEMP TABLE numbered AS
SELECT id, row_number() OVER (ORDER BY id)::int AS number
FROM (SELECT one AS id FROM pair WHERE one <> other UNION
      SELECT other FROM pair WHERE one <> other) AS paired;
ANALYZE numbered;
DO $$
DECLARE
  -- For each number a lesser one of its group, or itself.
  lesser int[] := ARRAY(SELECT number FROM numbered ORDER BY number);
  a int;
  b int;
BEGIN
  FOR a, b IN
    SELECT n.number, m.number FROM pair JOIN numbered n ON n.id = one JOIN numbered m ON m.id = other
  LOOP
    -- Down to the least of each group. Every second step is made shorter for those who come later.
    WHILE lesser[a] <> a LOOP
      lesser[a] := lesser[lesser[a]];
      a := lesser[a];
    END LOOP;
    WHILE lesser[b] <> b LOOP
      lesser[b] := lesser[lesser[b]];
      b := lesser[b];
    END LOOP;
    lesser[greatest(a, b)] := least(a, b);
  END LOOP;
  FOR number IN 1..cardinality(lesser) LOOP
    lesser[number] := lesser[lesser[number]];
  END LOOP;
  CREATE TABLE duplicate AS
  SELECT n.id, m.id AS leader FROM numbered n JOIN numbered m ON m.number = lesser[n.number];
END
$$;
DROP TABLE numbered;
