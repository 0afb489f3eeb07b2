//! `kdtree_pairs(regclass, float8)`: all pairs of rows of a table that are near each other, by
//! walking through its index once.
//!
//! Postgres gives out no row of a function in FROM before it has all of them, unless that is a
//! function in SQL whose text can take its place. So that is what `kdtree_pairs` is, around the
//! function here, which stands in a list of what is selected and gives out row by row.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::leaf::Pointer;
use crate::index::kdtree::pairs::{FULL, Pair, Pairs};
use crate::index::kdtree::parts::{Cut, LEVEL, Parts};
use crate::index::sphere::Sphere;
use crate::pg::kdtree::ahead::Ahead;
use crate::pg::kdtree::open::{Asks, Open};
use crate::pg::kdtree::pages::{self, Lock, check_layout, index_name};
use crate::pg::kdtree::rows::{Rows, item_pointer};
use crate::pg::kdtree::workers::{Workers, take_page};
use crate::pg::kdtree::{loops, of_kind};
use crate::pg::{memory, report};
use pgrx::iter::TableIterator;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::pg_sys::{self, Datum, ItemPointerData, Oid, Relation};
use pgrx::{check_for_interrupts, name, pg_extern, pg_guard};
use std::ptr;

unsafe extern "C-unwind" {
    /// Notes that a serializable transaction has read all of an index: a row that another inserts is
    /// a conflict from then on. Of `storage/predicate.h`, which pgrx leaves out.
    fn PredicateLockRelation(relation: Relation, snapshot: pg_sys::Snapshot);
}

type Row = (ItemPointerData, ItemPointerData, f64);

/// All pairs of rows nearer to each other than `radius`, by where they are in the table, the one
/// that is first there first: those that the statement sees.
#[pg_extern(sql = false)]
fn kdtree_pairs_walk(
    index: Oid,
    radius: f64,
    call: pg_sys::FunctionCallInfo,
) -> TableIterator<
    'static,
    (name!(one, ItemPointerData), name!(other, ItemPointerData), name!(distance, f64)),
> {
    if let Err(error) = Sphere::new((), radius) {
        report::invalid_radius(&error).raise();
    }
    // SAFETY: both are closed at the end, and stay locked to the end of the transaction. A call
    // of a function that gives a set has where to note what is to be done at the end of that.
    unsafe {
        let open = Open::of(index, Asks::Pairs);
        let Open { heap, index } = open;
        may_read(heap, index);
        if !open.is_valid() || open.is_too_young(pg_sys::TransactionXmin) {
            report::unfinished_index(&index_name(index)).raise();
        }
        // As of every search, of access methods that say no more of it.
        let snapshot = pg_sys::GetActiveSnapshot();
        pg_guard_ffi_boundary(|| PredicateLockRelation(index, snapshot));
        memory::foresee(1 << 16);
        let context = (*(*call).resultinfo.cast::<pg_sys::ReturnSetInfo>()).econtext;
        TableIterator::new(of_kind!(index, walk(open, context, radius)))
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

/// Begins a walk.
///
/// # Safety
/// Both are open, and that is where the running query notes what is to be done at its end.
unsafe fn walk<K: Rows>(
    open: Open,
    context: *mut pg_sys::ExprContext,
    radius: f64,
) -> Box<dyn Iterator<Item = Row>> {
    // SAFETY: as promised by the caller.
    unsafe {
        check_layout(open.index, K::NUMBER);
        let parts = or_raise(open.index, cut::<K>(open.index));
        let pairs = Pairs::<K>::new(loops::best(), radius, FULL, parts);
        let held = Box::new(Opened { open, workers: None });
        pg_sys::RegisterExprContextCallback(context, Some(close), at(&held));
        let found = Vec::new();
        Box::new(Walk { held: Some(held), context, pairs, found, begun: 0, read: 0 })
    }
}

/// Cuts an index into parts.
///
/// # Safety
/// It is open.
unsafe fn cut<K: Rows>(index: Relation) -> Result<Parts, TreeError> {
    let mut cut = Cut::new(LEVEL)?;
    while let Some(visit) = cut.next_visit() {
        check_for_interrupts!();
        // SAFETY: as promised by the caller; no other lock is held.
        let page = unsafe { pages::Held::read(index, visit.block, Lock::Shared) };
        cut.take::<K>(visit, page.page())?;
    }
    Ok(cut.finish())
}

/// What a walk lets go of at its end.
struct Opened {
    open: Open,
    workers: Option<Workers>,
}

impl Opened {
    /// Lets go of it.
    ///
    /// # Safety
    /// Called once.
    unsafe fn close(&self) {
        // SAFETY: as promised by the caller; both are open since the walk began.
        unsafe {
            if let Some(workers) = &self.workers {
                workers.end();
            }
            self.open.close();
        }
    }
}

/// Closes what a walk has open, in a query that ends before the walk does. After an ERROR Postgres
/// does not call this, and closes by itself.
#[pg_guard]
unsafe extern "C-unwind" fn close(held: Datum) {
    // SAFETY: the walk is still there, and has not ended.
    unsafe { (*held.cast_mut_ptr::<Opened>()).close() }
}

/// By what [`close`] knows the walk: another in the same query may have the same index.
fn at(held: &Opened) -> Datum {
    Datum::from(ptr::from_ref(held).cast_mut())
}

/// So many pages are read before workers are asked for: to have them takes as long as that.
const ALONE: usize = 256;

/// A walk in progress. From one call to the next both relations stay open, as for any scan: who
/// would change them in the same session is told that they are in use.
struct Walk<K: Rows> {
    /// None at the end.
    held: Option<Box<Opened>>,
    context: *mut pg_sys::ExprContext,
    pairs: Pairs<K>,
    /// Pairs that a worker found.
    found: Vec<Pair>,
    /// Parts begun here before there were workers, and pages read.
    begun: usize,
    read: usize,
}

fn or_raise<T>(index: Relation, result: Result<T, TreeError>) -> T {
    result.unwrap_or_else(|error| report::broken_kdtree(index_name(index), &error).raise())
}

impl<K: Rows> Iterator for Walk<K> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let open = self.held.as_ref()?.open;
        // SAFETY: both are open since the walk began.
        unsafe {
            let row = or_raise(open.index, self.step(open));
            if row.is_none()
                && let Some(held) = self.held.take()
            {
                pg_sys::UnregisterExprContextCallback(self.context, Some(close), at(&held));
                held.close();
            }
            row
        }
    }
}

impl<K: Rows> Walk<K> {
    /// Goes on to the next pair that the statement sees. Pairs that were found wait for that until they
    /// are asked for: meanwhile nobody takes away a row that the snapshot has, and one that is put in
    /// the place of another it does not have.
    ///
    /// # Safety
    /// Both are open.
    unsafe fn step(&mut self, open: Open) -> Result<Option<Row>, TreeError> {
        // SAFETY: as promised by the caller.
        unsafe {
            let snapshot = pg_sys::GetActiveSnapshot();
            let mut ahead = Ahead::default();
            loop {
                while let Some(pair) = self.next_pair()? {
                    check_for_interrupts!();
                    let Some(one) = seen(open.heap, snapshot, pair.one) else { continue };
                    let Some(other) = seen(open.heap, snapshot, pair.other) else { continue };
                    // The versions that are seen may be in another order than the first ones.
                    let turned = place(other) < place(one);
                    let (one, other) = if turned { (other, one) } else { (one, other) };
                    return Ok(Some((one, other, pair.distance)));
                }
                if !self.go_on(open.index, &mut ahead)? {
                    return Ok(None);
                }
            }
        }
    }

    fn next_pair(&mut self) -> Result<Option<Pair>, TreeError> {
        match self.pairs.next_pair()? {
            Some(pair) => Ok(Some(pair)),
            None => Ok(self.found.pop()),
        }
    }

    /// Goes on by one page, or takes what workers have found: whether there was any of it.
    ///
    /// # Safety
    /// The index is open.
    unsafe fn go_on(&mut self, index: Relation, ahead: &mut Ahead) -> Result<bool, TreeError> {
        let Some(held) = &mut self.held else { return Ok(false) };
        // SAFETY: as promised by the caller.
        unsafe {
            if let Some(workers) = &mut held.workers {
                self.found = workers.receive(false)?;
                if !self.found.is_empty() {
                    return Ok(true);
                }
            }
            if take_page(index, &mut self.pairs, ahead)? {
                self.read += 1;
                if self.read == ALONE {
                    let memory = (*self.context).ecxt_per_query_memory;
                    held.workers = Workers::start(index, &self.pairs, self.begun, memory);
                }
                return Ok(true);
            }
            let part = match &held.workers {
                Some(workers) => workers.claim(),
                None => self.begun,
            };
            self.begun += 1;
            if self.pairs.begin(part)? {
                return Ok(true);
            }
            if let Some(workers) = &mut held.workers {
                self.found = workers.receive(true)?;
            }
            Ok(!self.found.is_empty())
        }
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
        pg_sys::table_index_fetch_tuple_check(heap, &raw mut at, snapshot, ptr::null_mut())
    };
    is_seen.then_some(at)
}

/// By what the places of rows in a table are compared.
fn place(at: ItemPointerData) -> (u16, u16, u16) {
    (at.ip_blkid.bi_hi, at.ip_blkid.bi_lo, at.ip_posid)
}
