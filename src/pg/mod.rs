//! The one folder that knows Postgres: datums in, method called, datums out.

// Everything here crosses into C.
#![allow(unsafe_code)]

mod average;
mod average_0_2;
mod call;
mod casts;
mod comparison;
mod datum;
mod fingerprint;
mod gist;
mod hnsw;
mod jsonb;
pub(crate) mod kdtree;
mod memory;
pub(crate) mod parallel;
mod pattern;
mod pictures;
pub(crate) mod report;
mod selectivity;
pub(crate) mod settings;
mod signature;
mod sphere;
mod version;
