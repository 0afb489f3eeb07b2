//! Rows by their distance, the nearest first. Of an index-only scan each is looked up again.

use super::{Given, Hand};
use crate::index::kdtree::TreeError;
use crate::index::kdtree::gather::Gather;
use crate::index::kdtree::leaf;
use crate::index::kdtree::page::Role;
use crate::index::kdtree::search::{Found, Search, Step, Within};
use crate::pg::kdtree::loops;
use crate::pg::kdtree::pages::{Held, Lock, Pin};
use crate::pg::kdtree::rows::Rows;
use pgrx::check_for_interrupts;
use pgrx::pg_sys::Relation;

/// What such a scan is at.
pub(super) struct ByDistance<K: Rows> {
    query: K::Query,
    search: Search<K>,
    with_values: bool,
}

impl<K: Rows> ByDistance<K> {
    /// From `query`, within all of `spheres`.
    pub(super) fn of(
        query: K::Query,
        spheres: Vec<Within<K>>,
        skip_dead: bool,
        with_values: bool,
    ) -> Result<Self, TreeError> {
        let search = Search::new(loops::best::<K>(), query.clone(), spheres, skip_dead)?;
        Ok(ByDistance { query, search, with_values })
    }

    /// The next row.
    ///
    /// # Safety
    /// The index is open and of this kind.
    pub(super) unsafe fn next(
        &mut self,
        index: Relation,
        hand: &mut Hand,
    ) -> Result<Option<Given>, TreeError> {
        loop {
            match self.search.step()? {
                Step::Read(visit) => {
                    check_for_interrupts!();
                    // SAFETY: as promised by the caller.
                    let held = unsafe { hand.read::<K>(index, visit.block, self.search.coming()) };
                    self.search.take(visit, held.page())?;
                }
                Step::Row(row) => {
                    hand.ahead.release();
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
                    hand.ahead.release();
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
            loop {
                let sphere = Within { center: self.query.clone(), radius: row.distance.next_up() };
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
}
