//! Scans: by distance, within spheres, for rows without a value, into a bitmap.
//!
//! No lock is held between two calls. An index-only scan by distance looks a row up again
//! before it gives it out, and keeps that page in hand until it is asked for the next one, so
//! that VACUUM can't take the row away, and say that all on its page of the table is
//! visible, while Postgres is about to ask just that. One in no order keeps the page that
//! its rows are on in hand.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::gather::Gather;
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::leaf;
use crate::index::kdtree::page::{Page, Role};
use crate::index::kdtree::search::{Found, Search, Step, Within};
use crate::pg::kdtree::ahead::Ahead;
use crate::pg::kdtree::nulls::Walk;
use crate::pg::kdtree::pages::{Held, Lock, Pin, block_count, check_layout, index_name};
use crate::pg::kdtree::rows::{Rows, item_pointer};
use crate::pg::kdtree::{DISTANCE, SPHERE, loops, of_kind};
use crate::pg::{memory, report, version};
use pgrx::memcxt::PgMemoryContexts;
use pgrx::pg_sys::{
    self, Datum, IndexScanDesc, Relation, ScanDirection, ScanKey, ScanKeyData, TIDBitmap,
};
use pgrx::{check_for_interrupts, pg_guard};
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

/// A scan of whatever kind of rows.
trait Running {
    /// The next row, its distance if it has one, and for an index-only scan its tuple.
    ///
    /// # Safety
    /// The scan's index is open.
    unsafe fn next(&mut self, index: Relation) -> Result<Option<Given>, TreeError>;

    /// Enters all rows into a bitmap; gives how many.
    ///
    /// # Safety
    /// As above.
    unsafe fn bitmap(&mut self, index: Relation, map: *mut TIDBitmap) -> Result<i64, TreeError>;

    /// Notes on their pages that rows are dead.
    ///
    /// # Safety
    /// As above.
    unsafe fn note_dead(&self, index: Relation, rows: &[Found]) -> Result<(), TreeError>;

    /// Leaves the pages in hand to Postgres.
    fn forget_pages(&mut self);
}

/// A row that a scan gives out.
struct Given {
    row: Found,
    distance: Option<f64>,
    /// The value as a datum, where it was asked for and there is one.
    value: Option<Datum>,
    pin: Option<Pin>,
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

/// In which order rows come.
enum Order<K: Kind> {
    /// In any, and nobody asked.
    No,
    /// In any: no row has a distance to null.
    Unknown,
    /// By the distance to this, of which the search itself knows.
    By(K::Query),
}

/// A scan in progress.
struct Of<K: Rows> {
    order: Order<K>,
    search: Option<Search<K>>,
    gather: Option<Gather<K>>,
    /// Whether rows without a value come behind.
    nulls: bool,
    walk: Option<Walk>,
    null_rows: Vec<Found>,
    skip_dead: bool,
    with_values: bool,
    /// The page that the rows of `gather` are on, and their values.
    pinned: Option<Pin>,
    page: Option<Box<Page>>,
    ahead: Ahead,
}

/// # Safety
/// A scan of ours of this kind, with its keys.
unsafe fn start<K: Rows>(scan: IndexScanDesc) -> Result<Box<dyn Running>, TreeError> {
    // SAFETY: as promised by the caller; Postgres has checked the types of the arguments
    // against the operator class.
    unsafe {
        check_layout((*scan).indexRelation, K::NUMBER);
        let keys = keys_of((*scan).keyData, (*scan).numberOfKeys);
        let orders = keys_of((*scan).orderByData, (*scan).numberOfOrderBys);
        let (mut values, mut nulls) = (true, true);
        let mut spheres: Vec<Within<K>> = Vec::new();
        for key in keys {
            let flags = key.sk_flags as u32;
            if flags & pg_sys::SK_SEARCHNULL != 0 {
                values = false;
            } else if flags & pg_sys::SK_SEARCHNOTNULL != 0 {
                nulls = false;
            } else if flags & pg_sys::SK_ISNULL != 0 || key.sk_strategy != SPHERE {
                (values, nulls) = (false, false);
            } else {
                nulls = false;
                spheres.try_reserve(1)?;
                spheres.push(K::sphere(key.sk_argument));
            }
        }
        let order: Order<K> = match orders.first() {
            None => Order::No,
            Some(key) if key.sk_flags as u32 & pg_sys::SK_ISNULL != 0 => Order::Unknown,
            Some(key) if key.sk_strategy == DISTANCE => {
                Order::By(K::query(&K::of_datum(key.sk_argument)))
            }
            Some(_) => Order::Unknown,
        };
        let skip_dead = (*scan).ignore_killed_tuples;
        let (mut search, mut gather) = (None, None);
        if values {
            let loops = loops::best::<K>();
            match &order {
                Order::By(query) => {
                    search = Some(Search::new(loops, query.clone(), spheres, skip_dead)?);
                }
                _ => gather = Some(Gather::new(loops, spheres, skip_dead)?),
            }
        }
        let with_values = (*scan).xs_want_itup;
        Ok(Box::new(Of {
            order,
            search,
            gather,
            nulls,
            walk: None,
            null_rows: Vec::new(),
            skip_dead,
            with_values,
            pinned: None,
            page: None,
            ahead: Ahead::default(),
        }))
    }
}

/// # Safety
/// As many keys as that.
unsafe fn keys_of<'a>(keys: *const ScanKeyData, count: c_int) -> &'a [ScanKeyData] {
    if keys.is_null() || count <= 0 {
        return &[];
    }
    // SAFETY: as promised by the caller.
    unsafe { std::slice::from_raw_parts(keys, count as usize) }
}

impl<K: Rows> Running for Of<K> {
    unsafe fn next(&mut self, index: Relation) -> Result<Option<Given>, TreeError> {
        // SAFETY: as promised by the caller.
        unsafe {
            if let Some(given) = self.next_by_distance(index)? {
                return Ok(Some(given));
            }
            if let Some(given) = self.next_gathered(index)? {
                return Ok(Some(given));
            }
            self.next_without_value(index)
        }
    }

    unsafe fn bitmap(&mut self, index: Relation, map: *mut TIDBitmap) -> Result<i64, TreeError> {
        const AT_ONCE: usize = 256;
        let mut count = 0;
        let mut items = [pg_sys::ItemPointerData::default(); AT_ONCE];
        let mut add = |rows: &mut dyn Iterator<Item = pg_sys::ItemPointerData>| {
            loop {
                let mut filled = 0;
                for (slot, row) in items.iter_mut().zip(&mut *rows) {
                    *slot = row;
                    filled += 1;
                }
                if filled == 0 {
                    break;
                }
                // SAFETY: so many are there.
                unsafe { pg_sys::tbm_add_tuples(map, items.as_mut_ptr(), filled, false) };
                count += i64::from(filled);
            }
        };
        // SAFETY: as promised by the caller.
        unsafe {
            if let Some(gather) = self.gather.as_mut() {
                while let Some(visit) = gather.next_visit() {
                    check_for_interrupts!();
                    let pin = self.ahead.take(index, visit.block);
                    self.ahead.fetch::<K>(index, gather.ahead());
                    let held = Held::of_pin(pin, Lock::Shared);
                    gather.take(visit, held.page())?;
                    drop(held);
                    add(&mut gather.drain_rows().map(item_pointer));
                }
            }
            if self.nulls {
                let mut walk = Walk::begin::<K>(index);
                while let Some(held) = walk.page::<K>(index, self.skip_dead, &mut self.null_rows)? {
                    drop(held);
                    check_for_interrupts!();
                    add(&mut self.null_rows.drain(..).map(|row| item_pointer(row.pointer)));
                }
            }
        }
        Ok(count)
    }

    unsafe fn note_dead(&self, index: Relation, rows: &[Found]) -> Result<(), TreeError> {
        for rows in rows.chunk_by(|a, b| a.block == b.block) {
            let Some(first) = rows.first() else { continue };
            // SAFETY: as promised by the caller.
            let mut held = unsafe { Held::read(index, first.block, Lock::Shared) };
            match held.page().check(first.block, K::NUMBER)? {
                Role::Node if held.page().level() > 0 => continue,
                Role::Node | Role::Nulls => leaf::check::<K>(held.page(), first.block)?,
                _ => continue,
            }
            held.hint(|page| {
                for row in rows {
                    // Where rows were taken off since, the same pointer may be another row's.
                    let place = usize::from(row.place);
                    let same = leaf::pointer::<K>(page, place) == row.pointer;
                    if page.removals() == row.removals && place < page.count() && same {
                        leaf::set_dead(page, place, true);
                    }
                }
            });
        }
        Ok(())
    }

    fn forget_pages(&mut self) {
        std::mem::forget((self.pinned.take(), std::mem::take(&mut self.ahead)));
    }
}

impl<K: Rows> Of<K> {
    unsafe fn next_by_distance(&mut self, index: Relation) -> Result<Option<Given>, TreeError> {
        loop {
            let Some(search) = self.search.as_mut() else { return Ok(None) };
            match search.step()? {
                Step::Read(visit) => {
                    check_for_interrupts!();
                    // While this page is looked at, the next ones are on their way.
                    // SAFETY: as promised by the caller.
                    let pin = unsafe {
                        let pin = self.ahead.take(index, visit.block);
                        self.ahead.fetch::<K>(index, search.ahead());
                        pin
                    };
                    let held = Held::of_pin(pin, Lock::Shared);
                    search.take(visit, held.page())?;
                }
                Step::Row(row) => {
                    self.ahead = Ahead::default();
                    let distance = Some(row.distance);
                    if !self.with_values {
                        return Ok(Some(Given { row, distance, value: None, pin: None }));
                    }
                    // SAFETY: as promised by the caller.
                    if let Some((value, pin)) = unsafe { self.look_up(index, &row)? } {
                        let value = Some(K::into_datum(value));
                        return Ok(Some(Given { row, distance, value, pin: Some(pin) }));
                    }
                    // VACUUM was here: that row is dead to everybody.
                }
                Step::Done => {
                    self.ahead = Ahead::default();
                    return Ok(None);
                }
            }
        }
    }

    /// The value of a row that was found, and its page in hand, if the row is still there.
    ///
    /// # Safety
    /// The index is open.
    unsafe fn look_up(
        &self,
        index: Relation,
        row: &Found,
    ) -> Result<Option<(K::Value, Pin)>, TreeError> {
        // SAFETY: as promised by the caller.
        unsafe {
            let at_place = |row: &Found| {
                let held = Held::read(index, row.block, Lock::Shared);
                let page = held.page();
                let place = usize::from(row.place);
                let same = page.removals() == row.removals
                    && page.check(row.block, K::NUMBER) == Ok(Role::Node)
                    && page.level() == 0
                    && place < page.count()
                    && leaf::pointer::<K>(page, place) == row.pointer;
                if !same {
                    return None;
                }
                let value = leaf::value::<K>(page, place);
                Some((value, held.pin()))
            };
            if let Some(there) = at_place(row) {
                return Ok(Some(there));
            }
            // Its page was split, or rows were taken off it: find it anew.
            let Order::By(query) = &self.order else { return Ok(None) };
            loop {
                let sphere = Within { center: query.clone(), radius: row.distance.next_up() };
                let mut spheres = Vec::new();
                spheres.try_reserve(1)?;
                spheres.push(sphere);
                let mut gather = Gather::<K>::new(loops::best::<K>(), spheres, false)?;
                let mut found = None;
                while let Some(visit) = gather.next_visit() {
                    check_for_interrupts!();
                    let held = Held::read(index, visit.block, Lock::Shared);
                    gather.take(visit, held.page())?;
                    drop(held);
                    while let Some(other) = gather.next_row() {
                        if other.pointer == row.pointer && other.distance == row.distance {
                            found = Some(other);
                        }
                    }
                }
                let Some(found) = found else { return Ok(None) };
                if let Some(there) = at_place(&found) {
                    return Ok(Some(there));
                }
            }
        }
    }

    unsafe fn next_gathered(&mut self, index: Relation) -> Result<Option<Given>, TreeError> {
        let Some(gather) = self.gather.as_mut() else { return Ok(None) };
        loop {
            if let Some(row) = gather.next_row() {
                let value = self
                    .page
                    .as_ref()
                    .map(|page| K::into_datum(leaf::value::<K>(page, usize::from(row.place))));
                let distance = None;
                return Ok(Some(Given { row, distance, value, pin: None }));
            }
            self.pinned = None;
            let Some(visit) = gather.next_visit() else { return Ok(None) };
            check_for_interrupts!();
            // SAFETY: as promised by the caller.
            let pin = unsafe {
                let pin = self.ahead.take(index, visit.block);
                self.ahead.fetch::<K>(index, gather.ahead());
                pin
            };
            let held = Held::of_pin(pin, Lock::Shared);
            gather.take(visit, held.page())?;
            if gather.has_rows() {
                // Whoever takes the rows may stay with them.
                self.ahead = Ahead::default();
            }
            if self.with_values && gather.has_rows() {
                match self.page.as_mut() {
                    Some(page) => page.as_mut().clone_from(held.page()),
                    None => self.page = Some(Box::new(held.page().clone())),
                }
                self.pinned = Some(held.pin());
            }
        }
    }

    unsafe fn next_without_value(&mut self, index: Relation) -> Result<Option<Given>, TreeError> {
        if !self.nulls {
            return Ok(None);
        }
        // SAFETY: as promised by the caller.
        unsafe {
            loop {
                if let Some(row) = self.null_rows.pop() {
                    return Ok(Some(Given { row, distance: None, value: None, pin: None }));
                }
                self.pinned = None;
                check_for_interrupts!();
                let walk = self.walk.get_or_insert_with(|| Walk::begin::<K>(index));
                match walk.page::<K>(index, self.skip_dead, &mut self.null_rows)? {
                    None => return Ok(None),
                    Some(held) if self.with_values => self.pinned = Some(held.pin()),
                    Some(_) => {}
                }
            }
        }
    }
}
