//! Boxes on a page: block by block of as many as are looked at in one go, and in a block the
//! lower and the upper side on each axis of all of them side by side; behind the blocks, the
//! pages they are of.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::cell::Cell;
use crate::index::kdtree::kind::{Kind, MOST_BOXES};
use crate::index::kdtree::page::Page;

/// Whether the page's count is one that a page of boxes can have.
///
/// # Errors
/// When there are none, or more than fit.
pub fn check<K: Kind>(page: &Page, block: u32) -> Result<(), TreeError> {
    if page.count() == 0 || page.count() > K::BOXES {
        return Err(TreeError::Corrupt { block, what: "has no such number of boxes" });
    }
    Ok(())
}

/// The page that a box is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Where it is.
    pub block: u32,
    /// Its [`Page::birth`].
    pub birth: u32,
}

fn child_at<K: Kind>(place: usize) -> usize {
    2 * K::AXES * K::WIDTH * K::BOXES + 8 * place
}

/// The page that a box is of.
pub fn child<K: Kind>(page: &Page, place: usize) -> Child {
    let at = child_at::<K>(place);
    let number = |at: usize| match page.room().get(at..at + 4) {
        Some(&[a, b, c, d]) => u32::from_ne_bytes([a, b, c, d]),
        _ => u32::MAX,
    };
    Child { block: number(at), birth: number(at + 4) }
}

fn side_at<K: Kind>(upper: bool, axis: usize, place: usize) -> usize {
    let (block, within) = (place / K::BLOCK, place % K::BLOCK);
    (((block * K::AXES + axis) * 2 + usize::from(upper)) * K::BLOCK + within) * K::WIDTH
}

/// A box.
pub fn cell<K: Kind>(page: &Page, place: usize) -> K::Cell {
    K::Cell::of_sides(|upper, axis| {
        let at = side_at::<K>(upper, axis, place);
        let mut side = [0; 4];
        if let Some(bytes) = page.room().get(at..at + K::WIDTH) {
            side[..K::WIDTH].copy_from_slice(bytes);
        }
        side
    })
}

/// The lower and the upper sides of boxes on an axis.
pub type Sides = [[f32; MOST_BOXES]; 2];

/// Reads the sides of all boxes of a page on an axis, as numbers.
pub fn read_sides<K: Kind>(page: &Page, axis: usize, sides: &mut Sides) {
    let [low, high] = sides.each_mut().map(|sides| sides.chunks_exact_mut(K::BLOCK));
    let blocks = page.count().min(K::BOXES).div_ceil(K::BLOCK);
    for (block, sides) in low.zip(high).take(blocks).enumerate() {
        for (upper, sides) in [(false, sides.0), (true, sides.1)] {
            let at = side_at::<K>(upper, axis, block * K::BLOCK);
            let bytes = page.room().get(at..at + K::BLOCK * K::WIDTH).unwrap_or(&[]);
            for (number, bytes) in sides.iter_mut().zip(bytes.chunks_exact(K::WIDTH)) {
                let mut side = [0; 4];
                side[..K::WIDTH].copy_from_slice(bytes);
                *number = K::Cell::number(side);
            }
        }
    }
}

/// Writes a box in its place, and the page it is of.
pub fn set<K: Kind>(page: &mut Page, place: usize, cell: &K::Cell, child: Child) {
    let room = page.room_mut();
    for upper in [false, true] {
        for axis in 0..K::AXES {
            let at = side_at::<K>(upper, axis, place);
            if let Some(bytes) = room.get_mut(at..at + K::WIDTH) {
                bytes.copy_from_slice(&cell.side(upper, axis)[..K::WIDTH]);
            }
        }
    }
    let at = child_at::<K>(place);
    for (at, number) in [(at, child.block), (at + 4, child.birth)] {
        if let Some(bytes) = room.get_mut(at..at + 4) {
            bytes.copy_from_slice(&number.to_ne_bytes());
        }
    }
}

/// Adds a box; false where there is no room.
pub fn push<K: Kind>(page: &mut Page, cell: &K::Cell, child: Child) -> bool {
    let place = page.count();
    if place >= K::BOXES {
        return false;
    }
    set::<K>(page, place, cell, child);
    page.set_count(place + 1);
    true
}

/// Takes out a box, the last one coming to its place.
pub fn remove<K: Kind>(page: &mut Page, place: usize) {
    let Some(last) = page.count().checked_sub(1) else { return };
    let (moved, of) = (cell::<K>(page, last), child::<K>(page, last));
    set::<K>(page, place, &moved, of);
    page.set_count(last);
}

/// Where the box of a block is.
pub fn place_of<K: Kind>(page: &Page, block: u32) -> Option<usize> {
    (0..page.count().min(K::BOXES)).find(|&place| child::<K>(page, place).block == block)
}
