CREATE EXTENSION IF NOT EXISTS imgsmlr_rs;
CREATE TABLE picture (id int, fp fingerprint);
CREATE INDEX picture_fp ON picture USING kdtree (fp);
