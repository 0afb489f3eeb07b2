//! What an index needs to know of points: geometry, no Postgres.
//!
//! Signatures lie along the axes of a [`rotation`], fingerprints along their own, in
//! [`byte_boxes`]; both in a [`build_order`] of their own and by the [`geometry`] of boxes.
//! A [`sphere`] asks for all within a distance, and [`estimate`] says how many those may be.

pub mod build_order;
pub mod byte_boxes;
pub mod estimate;
pub mod geometry;
pub mod kdtree;
pub mod rotation;
pub mod sphere;
