CREATE EXTENSION IF NOT EXISTS imgsmlr_rs;
CREATE TABLE picture (id int, sig signature(16));
CREATE INDEX picture_sig ON picture USING gist (sig);
