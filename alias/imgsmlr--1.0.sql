-- All of imgsmlr is in imgsmlr_rs, on which this extension depends.
\echo Use "CREATE EXTENSION imgsmlr" to load this file. \quit
