//! Rows without a value, along their chain of pages.

use super::{Given, Hand};
use crate::index::kdtree::TreeError;
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::leaf::Pointer;
use crate::index::kdtree::search::Found;
use crate::pg::kdtree::nulls::Walk;
use crate::pg::kdtree::pages::Held;
use pgrx::check_for_interrupts;
use pgrx::pg_sys::Relation;

/// What such a scan is at.
pub(super) struct WithoutValue {
    walk: Option<Walk>,
    rows: Vec<Found>,
    skip_dead: bool,
    with_values: bool,
}

impl WithoutValue {
    /// From the beginning.
    pub(super) fn of(skip_dead: bool, with_values: bool) -> Self {
        WithoutValue { walk: None, rows: Vec::new(), skip_dead, with_values }
    }

    /// The next row.
    ///
    /// # Safety
    /// The index is open and of this kind.
    pub(super) unsafe fn next<K: Kind>(
        &mut self,
        index: Relation,
        hand: &mut Hand,
    ) -> Result<Option<Given>, TreeError> {
        loop {
            if let Some(row) = self.rows.pop() {
                return Ok(Some(Given { row, distance: None, value: None, pin: None }));
            }
            hand.pinned = None;
            check_for_interrupts!();
            // SAFETY: as promised by the caller.
            match unsafe { self.read::<K>(index)? } {
                None => return Ok(None),
                Some(held) if self.with_values => hand.pinned = Some(held.pin()),
                Some(_) => {}
            }
        }
    }

    /// Reads the next page, whose rows [`WithoutValue::drain`] gives; none behind the last.
    ///
    /// # Safety
    /// As above.
    pub(super) unsafe fn read<K: Kind>(
        &mut self,
        index: Relation,
    ) -> Result<Option<Held>, TreeError> {
        // SAFETY: as promised by the caller.
        unsafe {
            let walk = self.walk.get_or_insert_with(|| Walk::begin::<K>(index));
            walk.page::<K>(index, self.skip_dead, &mut self.rows)
        }
    }

    /// The rows of the pages read.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Pointer> {
        self.rows.drain(..).map(|row| row.pointer)
    }
}
