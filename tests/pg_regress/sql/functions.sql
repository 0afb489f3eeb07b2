-- Functions and operators on small values.

-- NULL in, NULL out
SELECT jpeg2pattern(NULL) IS NULL, png2pattern(NULL) IS NULL, gif2pattern(NULL) IS NULL,
       image2pattern(NULL) IS NULL, pattern2signature(NULL) IS NULL,
       shuffle_pattern(NULL) IS NULL, NULL::pattern <-> NULL IS NULL,
       NULL::signature <-> NULL IS NULL;
SELECT image2pattern('', NULL) IS NULL, image2signature(NULL) IS NULL, image_info(NULL) IS NULL,
       pattern2png(NULL) IS NULL, pattern2phash(NULL) IS NULL;

-- A picture of one colour: zeros, never NaN (a 1×1 PNG)
CREATE TABLE plain AS SELECT png2pattern(decode(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNIOWEEAALyAV82OTP6AAAAAElFTkSuQmCC',
    'base64')) AS p;
SELECT pattern2signature(p), p <-> p AS distance, shuffle_pattern(p) <-> p AS shuffled FROM plain;
SELECT pattern2phash(p), image_info(pattern2png(p)) FROM plain;
DROP TABLE plain;

-- Files that are no pictures
SELECT image2pattern('') IS NULL;
SELECT jpeg2pattern('hello') IS NULL;
SELECT jpeg2pattern('\x89504e470d0a1a0a') IS NULL;
SELECT png2pattern('\x89504e470d0a1a0a') IS NULL;
SELECT gif2pattern('GIF89a') IS NULL;
SET imgsmlr_rs.on_decode_error = error;
SELECT jpeg2pattern('\x89504e470d0a1a0a');
SELECT image2pattern('hello');
RESET imgsmlr_rs.on_decode_error;

-- Distances are double precision, and symmetric
SELECT pg_typeof(a <-> b), a <-> b AS distance, a <-> b = b <-> a AS symmetric,
       signature_distance(a, b) = a <-> b AS same
FROM (VALUES ('1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16'::signature,
              '1 2 3 4 5 6 7 8 9 10 11 12 13 14 18 20'::signature)) v(a, b);
SELECT pg_typeof(a <-> b), a <-> b AS distance, pattern_distance(b, a) = a <-> b AS same
FROM (VALUES (repeat('0 ', 4096)::pattern, ('3 ' || repeat('0 ', 4095))::pattern)) v(a, b);

-- The signature of a pattern of ones: each block's norm is its side, times its weight
SELECT pattern2signature(repeat('1 ', 4096)::pattern);
SELECT pattern2signature(repeat('3e38 ', 4096)::pattern);
