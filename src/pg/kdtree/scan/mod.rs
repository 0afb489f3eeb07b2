//! Scans: by distance, within spheres, for rows without a value, into a bitmap.
//!
//! No lock is held between two calls. An index-only scan by distance looks a row up again
//! before it gives it out, and keeps that page in hand until it is asked for the next one, so
//! that VACUUM can't take the row away, and say that all on its page of the table is
//! visible, while Postgres is about to ask just that. One in no order keeps the page that
//! its rows are on in hand.

mod bitmap;
mod by_distance;
mod running;
mod unordered;
mod without_value;

use crate::index::kdtree::TreeError;
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::search::Found;
use crate::pg::kdtree::ahead::Ahead;
use crate::pg::kdtree::pages::{Held, Lock, Pin, index_name};
use crate::pg::kdtree::rows::item_pointer;
use crate::pg::kdtree::{block_count, of_kind};
use crate::pg::{memory, report, version};
use pgrx::memcxt::PgMemoryContexts;
use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, IndexScanDesc, Relation, ScanDirection, ScanKey, TIDBitmap};
use running::{Running, start};
use std::ffi::c_int;
use std::ptr;

/// Rows found dead are noted down until there are so many, or the scan ends.
const MOST_KILLED: usize = 512;

/// What a scan descriptor has of ours.
struct State {
    running: Option<Box<dyn Running>>,
    /// The row given out last, and those of which the table said that they are dead.
    last: Option<Found>,
    killed: Vec<Found>,
    /// The page of the row given out last, for an index-only scan.
    pin: Option<Pin>,
    /// So many blocks of the table at least, once a row was given out.
    table_blocks: u32,
    /// What was given out last, to be freed.
    tuple: *mut pg_sys::IndexTupleData,
}

/// A scan that ends lets go of its pages. What still has some when its memory is freed was left by an
/// ERROR, of which Postgres has given them back: maybe in a transaction that goes on.
impl Drop for State {
    fn drop(&mut self) {
        std::mem::forget(self.pin.take());
        if let Some(running) = self.running.as_mut() {
            running.forget_pages();
        }
    }
}

/// A row that a scan gives out.
struct Given {
    row: Found,
    distance: Option<f64>,
    /// The value as a datum, where it was asked for and there is one.
    value: Option<Datum>,
    pin: Option<Pin>,
}

/// The pages that a scan has in hand.
#[derive(Default)]
struct Hand {
    /// The one that the rows of a scan in no order are on.
    pinned: Option<Pin>,
    ahead: Ahead,
}

impl Hand {
    /// Reads a page. While it is looked at, the next ones are on their way.
    ///
    /// # Safety
    /// The index is open, and none of its pages is locked.
    unsafe fn read<K: Kind>(
        &mut self,
        index: Relation,
        block: u32,
        coming: impl Iterator<Item = u32> + Clone,
    ) -> Held {
        // SAFETY: as promised by the caller.
        let pin = unsafe {
            let pin = self.ahead.take(index, block);
            self.ahead.fetch::<K>(index, coming);
            pin
        };
        Held::of_pin(pin, Lock::Shared)
    }

    /// Leaves the pages to Postgres.
    fn forget(&mut self) {
        std::mem::forget(std::mem::take(self));
    }
}

/// `amcanreturn`. On a standby nobody waits for a page in hand, so no scan of the
/// index alone is sure there.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn can_return(_index: Relation, _column: c_int) -> bool {
    // SAFETY: reads the server's state.
    unsafe { !pg_sys::RecoveryInProgress() }
}

/// `ambeginscan`.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn begin(
    index: Relation,
    keys: c_int,
    orders: c_int,
) -> IndexScanDesc {
    // SAFETY: an open index. All is allocated where the scan lives.
    unsafe {
        let scan = pg_sys::RelationGetIndexScan(index, keys, orders);
        let state = State {
            running: None,
            last: None,
            killed: Vec::new(),
            pin: None,
            table_blocks: 0,
            tuple: ptr::null_mut(),
        };
        (*scan).opaque =
            PgMemoryContexts::CurrentMemoryContext.leak_and_drop_on_delete(state).cast();
        (*scan).xs_itupdesc = (*index).rd_att;
        if orders > 0 {
            let count = orders as usize;
            (*scan).xs_orderbyvals = pg_sys::palloc0(count * size_of::<Datum>()).cast();
            (*scan).xs_orderbynulls = pg_sys::palloc0(count).cast();
        }
        scan
    }
}

/// The state of a scan.
///
/// # Safety
/// The scan was begun by [`begin`].
unsafe fn state<'a>(scan: IndexScanDesc) -> &'a mut State {
    // SAFETY: as promised by the caller; it lives as long as the scan does.
    unsafe { &mut *(*scan).opaque.cast::<State>() }
}

/// `amrescan`.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn rescan(
    scan: IndexScanDesc,
    keys: ScanKey,
    key_count: c_int,
    orders: ScanKey,
    order_count: c_int,
) {
    // SAFETY: a scan of ours; there is room for as many keys as it was begun with.
    unsafe {
        finish(scan);
        if !keys.is_null() && key_count > 0 {
            ptr::copy(keys, (*scan).keyData, key_count as usize);
        }
        if !orders.is_null() && order_count > 0 {
            ptr::copy(orders, (*scan).orderByData, order_count as usize);
        }
    }
}

/// `amendscan`.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn end(scan: IndexScanDesc) {
    // SAFETY: a scan of ours.
    unsafe { finish(scan) }
}

/// Ends what is running, so that it may run anew.
///
/// # Safety
/// A scan of ours.
unsafe fn finish(scan: IndexScanDesc) {
    // SAFETY: as promised by the caller.
    unsafe {
        let state = state(scan);
        note_killed(scan, state);
        state.pin = None;
        (state.running, state.last) = (None, None);
    }
}

/// # Safety
/// A scan of ours, and its state.
unsafe fn note_killed(scan: IndexScanDesc, state: &mut State) {
    // SAFETY: as promised by the caller.
    unsafe {
        let mut killed = std::mem::take(&mut state.killed);
        if let Some(running) = state.running.as_ref() {
            killed.sort_unstable_by_key(|row| (row.block, row.place));
            let index = (*scan).indexRelation;
            or_raise(index, running.note_dead(index, &killed));
        }
    }
}

fn or_raise<T>(index: Relation, result: Result<T, TreeError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => report::broken_kdtree(index_name(index), &error).raise(),
    }
}

/// What is running, begun if it is not.
///
/// # Safety
/// A scan of ours, with its keys.
unsafe fn running(scan: IndexScanDesc, state: &mut State) -> &mut Box<dyn Running> {
    // SAFETY: as promised by the caller.
    unsafe {
        let index = (*scan).indexRelation;
        if state.running.is_none() {
            version::count_scan(scan);
            // What a scan keeps of fixed size.
            memory::foresee(1 << 14);
            state.running = Some(or_raise(index, of_kind!(index, start(scan))));
        }
        match state.running.as_mut() {
            Some(running) => running,
            None => unreachable!("begun just now"),
        }
    }
}

/// `amgettuple`.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn next(
    scan: IndexScanDesc,
    direction: ScanDirection::Type,
) -> bool {
    if direction != ScanDirection::ForwardScanDirection {
        report::only_forwards().raise();
    }
    // SAFETY: a scan of ours.
    unsafe {
        let (state, index) = (state(scan), (*scan).indexRelation);
        if (*scan).kill_prior_tuple
            && let Some(last) = state.last.take()
            && state.killed.try_reserve(1).is_ok()
        {
            state.killed.push(last);
            if state.killed.len() >= MOST_KILLED {
                note_killed(scan, state);
            }
        }
        state.pin = None;
        if !state.tuple.is_null() {
            pg_sys::pfree(state.tuple.cast());
            (state.tuple, (*scan).xs_itup) = (ptr::null_mut(), ptr::null_mut());
        }
        let running = running(scan, state);
        let Some(given) = or_raise(index, running.next(index)) else { return false };
        or_raise(index, check_pointer(scan, &mut state.table_blocks, &given.row));
        state.last = Some(given.row);
        state.pin = given.pin;
        (*scan).xs_heaptid = item_pointer(given.row.pointer);
        (*scan).xs_recheck = false;
        set_distances(scan, given.distance);
        if (*scan).xs_want_itup {
            // To 14 and 15 they are not const.
            let (mut value, mut null) =
                (given.value.unwrap_or(Datum::null()), given.value.is_none());
            state.tuple = pg_sys::index_form_tuple((*index).rd_att, &raw mut value, &raw mut null);
            (*scan).xs_itup = state.tuple;
            if !null {
                pg_sys::pfree(value.cast_mut_ptr());
            }
        }
        true
    }
}

/// Whether the table, so far as its rows lie in blocks, has the one that a row is said to be on:
/// else Postgres would speak of a file that it can't open, and not of this index.
///
/// # Safety
/// A scan of ours.
unsafe fn check_pointer(
    scan: IndexScanDesc,
    blocks: &mut u32,
    row: &Found,
) -> Result<(), TreeError> {
    let block = (row.pointer.0 >> 16) as u32;
    if block < *blocks {
        return Ok(());
    }
    // SAFETY: as promised by the caller; the table is open as long as its index.
    unsafe {
        let table = (*scan).heapRelation;
        let is_heap = !table.is_null() && (*(*table).rd_rel).relam == pg_sys::HEAP_TABLE_AM_OID;
        *blocks = if is_heap { block_count(table) } else { u32::MAX };
    }
    if block < *blocks {
        Ok(())
    } else {
        Err(TreeError::Corrupt { block: row.block, what: "has a row where the table has none" })
    }
}

/// Tells the distance of a row. A second distance, which decides between equally far rows, is
/// left to Postgres, from 0 up.
///
/// # Safety
/// A scan of ours.
unsafe fn set_distances(scan: IndexScanDesc, distance: Option<f64>) {
    // SAFETY: as many places as orders were asked for.
    unsafe {
        let count = (*scan).numberOfOrderBys.max(0) as usize;
        for place in 0..count {
            let value = if place == 0 { distance } else { Some(0.0) };
            *(*scan).xs_orderbyvals.add(place) =
                value.map_or(Datum::null(), |value| Datum::from(value.to_bits()));
            *(*scan).xs_orderbynulls.add(place) = value.is_none();
        }
        (*scan).xs_recheckorderby = count > 1;
    }
}

/// `amgetbitmap`.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn bitmap(scan: IndexScanDesc, map: *mut TIDBitmap) -> i64 {
    // SAFETY: a scan of ours.
    unsafe {
        let (state, index) = (state(scan), (*scan).indexRelation);
        let running = running(scan, state);
        or_raise(index, running.bitmap(index, map))
    }
}
