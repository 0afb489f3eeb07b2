//! What an index needs to know of signatures: geometry, no Postgres.
//!
//! They lie along the axes of a [`rotation`], in a [`build_order`] of their own and by the
//! [`geometry`] of boxes; a [`sphere`] asks for all within a distance.

pub mod build_order;
pub mod geometry;
pub mod rotation;
pub mod sphere;
