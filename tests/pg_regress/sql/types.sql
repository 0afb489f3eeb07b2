-- The two types' text forms.
\pset format unaligned
\pset tuples_only on

-- Six decimals, as the C extension prints
SELECT '(1.270838, 0.500069, 0.427376, 1.366013, 0.652232, 0.414306, 1.269745, 0.585161, 0.310808, 1.543595, 0.634172, 0.477508, 1.154742, 0.022050, 0.245384, 0.299234)'::signature;
SELECT '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 1e-7'::signature;
-- Lossless where it matters
SET extra_float_digits = 3;
SELECT '0.1 1e-7 16777217 -0 3.4028235e38 1e-45 7 8 9 10 11 12 13 14 15 16'::signature;
RESET extra_float_digits;
-- Any run of blanks, commas and parentheses
SELECT E' ((1,2)(3,,4)\t5\n6 7 8 9 10 11 12 13 14 15 16'::signature;
-- Patterns: 64 rows of 64
SELECT length(p::text), left(p::text, 44), right(p::text, 14)
FROM (SELECT ('(' || repeat('0.5, ', 4095) || '-1)')::pattern AS p) t;

\pset tuples_only off
\pset format aligned
-- What is wrong, and where
SELECT ''::signature;
SELECT '1 2 3'::signature;
SELECT '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17'::signature;
SELECT '1 2 three 4 5 6 7 8 9 10 11 12 13 14 15 16'::signature;
SELECT '1 2 3 NaN 5 6 7 8 9 10 11 12 13 14 15 16'::signature;
SELECT '1 2 3 1e39 5 6 7 8 9 10 11 12 13 14 15 16'::signature;
SELECT '1 2 3'::pattern;
SELECT (repeat('1 ', 4095) || 'inf')::pattern;

-- The only modifier
CREATE TABLE modified (s signature(16));
\d modified
CREATE TABLE bad (s signature(17));
DROP TABLE modified;

-- How they are stored
SELECT typname, typlen, typalign, typstorage FROM pg_type
WHERE typname IN ('pattern', 'signature') ORDER BY 1;
CREATE TABLE stored (s signature);
INSERT INTO stored VALUES ('1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16');
SELECT pg_column_size(s) FROM stored;
ALTER TABLE stored ALTER s SET STORAGE extended;
DROP TABLE stored;
