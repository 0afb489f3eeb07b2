//! `kdtree_pairs(regclass, float8)`: all pairs of rows of a table that are near each other, by
//! walking through its index once.

use crate::index::kdtree::leaf::Pointer;
use crate::index::kdtree::pairs::{FULL, Pair, Pairs};
use crate::index::kdtree::{TreeError, fingerprints::Fingerprints, signatures::Signatures};
use crate::index::sphere::Sphere;
use crate::pg::kdtree::ahead::Ahead;
use crate::pg::kdtree::pages::{Held, Lock, check_layout, index_name};
use crate::pg::kdtree::rows::{Rows, item_pointer};
use crate::pg::kdtree::{FINGERPRINTS, loops};
use crate::pg::{memory, report};
use pgrx::iter::TableIterator;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::pg_sys::{self, ItemPointerData, Oid, Relation};
use pgrx::{check_for_interrupts, name, pg_extern};

const LOCK: i32 = pg_sys::AccessShareLock as i32;
/// Whoever opened a relation in this transaction has locked it to the transaction's end.
const LOCKED: i32 = pg_sys::NoLock as i32;

unsafe extern "C-unwind" {
    /// Notes that a serializable transaction has read all of an index: a row that another inserts is
    /// a conflict from then on. Of `storage/predicate.h`, which pgrx leaves out.
    fn PredicateLockRelation(relation: Relation, snapshot: pg_sys::Snapshot);
}

type Row = (ItemPointerData, ItemPointerData, f64);

/// All pairs of rows nearer to each other than `radius`, by where they are in the table, the one
/// that is first there first: those that the statement sees.
#[pg_extern(sql = false)]
fn kdtree_pairs(
    index: Oid,
    radius: f64,
) -> TableIterator<
    'static,
    (name!(one, ItemPointerData), name!(other, ItemPointerData), name!(distance, f64)),
> {
    if let Err(error) = Sphere::new((), radius) {
        report::invalid_radius(&error).raise();
    }
    // SAFETY: the table is locked before its index, as everywhere, and both to the end of the
    // transaction.
    let kind = unsafe {
        let table = pg_sys::IndexGetRelation(index, true);
        if table == pg_sys::InvalidOid {
            report::not_a_kdtree("kdtree_pairs").raise();
        }
        let heap = pg_sys::table_open(table, LOCK);
        let relation = pg_sys::index_open(index, LOCK);
        super::require_kdtree(relation, "kdtree_pairs");
        let kind = super::kind(relation);
        may_read(heap, relation);
        if !is_whole(relation) {
            report::unfinished_index().raise();
        }
        check_layout(relation, kind);
        // As of every search, of access methods that say no more of it.
        let snapshot = pg_sys::GetActiveSnapshot();
        pg_guard_ffi_boundary(|| PredicateLockRelation(relation, snapshot));
        pg_sys::index_close(relation, LOCKED);
        pg_sys::table_close(heap, LOCKED);
        kind
    };
    memory::foresee(1 << 16);
    if kind == FINGERPRINTS {
        TableIterator::new(Walk::<Fingerprints>::begin(index, radius))
    } else {
        TableIterator::new(Walk::<Signatures>::begin(index, radius))
    }
}

/// Raises an error unless the user may read the indexed column of every row.
///
/// # Safety
/// Both are open.
unsafe fn may_read(heap: Relation, index: Relation) {
    // SAFETY: as promised by the caller; an index has a column at least.
    unsafe {
        let (table, user) = ((*heap).rd_id, pg_sys::GetUserId());
        let read = pg_sys::ACL_SELECT as pg_sys::AclMode;
        let column = *(*(*index).rd_index).indkey.values.as_ptr();
        let ok = pg_sys::AclResult::ACLCHECK_OK;
        let of_table = pg_sys::pg_class_aclcheck(table, user, read);
        if of_table != ok
            && (column == 0 || pg_sys::pg_attribute_aclcheck(table, column, user, read) != ok)
        {
            let name = (*(*heap).rd_rel).relname.data.as_ptr();
            pg_sys::aclcheck_error(of_table, pg_sys::ObjectType::OBJECT_TABLE, name);
        }
        let hidden = pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32;
        if pg_sys::check_enable_rls(table, pg_sys::InvalidOid, false) == hidden {
            report::pairs_of_hidden_rows().raise();
        }
    }
}

/// Whether the index has all rows that this transaction sees: it was not left half made, nor is it
/// younger than some version of a row that it leads to.
///
/// # Safety
/// The index is open.
unsafe fn is_whole(index: Relation) -> bool {
    // SAFETY: as promised by the caller; an index has its row of pg_index with it.
    unsafe {
        let about = &*(*index).rd_index;
        let made = || pg_sys::HeapTupleHeaderGetXmin((*(*index).rd_indextuple).t_data);
        let seen_by_all = || pg_sys::TransactionIdPrecedes(made(), pg_sys::TransactionXmin);
        about.indisvalid && (!about.indcheckxmin || seen_by_all())
    }
}

/// A walk in progress. Nothing is held between two calls but locks on the relations.
struct Walk<K: Rows> {
    index: Oid,
    pairs: Option<Pairs<K>>,
    rows: Vec<Row>,
}

impl<K: Rows> Walk<K> {
    fn begin(index: Oid, radius: f64) -> Self {
        let pairs = Pairs::new(loops::best::<K>(), radius, FULL);
        Walk { index, pairs: Some(or_raise(index, pairs)), rows: Vec::new() }
    }
}

fn or_raise<T>(index: Oid, result: Result<T, TreeError>) -> T {
    result.unwrap_or_else(|error| {
        // SAFETY: locked, so that it is there.
        let name = unsafe {
            let relation = pg_sys::index_open(index, LOCKED);
            index_name(relation)
        };
        report::broken_kdtree(name, &error).raise()
    })
}

impl<K: Rows> Iterator for Walk<K> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            if let Some(row) = self.rows.pop() {
                return Some(row);
            }
            let pairs = self.pairs.as_mut()?;
            // SAFETY: both are locked since the walk began.
            let result = unsafe { step(self.index, pairs, &mut self.rows) };
            if !or_raise(self.index, result) {
                self.pairs = None;
            }
        }
    }
}

/// Goes on to pages that have pairs, or to the end, of which it tells by `false`.
///
/// # Safety
/// The index and its table are locked.
unsafe fn step<K: Rows>(
    index: Oid,
    pairs: &mut Pairs<K>,
    rows: &mut Vec<Row>,
) -> Result<bool, TreeError> {
    // SAFETY: as promised by the caller; what is opened is closed again, and by Postgres after
    // an ERROR.
    unsafe {
        let heap = pg_sys::table_open(pg_sys::IndexGetRelation(index, false), LOCKED);
        let relation = pg_sys::index_open(index, LOCKED);
        let (mut more, mut ahead) = (false, Ahead::default());
        while let Some(turn) = pairs.next_turn() {
            check_for_interrupts!();
            let pin = ahead.take(relation, turn.block());
            ahead.fetch::<K>(relation, pairs.ahead());
            let held = Held::of_pin(pin, Lock::Shared);
            pairs.take(turn, held.page())?;
            drop(held);
            if pairs.has_pairs() {
                more = true;
                break;
            }
        }
        drop(ahead);
        if more {
            let mut visible = Visible::begin(heap);
            let mut last: Option<(Pointer, Option<ItemPointerData>)> = None;
            while let Some(Pair { one, other, distance }) = pairs.next_pair() {
                // The pairs of a row follow each other.
                if last.is_none_or(|(last, _)| last != one) {
                    last = Some((one, visible.row(item_pointer(one))));
                }
                let Some((_, Some(one))) = last else { continue };
                if let Some(other) = visible.row(item_pointer(other)) {
                    rows.try_reserve(1)?;
                    // The versions that are seen may be in another order than the first ones.
                    let turned = place(other) < place(one);
                    let (one, other) = if turned { (other, one) } else { (one, other) };
                    rows.push((one, other, distance));
                }
            }
            visible.end();
        }
        pg_sys::index_close(relation, LOCKED);
        pg_sys::table_close(heap, LOCKED);
        Ok(more)
    }
}

/// What the statement sees of a table.
struct Visible {
    heap: Relation,
    fetch: *mut pg_sys::IndexFetchTableData,
    slot: *mut pg_sys::TupleTableSlot,
    snapshot: pg_sys::Snapshot,
}

impl Visible {
    /// # Safety
    /// The table is open, and stays so until [`Visible::end`].
    unsafe fn begin(heap: Relation) -> Self {
        // SAFETY: as promised by the caller; a statement has a snapshot.
        unsafe {
            let methods = &*(*heap).rd_tableam;
            let Some(begin) = methods.index_fetch_begin else { report::no_table_access().raise() };
            let fetch = pg_guard_ffi_boundary(|| begin(heap));
            let slot = pg_sys::table_slot_create(heap, std::ptr::null_mut());
            Visible { heap, fetch, slot, snapshot: pg_sys::GetActiveSnapshot() }
        }
    }

    /// Where the version of a row is that the statement sees, if it sees one.
    ///
    /// # Safety
    /// The table is open.
    unsafe fn row(&mut self, at: ItemPointerData) -> Option<ItemPointerData> {
        let (mut found, mut again, mut dead) = (at, false, false);
        // SAFETY: as promised by the caller; what was begun is of this table.
        let is_seen = unsafe {
            let methods = &*(*self.heap).rd_tableam;
            let Some(fetch) = methods.index_fetch_tuple else { report::no_table_access().raise() };
            let (scan, snapshot, slot) = (self.fetch, self.snapshot, self.slot);
            pg_guard_ffi_boundary(|| {
                fetch(scan, &raw mut found, snapshot, slot, &raw mut again, &raw mut dead)
            })
        };
        is_seen.then_some(found)
    }

    /// # Safety
    /// The table is open.
    unsafe fn end(self) {
        // SAFETY: as promised by the caller; each was begun once.
        unsafe {
            let methods = &*(*self.heap).rd_tableam;
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            if let Some(end) = methods.index_fetch_end {
                pg_guard_ffi_boundary(|| end(self.fetch));
            }
        }
    }
}

/// By what the places of rows in a table are compared.
fn place(at: ItemPointerData) -> (u16, u16, u16) {
    (at.ip_blkid.bi_hi, at.ip_blkid.bi_lo, at.ip_posid)
}
