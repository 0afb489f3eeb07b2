//! A tree cut into parts, each the pages below one page above leaves, for a search that several
//! processes share.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::page::{Page, Role};
use crate::index::kdtree::search::Visit;

/// The level of pages whose boxes are good parts: each has some hundred leaves.
pub const LEVEL: u16 = 2;

/// The parts of a tree: the boxes of some pages, as they were at one time each, in this order, of each
/// page the last first. Rows that move later move to the right of what they are below: so
/// every row stays in its part. A tree without such pages is one part.
#[derive(Clone, Default)]
pub struct Parts {
    pages: Vec<Page>,
}

/// Where a part is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    page: usize,
    left: usize,
}

impl Parts {
    /// Those of other [`Parts::pages`].
    pub fn of(pages: Vec<Page>) -> Self {
        Parts { pages }
    }

    /// The pages.
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        if self.pages.is_empty() { 1 } else { self.pages.iter().map(Page::count).sum() }
    }

    /// The way into a part, and where it is; there may be no such part.
    pub(super) fn enter<K: Kind>(&self, mut part: usize) -> Option<(Visit, Place)> {
        if self.pages.is_empty() {
            return (part == 0).then_some((Visit::ROOT, Place { page: 0, left: 0 }));
        }
        for (number, page) in self.pages.iter().enumerate() {
            match part.checked_sub(page.count()) {
                Some(behind) => part = behind,
                None => {
                    let left = page.count() - 1 - part;
                    let visit = Visit::below::<K>(page, left, 0.0, 0);
                    return Some((visit, Place { page: number, left }));
                }
            }
        }
        None
    }

    /// The parts behind one: the first so many boxes of these pages.
    pub(super) fn behind(&self, place: Place) -> impl Iterator<Item = (&Page, usize)> {
        let pages = self.pages.iter().enumerate().skip(place.page);
        pages.map(move |(number, page)| {
            (page, if number == place.page { place.left } else { page.count() })
        })
    }
}

/// Reads the pages above, to cut a tree.
pub struct Cut {
    level: u16,
    visits: Vec<Visit>,
    pages: Vec<Page>,
}

impl Cut {
    /// Begins to cut a tree into the boxes of this level.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn new(level: u16) -> Result<Self, TreeError> {
        let mut visits = Vec::new();
        visits.try_reserve(1)?;
        visits.push(Visit::ROOT);
        Ok(Cut { level, visits, pages: Vec::new() })
    }

    /// The next page to [`Cut::take`], if there is one.
    pub fn next_visit(&mut self) -> Option<Visit> {
        self.visits.pop()
    }

    /// Takes in the page of a visit.
    ///
    /// # Errors
    /// When it is none of the tree, or there is no memory.
    pub fn take<K: Kind>(&mut self, mut visit: Visit, page: &Page) -> Result<(), TreeError> {
        let (role, moved) = visit.enter::<K>(page)?;
        let count = page.count();
        self.visits.try_reserve(1 + count)?;
        self.visits.extend(moved);
        if role == Role::Deleted || page.level() < self.level {
            return Ok(());
        }
        if page.level() > self.level {
            let below = (0..count).map(|place| Visit::below::<K>(page, place, 0.0, 0));
            self.visits.extend(below);
            return Ok(());
        }
        self.pages.try_reserve(1)?;
        self.pages.push(page.clone());
        Ok(())
    }

    /// The parts, when all pages are taken.
    pub fn finish(self) -> Parts {
        Parts { pages: self.pages }
    }
}
