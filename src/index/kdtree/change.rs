//! A tree that changes: boxes that grow, and how a full page becomes two. Below which box a
//! new row goes, says [`crate::index::kdtree::choose`].

use crate::index::kdtree::build::{self, Row};
use crate::index::kdtree::cell::Cell as _;
use crate::index::kdtree::inner::{self, Child};
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::leaf;
use crate::index::kdtree::page::{NO_BLOCK, Page, Role};
use std::collections::TryReserveError;

/// The box that is to be at a place of a page so that it holds a new row, if it must grow.
pub fn grown<K: Kind>(page: &Page, place: usize, point: &K::Cell) -> Option<K::Cell> {
    let cell = inner::cell::<K>(page, place);
    if cell.holds(point) { None } else { Some(cell.with(*point)) }
}

/// A full page as two.
pub struct Halves<K: Kind> {
    /// What stays.
    pub left: (Page, K::Cell),
    /// What moves to a page on the right.
    pub right: (Page, K::Cell),
}

/// Parts a page of the tree in two, as evenly as its boxes allow. Both know what the page
/// knew of splits, and the right one has its right neighbour.
///
/// # Errors
/// When there is no memory.
pub fn split<K: Kind>(page: &Page) -> Result<Halves<K>, TryReserveError> {
    let half = || {
        let mut half = Page::new(K::NUMBER, Role::Node, page.level());
        half.set_seen(page.seen());
        half.set_removals(page.removals().wrapping_add(1));
        half.set_split_number(page.split_number());
        half.set_right(page.right());
        half
    };
    let (mut left, mut right) = (half(), half());
    let (left_cell, right_cell) = if page.level() == 0 {
        split_rows::<K>(page, &mut left, &mut right)?
    } else {
        split_boxes::<K>(page, &mut left, &mut right)
    };
    Ok(Halves { left: (left, left_cell), right: (right, right_cell) })
}

fn split_rows<K: Kind>(
    page: &Page,
    left: &mut Page,
    right: &mut Page,
) -> Result<(K::Cell, K::Cell), TryReserveError> {
    let count = page.count();
    let mut rows: Vec<Row<K>> = Vec::new();
    rows.try_reserve_exact(count)?;
    // What is known of dead rows is forgotten: VACUUM will come to them.
    for place in 0..count {
        let pointer = leaf::pointer::<K>(page, place);
        rows.push(Row::new(&leaf::value::<K>(page, place), pointer));
    }
    let mut keys = Vec::new();
    build::cut(&mut rows, count / 2, &mut keys)?;
    let (lower, upper) = rows.split_at_mut(count / 2);
    build::sort_blocks(lower, &mut keys)?;
    build::sort_blocks(upper, &mut keys)?;
    let mut cells = [K::Cell::EMPTY; 2];
    for (number, row) in rows.iter().enumerate() {
        let upper = usize::from(number >= count / 2);
        let half = if upper == 0 { &mut *left } else { &mut *right };
        let value = row.value();
        leaf::push::<K>(half, Some(&value), row.pointer());
        cells[upper] = cells[upper].with(K::cell(&value));
    }
    Ok((cells[0], cells[1]))
}

fn split_boxes<K: Kind>(page: &Page, left: &mut Page, right: &mut Page) -> (K::Cell, K::Cell) {
    let boxes: Vec<K::Cell> =
        (0..page.count()).map(|place| inner::cell::<K>(page, place)).collect();
    let (order, on_the_left) = K::Cell::split(&boxes.iter().collect::<Vec<_>>());
    let mut cells = [K::Cell::EMPTY; 2];
    for (number, &place) in order.iter().enumerate() {
        let upper = usize::from(number >= on_the_left);
        let half = if upper == 0 { &mut *left } else { &mut *right };
        let cell = boxes[place];
        inner::push::<K>(half, &cell, inner::child::<K>(page, place));
        cells[upper] = cells[upper].with(cell);
    }
    (cells[0], cells[1])
}

/// Enters a split below `parent`: `place` is that of the page that was split, which stays
/// where it is; the right half goes to block `right`. `number` is the split's own.
pub fn enter_split<K: Kind>(
    parent: &mut Page,
    place: usize,
    halves: &mut Halves<K>,
    right: u32,
    number: u64,
) {
    let left = inner::child::<K>(parent, place);
    halves.left.0.set_birth(left.birth);
    halves.left.0.set_right(right);
    halves.left.0.set_split_number(number);
    let right = Child { block: right, birth: number as u32 };
    halves.right.0.set_birth(right.birth);
    inner::set::<K>(parent, place, &halves.left.1, left);
    inner::push::<K>(parent, &halves.right.1, right);
    parent.set_seen(number);
}

/// The root above the halves of what was the root, which go to `blocks`. Nobody looks for
/// them on the right of another. `number` is the split's own.
pub fn new_root<K: Kind>(
    old: &Page,
    halves: &mut Halves<K>,
    blocks: (u32, u32),
    number: u64,
) -> Page {
    let mut root = Page::new(K::NUMBER, Role::Node, old.level() + 1);
    root.set_seen(old.seen());
    root.set_removals(old.removals().wrapping_add(1));
    let both = [(&mut halves.left, blocks.0), (&mut halves.right, blocks.1)];
    for ((page, cell), block) in both {
        page.set_right(NO_BLOCK);
        page.set_split_number(0);
        let child = Child { block, birth: number as u32 };
        page.set_birth(child.birth);
        inner::push::<K>(&mut root, cell, child);
    }
    root
}
