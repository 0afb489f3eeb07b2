//! VACUUM: rows that are gone leave their pages, and pages without rows leave the tree.
//!
//! Pages are read in the order of the file. A page that was split since the beginning may
//! have handed rows to a page that was passed already: then that is read again. Empty
//! leaves are taken from the pages above them afterwards, a page above and its leaf at a
//! time; they are used again when every transaction that might be on its way to them has ended.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::inner;
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::leaf;
use crate::index::kdtree::page::{NO_BLOCK, Page, ROOT_BLOCK, Role};
use crate::pg::kdtree::pages::{self, Change, Held, Lock, index_name};
use crate::pg::kdtree::rows::item_pointer;
use crate::pg::kdtree::{block_count, nulls, of_kind};
use crate::pg::{report, version};
use pgrx::pg_guard;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::pg_sys::{
    self, IndexBulkDeleteCallback, IndexBulkDeleteResult, IndexVacuumInfo, Relation,
};
use std::ffi::c_void;

/// `ambulkdelete`.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn bulk_delete(
    info: *mut IndexVacuumInfo,
    stats: *mut IndexBulkDeleteResult,
    callback: IndexBulkDeleteCallback,
    callback_state: *mut c_void,
) -> *mut IndexBulkDeleteResult {
    // SAFETY: Postgres' own arguments.
    unsafe { scan(info, stats, callback, callback_state) }
}

/// `amvacuumcleanup`.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn clean_up(
    info: *mut IndexVacuumInfo,
    stats: *mut IndexBulkDeleteResult,
) -> *mut IndexBulkDeleteResult {
    // SAFETY: Postgres' own arguments.
    unsafe {
        if (*info).analyze_only {
            return stats;
        }
        // Nothing was deleted: only pages are to be counted, and deleted ones to be freed.
        let stats =
            if stats.is_null() { scan(info, stats, None, std::ptr::null_mut()) } else { stats };
        pg_sys::IndexFreeSpaceMapVacuum((*info).index);
        if !(*info).estimated_count {
            (*stats).num_index_tuples = (*stats).num_index_tuples.min((*info).num_heap_tuples);
        }
        stats
    }
}

/// # Safety
/// `info` is of an open index.
unsafe fn scan(
    info: *mut IndexVacuumInfo,
    stats: *mut IndexBulkDeleteResult,
    callback: IndexBulkDeleteCallback,
    callback_state: *mut c_void,
) -> *mut IndexBulkDeleteResult {
    // SAFETY: as promised by the caller; palloc0 gives zeros.
    unsafe {
        let (index, strategy) = ((*info).index, (*info).strategy);
        let stats = if stats.is_null() {
            pg_sys::palloc0(size_of::<IndexBulkDeleteResult>()).cast()
        } else {
            stats
        };
        let before = (*stats).tuples_removed;
        let newly = (*stats).pages_newly_deleted;
        *stats = IndexBulkDeleteResult {
            tuples_removed: before,
            pages_newly_deleted: newly,
            ..Default::default()
        };
        let sweep = Sweep {
            index,
            strategy,
            stats: &mut *stats,
            callback,
            callback_state,
            splits: 0,
            empty: Vec::new(),
            above: Vec::new(),
        };
        if let Err(error) = of_kind!(index, run(sweep)) {
            report::broken_kdtree(index_name(index), &error).raise();
        }
        stats
    }
}

/// One pass over the index.
struct Sweep<'a> {
    index: Relation,
    strategy: pg_sys::BufferAccessStrategy,
    stats: &'a mut IndexBulkDeleteResult,
    callback: IndexBulkDeleteCallback,
    callback_state: *mut c_void,
    /// Splits before the beginning.
    splits: u64,
    /// Leaves without rows, and the pages above leaves; as many as there was memory for.
    empty: Vec<u32>,
    above: Vec<u32>,
}

/// # Safety
/// The index is open and of this kind.
unsafe fn run<K: Kind>(mut sweep: Sweep<'_>) -> Result<(), TreeError> {
    // SAFETY: as promised by the caller.
    unsafe {
        sweep.splits = pages::meta(sweep.index, Lock::Shared, K::NUMBER).1.splits;
        let mut block = ROOT_BLOCK;
        while block < block_count(sweep.index) {
            sweep.visit_with_moved::<K>(block)?;
            block += 1;
        }
        sweep.stats.num_pages = block;
        sweep.take_out_empty::<K>()
    }
}

impl Sweep<'_> {
    /// Visits a page, and those that rows may have moved to from it and were passed already.
    ///
    /// # Safety
    /// The index is open and of this kind.
    unsafe fn visit_with_moved<K: Kind>(&mut self, block: u32) -> Result<(), TreeError> {
        let mut at = block;
        // SAFETY: as promised by the caller.
        for _ in 0..=unsafe { block_count(self.index) } {
            version::vacuum_delay_point();
            // SAFETY: as promised by the caller.
            match unsafe { self.visit::<K>(at, at == block)? } {
                Some(right) if right < block => at = right,
                _ => return Ok(()),
            }
        }
        Err(TreeError::Corrupt { block, what: "leads back to where it came from" })
    }

    /// Visits a page; gives the one on its right if that was split off since the beginning.
    ///
    /// # Safety
    /// The index is open and of this kind.
    unsafe fn visit<K: Kind>(&mut self, block: u32, first: bool) -> Result<Option<u32>, TreeError> {
        // SAFETY: as promised by the caller. No other page is locked.
        unsafe {
            let mut held = Held::read_by(self.index, block, Lock::Shared, self.strategy);
            if held.page().is_new() {
                self.free(block);
                return Ok(None);
            }
            let mut role = held.page().check(block, K::NUMBER)?;
            let mut removed = 0;
            if Self::has_rows(role, held.page()) {
                leaf::check::<K>(held.page(), block)?;
                if self.any_gone::<K>(held.page()) {
                    // Nobody may have it in hand who is about to give out one of its rows.
                    held.relock(Lock::Cleanup);
                    role = held.page().check(block, K::NUMBER)?;
                    if Self::has_rows(role, held.page()) {
                        leaf::check::<K>(held.page(), block)?;
                        removed = self.remove::<K>(&held);
                    }
                }
            }
            let page = held.page();
            self.stats.tuples_removed += removed as f64;
            match role {
                Role::Deleted => {
                    self.stats.pages_deleted += 1;
                    if pages::is_free(self.index, page, K::NUMBER) {
                        self.stats.pages_deleted -= 1;
                        self.free(block);
                    }
                }
                Role::Nulls => {
                    self.stats.num_index_tuples += page.count() as f64;
                    let half = leaf::capacity::<K>(page) / 2;
                    if removed > 0 && page.count() < half {
                        drop(held);
                        nulls::reopen::<K>(self.index, block)?;
                    }
                    return Ok(None);
                }
                Role::Node if page.level() == 0 => {
                    if first || removed > 0 {
                        self.stats.num_index_tuples +=
                            if first { page.count() as f64 } else { 0.0 };
                    }
                    if page.count() == 0 && block != ROOT_BLOCK && self.empty.try_reserve(1).is_ok()
                    {
                        self.empty.push(block);
                    }
                }
                Role::Node => {
                    if page.level() == 1 && self.above.try_reserve(1).is_ok() {
                        self.above.push(block);
                    }
                }
                Role::Meta => {
                    return Err(TreeError::Corrupt { block, what: "is no page of the tree" });
                }
            }
            let split = page.split_number() > self.splits && page.right() != NO_BLOCK;
            Ok(split.then_some(page.right()))
        }
    }

    fn has_rows(role: Role, page: &Page) -> bool {
        role == Role::Nulls || role == Role::Node && page.level() == 0
    }

    fn free(&mut self, block: u32) {
        // SAFETY: the index is open.
        unsafe { pg_sys::RecordFreeIndexPage(self.index, block) };
        self.stats.pages_deleted += 1;
        self.stats.pages_free += 1;
    }

    /// Whether a page has rows that are gone.
    fn any_gone<K: Kind>(&self, page: &Page) -> bool {
        let Some(callback) = self.callback else { return false };
        let state = self.callback_state;
        let mut any = false;
        // SAFETY: Postgres' own callback and state; it may end in an ERROR, which is caught
        // here so that nothing above is passed over.
        unsafe {
            pg_guard_ffi_boundary(|| {
                for place in 0..page.count() {
                    let mut at = item_pointer(leaf::pointer::<K>(page, place));
                    any |= callback(&mut at, state);
                }
            });
        }
        any
    }

    /// Takes off the rows that are gone.
    fn remove<K: Kind>(&self, held: &Held) -> usize {
        let Some(callback) = self.callback else { return 0 };
        let state = self.callback_state;
        // SAFETY: the index is open; the callback as above.
        unsafe {
            let mut change = Change::begin(self.index);
            let page = change.page(held);
            let removed = pg_guard_ffi_boundary(|| {
                leaf::remove::<K>(page, |pointer| callback(&mut item_pointer(pointer), state))
            });
            page.set_removals(page.removals().wrapping_add(1));
            change.finish();
            removed
        }
    }

    /// Takes leaves without rows from the pages above them; one of each stays.
    ///
    /// # Safety
    /// The index is open and of this kind.
    unsafe fn take_out_empty<K: Kind>(&mut self) -> Result<(), TreeError> {
        self.empty.sort_unstable();
        if self.empty.is_empty() {
            return Ok(());
        }
        for block in std::mem::take(&mut self.above) {
            version::vacuum_delay_point();
            // SAFETY: as promised by the caller; pages are locked from above downwards.
            unsafe {
                let parent = Held::read_by(self.index, block, Lock::Exclusive, self.strategy);
                // In between it may have become another page.
                if parent.page().check(block, K::NUMBER)? != Role::Node
                    || parent.page().level() != 1
                {
                    continue;
                }
                inner::check::<K>(parent.page(), block)?;
                for place in (0..parent.page().count()).rev() {
                    let child = inner::child::<K>(parent.page(), place);
                    let only = parent.page().count() == 1;
                    if !only && self.empty.binary_search(&child.block).is_ok() {
                        self.take_out::<K>(&parent, place, child)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// # Safety
    /// The page above is locked for writing.
    unsafe fn take_out<K: Kind>(
        &mut self,
        parent: &Held,
        place: usize,
        child: inner::Child,
    ) -> Result<(), TreeError> {
        // SAFETY: as promised by the caller.
        unsafe {
            let held = Held::read_by(self.index, child.block, Lock::Exclusive, self.strategy);
            let page = held.page();
            let role = page.check(child.block, K::NUMBER)?;
            // Rows may have come since.
            if role != Role::Node || page.level() != 0 || page.count() > 0 {
                return Ok(());
            }
            let mut change = Change::begin(self.index);
            inner::remove::<K>(change.page(parent), place);
            let page = change.page(&held);
            page.set_role(Role::Deleted);
            page.set_deleted_by(pg_sys::ReadNextFullTransactionId().value);
            change.finish();
            self.stats.pages_newly_deleted += 1;
            self.stats.pages_deleted += 1;
            Ok(())
        }
    }
}
