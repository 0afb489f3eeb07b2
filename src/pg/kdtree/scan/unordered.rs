//! Rows within spheres, or all that have a value, in no order: page after page.

use super::{Given, Hand};
use crate::index::kdtree::TreeError;
use crate::index::kdtree::gather::Gather;
use crate::index::kdtree::leaf::{self, Pointer};
use crate::index::kdtree::page::Page;
use crate::index::kdtree::search::Within;
use crate::pg::kdtree::loops;
use crate::pg::kdtree::pages::Held;
use crate::pg::kdtree::rows::Rows;
use pgrx::check_for_interrupts;
use pgrx::pg_sys::Relation;

/// What such a scan is at.
pub(super) struct Unordered<K: Rows> {
    gather: Gather<K>,
    with_values: bool,
    /// The page that the rows of `gather` are on: their values.
    page: Option<Box<Page>>,
}

impl<K: Rows> Unordered<K> {
    /// Within all of `spheres`.
    pub(super) fn of(
        spheres: Vec<Within<K>>,
        skip_dead: bool,
        with_values: bool,
    ) -> Result<Self, TreeError> {
        let gather = Gather::new(loops::best::<K>(), spheres, skip_dead)?;
        Ok(Unordered { gather, with_values, page: None })
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
            if let Some(row) = self.gather.next_row() {
                let value = self
                    .page
                    .as_ref()
                    .map(|page| K::into_datum(leaf::value::<K>(page, usize::from(row.place))));
                return Ok(Some(Given { row, distance: None, value, pin: None }));
            }
            hand.pinned = None;
            // SAFETY: as promised by the caller.
            let Some(held) = (unsafe { self.read(index, hand)? }) else { return Ok(None) };
            if self.gather.has_rows() {
                // Whoever takes the rows may stay with them.
                hand.ahead.release();
            }
            if self.with_values && self.gather.has_rows() {
                match self.page.as_mut() {
                    Some(page) => page.as_mut().clone_from(held.page()),
                    None => self.page = Some(Box::new(held.page().clone())),
                }
                hand.pinned = Some(held.pin());
            }
        }
    }

    /// Reads the next page, whose rows [`Unordered::drain`] gives; none behind the last.
    ///
    /// # Safety
    /// As above.
    pub(super) unsafe fn read(
        &mut self,
        index: Relation,
        hand: &mut Hand,
    ) -> Result<Option<Held>, TreeError> {
        let Some(visit) = self.gather.next_visit() else { return Ok(None) };
        check_for_interrupts!();
        // SAFETY: as promised by the caller.
        let held = unsafe { hand.read::<K>(index, visit.block, self.gather.coming()) };
        self.gather.take(visit, held.page())?;
        Ok(Some(held))
    }

    /// The rows of the pages read.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Pointer> {
        self.gather.drain_rows()
    }
}
