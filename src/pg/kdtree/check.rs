//! `kdtree_check(regclass)`: whether an index is what it should be.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::cell::Cell as _;
use crate::index::kdtree::inner::{self, Child};
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::leaf::{self, Pointer};
use crate::index::kdtree::page::{Page, ROOT_BLOCK, Role};
use crate::index::kdtree::search::Found;
use crate::pg::kdtree::nulls::Walk;
use crate::pg::kdtree::of_kind;
use crate::pg::kdtree::open::{Asks, Open};
use crate::pg::kdtree::pages::{Held, Lock, check_layout, index_name};
use crate::pg::kdtree::rows::{self, Rows};
use crate::pg::report;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::pg_sys::{self, Datum, ItemPointer, Oid, Relation};
use pgrx::{check_for_interrupts, pg_extern, pg_guard};
use std::ffi::c_void;
use std::ptr;

/// Checks that every page of an index is one of the tree, that every row lies in the boxes
/// above it, and that every row of the table that is seen now is there. Nobody can write to the
/// table in the meantime. Gives the rows of the index.
#[pg_extern(sql = false)]
fn kdtree_check(index: Oid) -> i64 {
    // SAFETY: both are closed at the end, and by Postgres after an ERROR.
    unsafe {
        let open = Open::of(index, Asks::Check);
        let Open { heap, index } = open;
        let snapshot = snapshot(open);
        let result = of_kind!(index, check(heap, index, snapshot));
        let rows = match result {
            Ok(rows) => rows,
            Err(error) => report::broken_kdtree(index_name(index), &error).raise(),
        };
        pg_sys::UnregisterSnapshot(snapshot);
        open.close();
        rows
    }
}

/// What the table is read by: the rows that are seen now. Older versions of them that others may
/// still see need not be in the index: who makes one while others write waits until nobody does.
///
/// # Safety
/// Both are open and locked against writing. It is to be unregistered.
unsafe fn snapshot(open: Open) -> pg_sys::Snapshot {
    // SAFETY: a transaction is running.
    unsafe {
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetTransactionSnapshot());
        // One of a transaction that keeps its own may see versions from before the index.
        let is_old = pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32;
        if !open.is_valid() || is_old && open.is_too_young((*snapshot).xmin) {
            report::unfinished_index(&index_name(open.index)).raise();
        }
        snapshot
    }
}

/// A row of the index: where it is, and its value in a number.
type Seen = (Pointer, u64);

/// # Safety
/// Both are open and locked against writing.
unsafe fn check<K: Rows>(
    heap: Relation,
    index: Relation,
    snapshot: pg_sys::Snapshot,
) -> Result<i64, TreeError> {
    let mut seen = Vec::new();
    // SAFETY: as promised by the caller.
    unsafe {
        check_layout(index, K::NUMBER);
        check_tree::<K>(index, &mut seen)?;
        check_nulls::<K>(index, &mut seen)?;
        seen.sort_unstable();
        for pair in seen.windows(2) {
            if let [a, b] = pair
                && a == b
            {
                report::row_twice(&index_name(index), a.0.0).raise();
            }
        }
        check_heap::<K>(heap, index, snapshot, &seen);
    }
    Ok(seen.len() as i64)
}

/// A number for a value: FNV-1a of its bytes.
fn digest<K: Kind>(value: &K::Value) -> u64 {
    let bytes = (0..K::AXES).flat_map(|axis| K::number(value, axis).into_iter().take(K::WIDTH));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// A page, and what the one above says of it: its level, its box, and the splits it knows of.
type Below<K> = (Child, Option<u16>, Option<<K as Kind>::Cell>, u64);

/// # Safety
/// As [`check`].
unsafe fn check_tree<K: Rows>(index: Relation, seen: &mut Vec<Seen>) -> Result<(), TreeError> {
    let root = Child { block: ROOT_BLOCK, birth: 0 };
    let mut pages: Vec<Below<K>> = Vec::new();
    pages.try_reserve(1)?;
    pages.push((root, None, None, u64::MAX));
    while let Some((child, level, around, known)) = pages.pop() {
        check_for_interrupts!();
        let block = child.block;
        let corrupt = |what| Err(TreeError::Corrupt { block, what });
        // SAFETY: as promised by the caller.
        let held = unsafe { Held::read(index, block, Lock::Shared) };
        let page: &Page = held.page();
        if page.check(block, K::NUMBER)? != Role::Node {
            return corrupt("is no page of the tree");
        }
        if page.birth() != child.birth {
            return corrupt("is not the page that the one above means");
        }
        if level.is_some_and(|level| level != page.level()) {
            return corrupt("is on another level than the tree says");
        }
        if page.split_number() > known {
            return corrupt("was split without the knowledge of the page above");
        }
        if page.level() == 0 {
            leaf::check::<K>(page, block)?;
            seen.try_reserve(page.count())?;
            for place in 0..page.count() {
                let value = leaf::value::<K>(page, place);
                if around.is_some_and(|around| !around.holds(&K::cell(&value))) {
                    return corrupt("has a row outside its box");
                }
                seen.push((leaf::pointer::<K>(page, place), digest::<K>(&value)));
            }
            continue;
        }
        inner::check::<K>(page, block)?;
        pages.try_reserve(page.count())?;
        for place in 0..page.count() {
            let cell = inner::cell::<K>(page, place);
            if around.is_some_and(|around| !around.holds(&cell)) {
                return corrupt("has a box outside its own");
            }
            let below = page.level().checked_sub(1);
            pages.push((inner::child::<K>(page, place), below, Some(cell), page.seen()));
        }
    }
    Ok(())
}

/// # Safety
/// As [`check`].
unsafe fn check_nulls<K: Rows>(index: Relation, seen: &mut Vec<Seen>) -> Result<(), TreeError> {
    // SAFETY: as promised by the caller.
    unsafe {
        let mut rows: Vec<Found> = Vec::new();
        let mut walk = Walk::begin::<K>(index);
        while let Some(held) = walk.page::<K>(index, false, &mut rows)? {
            drop(held);
            check_for_interrupts!();
            seen.try_reserve(rows.len())?;
            seen.extend(rows.drain(..).map(|row| (row.pointer, 0)));
        }
    }
    Ok(())
}

/// The rows of the index that those of the table are looked up in.
struct Wanted<'a> {
    seen: &'a [Seen],
}

/// # Safety
/// As [`check`].
unsafe fn check_heap<K: Rows>(
    heap: Relation,
    index: Relation,
    snapshot: pg_sys::Snapshot,
    seen: &[Seen],
) {
    const FLAGS: u32 = pg_sys::ScanOptions::SO_TYPE_SEQSCAN
        | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE
        | pg_sys::ScanOptions::SO_ALLOW_STRAT
        | pg_sys::ScanOptions::SO_ALLOW_SYNC;
    // SAFETY: as promised by the caller; the scan of a build ends the scan that it is given.
    unsafe {
        let info = pg_sys::BuildIndexInfo(index);
        // As in a build beside which others write: by a snapshot.
        (*info).ii_Concurrent = true;
        let method = &*(*heap).rd_tableam;
        let (Some(begin), Some(range_scan)) = (method.scan_begin, method.index_build_range_scan)
        else {
            return;
        };
        let none = ptr::null_mut();
        let scan = pg_guard_ffi_boundary(|| begin(heap, snapshot, 0, none, ptr::null_mut(), FLAGS));
        let mut wanted = Wanted { seen };
        let state = ptr::from_mut(&mut wanted).cast::<c_void>();
        let callback: pg_sys::IndexBuildCallback = Some(look_up::<K>);
        pg_guard_ffi_boundary(|| {
            range_scan(
                heap,
                index,
                info,
                true,
                false,
                false,
                0,
                pg_sys::InvalidBlockNumber,
                callback,
                state,
                scan,
            )
        });
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn look_up<K: Rows>(
    index: Relation,
    at: ItemPointer,
    values: *mut Datum,
    is_null: *mut bool,
    _alive: bool,
    state: *mut c_void,
) {
    // SAFETY: a row of one column, and the state that the scan was given.
    unsafe {
        let wanted = &*state.cast::<Wanted<'_>>();
        let pointer = rows::pointer(&*at);
        let value = if *is_null { 0 } else { digest::<K>(&K::of_datum(*values)) };
        if wanted.seen.binary_search(&(pointer, value)).is_err() {
            report::row_missing(&index_name(index), pointer.0).raise();
        }
    }
}
