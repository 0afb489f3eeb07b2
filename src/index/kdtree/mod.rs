//! The pages of the access method `kdtree`, and what is done with them, without a server:
//! how a page lies in memory ([`page`], [`leaf`], [`inner`]), how boxes are chosen and
//! parted ([`cell`]), how a tree is built ([`build`]) and changed ([`change`]), and how it is
//! searched, by distance ([`search`]), for all within spheres ([`gather`]) or for all near
//! pairs ([`pairs`]). A tree is of one [`Kind`] of rows.
//!
//! `docs/index.md` says what a page holds and why.

pub mod build;
pub mod cell;
pub mod change;
pub mod choose;
pub mod fingerprints;
pub mod gather;
pub mod inner;
pub mod kind;
pub mod leaf;
#[cfg(test)]
mod leaf_model;
#[cfg(test)]
mod model;
pub mod page;
pub mod pairs;
pub mod parts;
pub mod search;
pub mod signatures;

use std::collections::TryReserveError;
use thiserror::Error;

/// Why a search or a change of a tree ends.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TreeError {
    /// A page that no tree has.
    #[error("block {block} {what}")]
    Corrupt {
        /// Where.
        block: u32,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A page that was deleted and is another one by now. On a primary nobody who might
    /// still come to a page is overtaken by its new use; a standby may be.
    #[error("block {block} was deleted, and is in use again")]
    Recycled {
        /// Where.
        block: u32,
    },
    /// No memory for what is to be remembered.
    #[error(transparent)]
    NoMemory(#[from] TryReserveError),
}
