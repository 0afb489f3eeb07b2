//! Insertion: from the root down to a leaf, with two pages locked at a time.
//!
//! A page is locked before its parent is let go, so nothing changes between the two. On the
//! way down everything is locked for reading, but for the leaf. Where a box above has to
//! grow, its page is unlocked and locked for writing; if it was split in between, the way
//! begins again at the root. So it does where a full page below is to be split, with that
//! level and all below it locked for writing. A split
//! changes the page, its new neighbour, its parent and the description at once, in one
//! record: there is never half a split to be found.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::change::{self, Halves};
use crate::index::kdtree::choose::choose;
use crate::index::kdtree::inner;
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::leaf::{self, Pointer};
use crate::index::kdtree::page::{Page, ROOT_BLOCK, Role};
use crate::pg::kdtree::pages::{Change, Held, Lock, allocate, check_layout, index_name, meta};
use crate::pg::kdtree::rows::{self, Rows};
use crate::pg::kdtree::{nulls, of_kind};
use crate::pg::report;
use pgrx::pg_sys::{self, Datum, IndexInfo, IndexUniqueCheck, ItemPointer, Relation};
use pgrx::{check_for_interrupts, pg_guard};

/// `aminsert`.
#[pg_guard]
#[allow(clippy::too_many_arguments)]
pub(super) unsafe extern "C-unwind" fn insert(
    index: Relation,
    values: *mut Datum,
    is_null: *mut bool,
    heap_tid: ItemPointer,
    _heap: Relation,
    _unique: IndexUniqueCheck::Type,
    _unchanged: bool,
    _info: *mut IndexInfo,
) -> bool {
    // SAFETY: an open index of one column, and a row of its table.
    unsafe {
        let value = (!*is_null).then(|| *values);
        let pointer = rows::pointer(&*heap_tid);
        if let Err(error) = of_kind!(index, insert_row(index, value, pointer)) {
            report::broken_kdtree(index_name(index), &error).raise();
        }
    }
    false
}

/// # Safety
/// The index is open and of this kind, as the value is.
unsafe fn insert_row<K: Rows>(
    index: Relation,
    value: Option<Datum>,
    pointer: Pointer,
) -> Result<(), TreeError> {
    // SAFETY: as promised by the caller.
    unsafe {
        check_layout(index, K::NUMBER);
        match value {
            None => nulls::insert::<K>(index, pointer),
            Some(datum) => {
                let value = K::of_datum(datum);
                let cell = K::cell(&value);
                let mut written = 0;
                while let Way::Again(level) = descend::<K>(index, &value, &cell, pointer, written)?
                {
                    written = level;
                    check_for_interrupts!();
                }
                Ok(())
            }
        }
    }
}

/// How one way down ended.
enum Way {
    /// The row is there.
    Done,
    /// It has to be gone again, with this level and those below locked for writing.
    Again(u16),
}

fn check<K: Kind>(held: &Held, level: Option<u16>) -> Result<(), TreeError> {
    let (page, block) = (held.page(), held.block());
    if page.check(block, K::NUMBER)? != Role::Node {
        return Err(TreeError::Corrupt { block, what: "is no page of the tree" });
    }
    if level.is_some_and(|level| level != page.level()) {
        return Err(TreeError::Corrupt { block, what: "is on another level than the tree says" });
    }
    if page.level() == 0 { leaf::check::<K>(page, block) } else { inner::check::<K>(page, block) }
}

fn is_full<K: Kind>(page: &Page) -> bool {
    page.count() >= if page.level() == 0 { K::ROWS } else { K::BOXES }
}

/// # Safety
/// The index is open and of this kind.
unsafe fn descend<K: Kind>(
    index: Relation,
    value: &K::Value,
    cell: &K::Cell,
    pointer: Pointer,
    written: u16,
) -> Result<Way, TreeError> {
    // SAFETY: as promised by the caller; pages are locked from the root downwards.
    unsafe {
        let mut held = Held::read(index, ROOT_BLOCK, Lock::Shared);
        check::<K>(&held, None)?;
        let mut own = held.page().level() <= written;
        if own {
            held.relock(Lock::Exclusive);
            check::<K>(&held, None)?;
        }
        loop {
            let level = held.page().level();
            if level == 0 {
                if is_full::<K>(held.page()) {
                    // Only the root comes here full: any other was split on the way.
                    split_root::<K>(index, &held)?;
                    return Ok(Way::Again(written));
                }
                let mut change = Change::begin(index);
                leaf::push::<K>(change.page(&held), Some(value), pointer);
                change.finish();
                return Ok(Way::Done);
            }
            let place = choose::<K>(held.page(), cell);
            if !own && change::grown::<K>(held.page(), place, cell).is_some() {
                // Nothing is to be chosen anew if nobody was at the page in between, but to
                // make boxes larger.
                let before = (held.page().split_number(), inner::child::<K>(held.page(), place));
                held.relock(Lock::Exclusive);
                own = true;
                check::<K>(&held, None)?;
                let page = held.page();
                let same = page.level() == level && place < page.count();
                if !same || (page.split_number(), inner::child::<K>(page, place)) != before {
                    return Ok(Way::Again(written));
                }
            }
            if let Some(grown) = change::grown::<K>(held.page(), place, cell) {
                let mut change = Change::begin(index);
                let child = inner::child::<K>(held.page(), place);
                inner::set::<K>(change.page(&held), place, &grown, child);
                change.finish();
            }
            let writes_below = level <= written + 1;
            let below = if writes_below { Lock::Exclusive } else { Lock::Shared };
            let child = Held::read(index, inner::child::<K>(held.page(), place).block, below);
            check::<K>(&child, Some(level - 1))?;
            // A page above is split when one more box may have to go there.
            if is_full::<K>(child.page()) && (level == 1 || level <= written) {
                if !own {
                    return Ok(Way::Again(level));
                }
                if !is_full::<K>(held.page()) {
                    split::<K>(index, &held, place, &child)?;
                    continue;
                }
                drop(child);
                if held.block() == ROOT_BLOCK {
                    split_root::<K>(index, &held)?;
                    return Ok(Way::Again(written));
                }
                return Ok(Way::Again(level + 1));
            }
            (held, own) = (child, writes_below);
        }
    }
}

/// Splits a full page below one that has room.
///
/// # Safety
/// Both are locked for writing.
unsafe fn split<K: Kind>(
    index: Relation,
    parent: &Held,
    place: usize,
    child: &Held,
) -> Result<(), TreeError> {
    // SAFETY: as promised by the caller; nobody waits for a page that is in no tree, and
    // the description is locked last.
    unsafe {
        let mut halves: Halves<K> = change::split::<K>(child.page())?;
        let right = allocate(index, K::NUMBER);
        let (description, mut meta) = meta(index, Lock::Exclusive, K::NUMBER);
        meta.splits += 1;
        let mut change = Change::begin(index);
        let number = meta.splits;
        change::enter_split(change.page(parent), place, &mut halves, right.block(), number);
        change.write(child, &halves.left.0);
        change.write(&right, &halves.right.0);
        meta.write(change.page(&description));
        change.finish();
        Ok(())
    }
}

/// Moves what the root holds to two new pages below it.
///
/// # Safety
/// It is locked for writing.
unsafe fn split_root<K: Kind>(index: Relation, root: &Held) -> Result<(), TreeError> {
    // SAFETY: as promised by the caller; nobody waits for pages that are in no tree.
    unsafe {
        let mut halves: Halves<K> = change::split::<K>(root.page())?;
        let (left, right) = (allocate(index, K::NUMBER), allocate(index, K::NUMBER));
        let (description, mut meta) = meta(index, Lock::Exclusive, K::NUMBER);
        meta.splits += 1;
        let blocks = (left.block(), right.block());
        let above = change::new_root::<K>(root.page(), &mut halves, blocks, meta.splits);
        let mut change = Change::begin(index);
        meta.write(change.page(&description));
        change.write(&left, &halves.left.0);
        change.write(&right, &halves.right.0);
        change.write(root, &above);
        change.finish();
        Ok(())
    }
}

const _: () = assert!(pg_sys::MAX_GENERIC_XLOG_PAGES >= 4, "a split changes four pages at once");
