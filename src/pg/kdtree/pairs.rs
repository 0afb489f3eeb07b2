//! `kdtree_pairs(regclass, float8)`: all pairs of rows of a table that are near each other, by
//! walking through its index once.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::leaf::Pointer;
use crate::index::kdtree::pairs::{FULL, Pair, Pairs};
use crate::index::sphere::Sphere;
use crate::pg::kdtree::ahead::Ahead;
use crate::pg::kdtree::pages::{Held, Lock, check_layout, index_name};
use crate::pg::kdtree::rows::{Rows, item_pointer};
use crate::pg::kdtree::{loops, of_kind};
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
    // SAFETY: both are closed at the end, and stay locked to the end of the transaction.
    unsafe {
        let (heap, relation) = super::open_with_table(index, LOCK, "kdtree_pairs");
        may_read(heap, relation);
        if !is_whole(relation) {
            report::unfinished_index().raise();
        }
        // As of every search, of access methods that say no more of it.
        let snapshot = pg_sys::GetActiveSnapshot();
        pg_guard_ffi_boundary(|| PredicateLockRelation(relation, snapshot));
        memory::foresee(1 << 16);
        let rows = of_kind!(relation, walk(relation, radius));
        pg_sys::index_close(relation, LOCKED);
        pg_sys::table_close(heap, LOCKED);
        TableIterator::new(rows)
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

/// Begins a walk.
///
/// # Safety
/// The index is open, and stays locked.
unsafe fn walk<K: Rows>(index: Relation, radius: f64) -> Box<dyn Iterator<Item = Row>> {
    // SAFETY: as promised by the caller.
    let index = unsafe {
        check_layout(index, K::NUMBER);
        (*index).rd_id
    };
    let pairs = or_raise(index, Pairs::<K>::new(loops::best(), radius, FULL));
    Box::new(Walk { index, pairs, rows: Vec::new() })
}

/// A walk in progress. Nothing is held between two calls but locks on the relations.
struct Walk<K: Rows> {
    index: Oid,
    pairs: Pairs<K>,
    rows: Vec<Row>,
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
        while self.rows.is_empty() {
            // SAFETY: both are locked since the walk began.
            let result = unsafe { step(self.index, &mut self.pairs, &mut self.rows) };
            if !or_raise(self.index, result) {
                return None;
            }
        }
        self.rows.pop()
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
        let relation = pg_sys::index_open(index, LOCKED);
        let mut ahead = Ahead::default();
        while !pairs.has_pairs() {
            let Some(turn) = pairs.next_turn() else { break };
            check_for_interrupts!();
            let pin = ahead.take(relation, turn.block());
            ahead.fetch::<K>(relation, pairs.ahead());
            pairs.take(turn, Held::of_pin(pin, Lock::Shared).page())?;
        }
        drop(ahead);
        pg_sys::index_close(relation, LOCKED);
        let more = pairs.has_pairs();
        if more {
            let heap = pg_sys::table_open(pg_sys::IndexGetRelation(index, false), LOCKED);
            let snapshot = pg_sys::GetActiveSnapshot();
            while let Some(Pair { one, other, distance }) = pairs.next_pair() {
                let Some(one) = seen(heap, snapshot, one) else { continue };
                let Some(other) = seen(heap, snapshot, other) else { continue };
                rows.try_reserve(1)?;
                // The versions that are seen may be in another order than the first ones.
                let turned = place(other) < place(one);
                let (one, other) = if turned { (other, one) } else { (one, other) };
                rows.push((one, other, distance));
            }
            pg_sys::table_close(heap, LOCKED);
        }
        Ok(more)
    }
}

/// Where the version of a row is that the statement sees, if it sees one.
///
/// # Safety
/// The table is open, and the snapshot active.
unsafe fn seen(
    heap: Relation,
    snapshot: pg_sys::Snapshot,
    row: Pointer,
) -> Option<ItemPointerData> {
    let mut at = item_pointer(row);
    // SAFETY: as promised by the caller; nobody asks whether the row is dead to everybody.
    let is_seen = unsafe {
        pg_sys::table_index_fetch_tuple_check(heap, &raw mut at, snapshot, std::ptr::null_mut())
    };
    is_seen.then_some(at)
}

/// By what the places of rows in a table are compared.
fn place(at: ItemPointerData) -> (u16, u16, u16) {
    (at.ip_blkid.bi_hi, at.ip_blkid.bi_lo, at.ip_posid)
}
