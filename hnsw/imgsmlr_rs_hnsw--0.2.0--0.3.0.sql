-- From 0.2.0 to 0.3.0: nothing changed but imgsmlr_rs itself.
\echo Use "ALTER EXTENSION imgsmlr_rs_hnsw UPDATE" to load this file. \quit
