//! BMP, so far as the `image` crate refuses it or reads it wrong.

mod header;
mod runs;

pub(super) use header::mended;
pub(super) use runs::Runs;
