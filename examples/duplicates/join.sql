CREATE TABLE pair AS
SELECT a.id AS one, b.id AS other, a.fp <-> b.fp AS distance
FROM picture a JOIN picture b ON b.fp <<->> sphere(a.fp, 0.5) AND a.id < b.id;
