//! A search for all rows within spheres, in no order: page after page, the deepest first.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::kind::{Bounds, Hits, Kind, Loops, Near};
use crate::index::kdtree::leaf;
use crate::index::kdtree::leaf::Pointer;
use crate::index::kdtree::page::{MOST_ROWS, Page, Role};
use crate::index::kdtree::search::{Found, Visit, Within};

/// A search in progress.
pub struct Gather<K: Kind> {
    loops: Loops<K>,
    spheres: Vec<Within<K>>,
    skip_dead: bool,
    visits: Vec<Visit>,
    hits: Hits,
    bounds: Bounds,
    rows: Vec<Found>,
}

impl<K: Kind> Gather<K> {
    /// A search for all rows that are in all of `spheres`.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn new(
        loops: Loops<K>,
        spheres: Vec<Within<K>>,
        skip_dead: bool,
    ) -> Result<Self, TreeError> {
        let (mut visits, mut rows) = (Vec::new(), Vec::new());
        visits.try_reserve(64)?;
        visits.push(Visit::ROOT);
        rows.try_reserve(MOST_ROWS)?;
        let (hits, bounds) = (Hits::default(), Bounds::default());
        Ok(Gather { loops, spheres, skip_dead, visits, hits, bounds, rows })
    }

    /// The next page to [`Gather::take`], if there is one.
    pub fn next_visit(&mut self) -> Option<Visit> {
        self.visits.pop()
    }

    /// The pages that are taken next, unless those taken before have others below them.
    pub fn coming(&self) -> impl Iterator<Item = u32> + Clone {
        self.visits.iter().rev().map(|visit| visit.block)
    }

    /// A row of the pages taken.
    pub fn next_row(&mut self) -> Option<Found> {
        self.rows.pop()
    }

    /// All rows of the pages taken that were not asked for yet.
    pub fn drain_rows(&mut self) -> impl Iterator<Item = Pointer> {
        self.rows.drain(..).map(|row| row.pointer)
    }

    /// Whether there are such rows.
    pub fn has_rows(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Takes in the page of a visit.
    ///
    /// # Errors
    /// When it is none of the tree, or there is no memory.
    pub fn take(&mut self, mut visit: Visit, page: &Page) -> Result<(), TreeError> {
        let (role, moved) = visit.enter::<K>(page)?;
        let count = page.count();
        self.visits.try_reserve(1 + count)?;
        self.visits.extend(moved);
        if role == Role::Deleted || count == 0 {
            return Ok(());
        }
        if page.level() > 0 {
            let boxes = page.room();
            let mut within = u128::MAX;
            // The first sphere's rests stay: by that one rows are looked at first.
            for Within { center, radius } in self.spheres.iter().rev() {
                within &= (self.loops.within)(center, boxes, count, *radius, &mut self.bounds);
            }
            let inside = (0..count).filter(|place| within >> place & 1 != 0);
            // A build writes neighbours one after the other: so pages are read in that order.
            let rests = &self.bounds.rests;
            self.visits.extend(
                inside.rev().map(|place| Visit::below::<K>(page, place, 0.0, rests[place])),
            );
            return Ok(());
        }
        self.hits.clear();
        match self.spheres.first() {
            Some(sphere) => {
                let near = Near::any(sphere.radius, visit.rest());
                (self.loops.nearer)(&sphere.center, page.room(), count, near, &mut self.hits);
            }
            None => (0..count).for_each(|place| self.hits.push(place, 0.0)),
        }
        self.rows.try_reserve(count)?;
        for (place, distance) in self.hits.iter() {
            let pointer = leaf::pointer::<K>(page, place);
            let inside = |(number, sphere): (usize, &Within<K>)| match number {
                0 => distance < sphere.radius,
                _ => K::distance(&sphere.center, &leaf::value::<K>(page, place)) < sphere.radius,
            };
            let dead = self.skip_dead && leaf::is_dead(page, place);
            if !dead && self.spheres.iter().enumerate().all(inside) {
                let (block, removals) = (visit.block, page.removals());
                let place = place as u16;
                self.rows.push(Found { distance, pointer, block, removals, place });
            }
        }
        Ok(())
    }
}
