//! Rows without a value: a chain of pages with pointers alone, the newest first. Pages of the
//! chain stay in it, and nothing moves from one to another. Those that may have room are
//! in a second chain, which insertions take from and VACUUM adds to.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::leaf::{self, Pointer};
use crate::index::kdtree::page::{NO_BLOCK, Page, Role};
use crate::index::kdtree::search::Found;
use crate::pg::kdtree::block_count;
use crate::pg::kdtree::pages::{Change, Held, Lock, allocate, meta};
use pgrx::pg_sys::Relation;

// A page of the chain was never split and has no children: two fields of the tree's pages
// are free for the chain of those with room.
fn next_open(page: &Page) -> u32 {
    page.split_number() as u32
}

fn is_open(page: &Page) -> bool {
    page.seen() != 0
}

pub(super) fn set_open(page: &mut Page, open: bool, next: u32) {
    page.set_seen(u64::from(open));
    page.set_split_number(u64::from(next));
}

/// Adds a row.
///
/// # Safety
/// The index is open and of this kind.
pub(super) unsafe fn insert<K: Kind>(index: Relation, pointer: Pointer) -> Result<(), TreeError> {
    // SAFETY: as promised by the caller. The description is locked before pages of this
    // chain, and these not before any other.
    unsafe {
        let open = meta(index, Lock::Shared, K::NUMBER).1.open_nulls;
        if open != NO_BLOCK {
            let page = Held::read(index, open, Lock::Exclusive);
            check::<K>(page.page(), open)?;
            if is_open(page.page()) && add::<K>(index, &page, pointer) {
                return Ok(());
            }
        }
        let (held, mut description) = meta(index, Lock::Exclusive, K::NUMBER);
        while description.open_nulls != NO_BLOCK {
            let block = description.open_nulls;
            let page = Held::read(index, block, Lock::Exclusive);
            check::<K>(page.page(), block)?;
            if add::<K>(index, &page, pointer) {
                return Ok(());
            }
            // Full: it leaves the chain of those with room.
            description.open_nulls = next_open(page.page());
            if description.open_nulls == block {
                return Err(TreeError::Corrupt { block, what: "leads to itself" });
            }
            let mut change = Change::begin(index);
            set_open(change.page(&page), false, NO_BLOCK);
            description.write(change.page(&held));
            change.finish();
        }
        let fresh = allocate(index, K::NUMBER);
        let mut page = Page::new(K::NUMBER, Role::Nulls, 0);
        page.set_right(description.nulls);
        leaf::push::<K>(&mut page, None, pointer);
        set_open(&mut page, true, NO_BLOCK);
        description.splits += 1;
        page.set_birth(description.splits as u32);
        description.nulls = fresh.block();
        description.open_nulls = fresh.block();
        let mut change = Change::begin(index);
        change.write(&fresh, &page);
        description.write(change.page(&held));
        change.finish();
        Ok(())
    }
}

/// Puts a page that has room again where insertions look for it.
///
/// # Safety
/// The index is open and of this kind, and no page is locked.
pub(super) unsafe fn reopen<K: Kind>(index: Relation, block: u32) -> Result<(), TreeError> {
    // SAFETY: as promised by the caller.
    unsafe {
        let (held, mut description) = meta(index, Lock::Exclusive, K::NUMBER);
        let page = Held::read(index, block, Lock::Exclusive);
        check::<K>(page.page(), block)?;
        if !is_open(page.page()) {
            let mut change = Change::begin(index);
            set_open(change.page(&page), true, description.open_nulls);
            description.open_nulls = block;
            description.write(change.page(&held));
            change.finish();
        }
        Ok(())
    }
}

/// Whether a page is one of the chain: an error where it is not.
fn check<K: Kind>(page: &Page, block: u32) -> Result<(), TreeError> {
    match page.check(block, K::NUMBER)? {
        Role::Nulls => leaf::check::<K>(page, block),
        _ => Err(TreeError::Corrupt { block, what: "is not of the rows without a value" }),
    }
}

unsafe fn add<K: Kind>(index: Relation, held: &Held, pointer: Pointer) -> bool {
    if held.page().count() >= leaf::capacity::<K>(held.page()) {
        return false;
    }
    // SAFETY: the index is open, as the caller's is.
    let mut change = unsafe { Change::begin(index) };
    leaf::push::<K>(change.page(held), None, pointer);
    change.finish();
    true
}

/// A walk along the chain.
pub(super) struct Walk {
    next: u32,
    steps: u32,
}

impl Walk {
    /// From its beginning.
    ///
    /// # Safety
    /// The index is open and of this kind.
    pub(super) unsafe fn begin<K: Kind>(index: Relation) -> Self {
        // SAFETY: as promised by the caller.
        let (_held, description) = unsafe { meta(index, Lock::Shared, K::NUMBER) };
        Walk { next: description.nulls, steps: 0 }
    }

    /// The next page, and its rows into `rows`; none behind the last.
    ///
    /// # Safety
    /// The index is open and of this kind.
    pub(super) unsafe fn page<K: Kind>(
        &mut self,
        index: Relation,
        skip_dead: bool,
        rows: &mut Vec<Found>,
    ) -> Result<Option<Held>, TreeError> {
        if self.next == NO_BLOCK {
            return Ok(None);
        }
        let block = self.next;
        self.steps += 1;
        // SAFETY: as promised by the caller.
        let held = unsafe { Held::read(index, block, Lock::Shared) };
        let page = held.page();
        // A chain that comes back to itself would never end.
        // SAFETY: as promised by the caller.
        if page.right() != NO_BLOCK && self.steps > unsafe { block_count(index) } {
            return Err(TreeError::Corrupt { block, what: "leads back to where it came from" });
        }
        check::<K>(page, block)?;
        rows.try_reserve(page.count())?;
        for place in 0..page.count() {
            let pointer = leaf::pointer::<K>(page, place);
            if !(skip_dead && leaf::is_dead(page, place)) {
                let removals = page.removals();
                let place = place as u16;
                rows.push(Found { distance: 0.0, pointer, block, removals, place });
            }
        }
        self.next = page.right();
        Ok(Some(held))
    }
}
