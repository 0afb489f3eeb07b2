//! All pairs of rows that are near each other, by one walk through the tree: some leaves are taken
//! in hand, and what is near one of their rows is looked for on the leaves that are still to
//! come. A page is so read once for all rows in hand, and no pair is met twice.
//!
//! Rows that move to the right by a split while this goes on are followed, as by every search.
//! What is still to come is told by copies of the pages above, as they were when the walk
//! went down by them: what moves out of what was passed does not come back.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::kind::{Bounds, Hits, Kind, Loops, MOST_BOXES};
use crate::index::kdtree::leaf::{self, Pointer};
use crate::index::kdtree::page::{Page, Role};
use crate::index::kdtree::search::Visit;

/// At so many rows in hand the search goes on to what is near them. They and their leaves stay
/// in the processor's own memory.
pub const FULL: usize = 4096;

/// So many pairs at a time, or a few more: they are to be asked for before the search goes on, also
/// in the middle of a page. Rows that are all equal would be a hundred times as many on each.
pub const MANY: usize = 4096;

/// Two rows that are near each other, where they are in the table: first the one that is first
/// there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The one.
    pub one: Pointer,
    /// And the other.
    pub other: Pointer,
    /// Their distance, as the operator has it.
    pub distance: f64,
}

/// A page to read next: for its own rows, or for those near rows in hand.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    visit: Visit,
    near: Option<Part>,
}

/// Some rows in hand: a part of [`Pairs::lists`].
#[derive(Clone, Copy, Debug)]
struct Part {
    from: usize,
    to: usize,
}

/// A page above the leaf in hand, as it was, and how many of its boxes are to come.
struct Above {
    page: Page,
    left: usize,
}

/// A leaf in hand, as it was.
struct Leaf<K: Kind> {
    page: Page,
    extent: K::Extent,
    /// Behind its rows in [`Pairs::rows`].
    end: usize,
}

/// A page whose rows are compared with those in hand, and how far that is.
#[derive(Clone, Copy)]
struct Work {
    /// Which rows in hand; none of a leaf that is in hand itself, as the last of all.
    near: Option<Part>,
    /// The leaf in hand, and how many of the rows that are near something are done with it.
    leaf: usize,
    row: usize,
    /// The least that the page's box has, for any of these rows, on the axes that a first look leaves out.
    rest: u16,
}

/// What looks for pairs, and those that it found.
struct Finder<K: Kind> {
    loops: Loops<K>,
    radius: f64,
    hits: Hits,
    found: Vec<Pair>,
}

/// A search in progress.
pub struct Pairs<K: Kind> {
    finder: Finder<K>,
    /// Pages to come that are in no box of `above`: the root, or what moved to the right.
    outer: Vec<Visit>,
    above: Vec<Above>,
    /// What is in hand, and at how many rows that is enough.
    full: usize,
    leaves: Vec<Leaf<K>>,
    rows: Vec<(K::Query, Pointer)>,
    /// Pages to read for them, and for which of them.
    inner: Vec<(Visit, Part)>,
    /// Numbers of rows in hand, ascending in each part; the parts of pages that are read sooner
    /// are behind those of others.
    lists: Vec<u32>,
    /// The boxes that each row of a list is near.
    boxes: Vec<u128>,
    bounds: Bounds,
    /// Of a leaf, the rows that are near some of another.
    few: Page,
    /// What is left of a page that has many pairs, and the page, as it was.
    rest: Option<(Work, Page)>,
}

impl Turn {
    /// The block of the page.
    pub fn block(&self) -> u32 {
        self.visit.block
    }
}

impl<K: Kind> Finder<K> {
    /// Finds the pairs that a row makes with the first `count` of a leaf. Gives whether there are
    /// many now.
    fn find(
        &mut self,
        (query, one): (&K::Query, Pointer),
        page: &Page,
        count: usize,
    ) -> Result<bool, TreeError> {
        self.hits.clear();
        (self.loops.nearer)(query, page.room(), count, self.radius, 0, &mut self.hits);
        for (place, distance) in self.hits.iter().filter(|hit| hit.1 < self.radius) {
            // Whether a row is dead to everybody, the table tells in any case.
            let other = leaf::pointer::<K>(page, place);
            self.found.try_reserve(1)?;
            let (one, other) = (one.min(other), one.max(other));
            self.found.push(Pair { one, other, distance });
        }
        Ok(self.found.len() >= MANY)
    }

    /// Takes the rows of a leaf that may be near to what an extent is around.
    fn choose(&mut self, few: &mut Page, extent: &K::Extent, page: &Page, rest: u16) {
        self.hits.clear();
        (self.loops.beside)(extent, page.room(), page.count(), self.radius, rest, &mut self.hits);
        few.set_count(0);
        for (place, _) in self.hits.iter() {
            // A leaf has room for all rows of another.
            let pointer = leaf::pointer::<K>(page, place);
            leaf::push::<K>(few, Some(&leaf::value::<K>(page, place)), pointer);
        }
    }
}

impl<K: Kind> Pairs<K> {
    /// A search for all pairs nearer than `radius`, with `full` rows in hand at a time or a few
    /// more.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn new(loops: Loops<K>, radius: f64, full: usize) -> Result<Self, TreeError> {
        let mut outer = Vec::new();
        outer.try_reserve(1)?;
        outer.push(Visit::ROOT);
        Ok(Pairs {
            finder: Finder { loops, radius, hits: Hits::default(), found: Vec::new() },
            outer,
            above: Vec::new(),
            full,
            leaves: Vec::new(),
            rows: Vec::new(),
            inner: Vec::new(),
            lists: Vec::new(),
            boxes: Vec::new(),
            bounds: Bounds::default(),
            few: Page::new(K::NUMBER, Role::Node, 0),
            rest: None,
        })
    }

    /// A pair of the pages taken.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn next_pair(&mut self) -> Result<Option<Pair>, TreeError> {
        while self.finder.found.is_empty()
            && let Some((work, page)) = self.rest.take()
        {
            self.compare(work, &page)?;
        }
        Ok(self.finder.found.pop())
    }

    /// How many pairs wait to be asked for.
    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.finder.found.len()
    }

    /// The next page to [`Pairs::take`], if there is one. All pairs of those before are to be
    /// asked for first.
    pub fn next_turn(&mut self) -> Option<Turn> {
        if let Some((visit, near)) = self.inner.pop() {
            // The parts behind were of pages that are read.
            self.lists.truncate(near.to);
            return Some(Turn { visit, near: Some(near) });
        }
        if self.rows.len() >= self.full {
            // All that is near these is found.
            self.rows.clear();
            self.leaves.clear();
        }
        if let Some(visit) = self.outer.pop() {
            return Some(Turn { visit, near: None });
        }
        while let Some(Above { page, left }) = self.above.last_mut() {
            if let Some(place) = left.checked_sub(1) {
                *left = place;
                return Some(Turn { visit: Visit::below::<K>(page, place, 0.0, 0), near: None });
            }
            self.above.pop();
        }
        None
    }

    /// The pages that are taken next, unless those taken before have others below them.
    pub fn coming(&self) -> impl Iterator<Item = u32> + Clone {
        self.inner.iter().rev().map(|(visit, _)| visit.block)
    }

    /// Takes in the page of a turn.
    ///
    /// # Errors
    /// When it is none of the tree, or there is no memory.
    pub fn take(&mut self, turn: Turn, page: &Page) -> Result<(), TreeError> {
        let Turn { mut visit, near } = turn;
        let (role, moved) = visit.enter::<K>(page)?;
        match near {
            None => {
                self.outer.try_reserve(1)?;
                self.outer.extend(moved);
            }
            Some(near) => {
                self.inner.try_reserve(1)?;
                self.inner.extend(moved.map(|moved| (moved, near)));
            }
        }
        let is_leaf = page.level() == 0;
        match near {
            _ if role == Role::Deleted || page.count() == 0 => Ok(()),
            None if is_leaf => self.take_in_hand(page),
            None => {
                self.above.try_reserve(1)?;
                self.above.push(Above { page: page.clone(), left: page.count() });
                Ok(())
            }
            Some(_) if is_leaf => {
                self.compare(Work { near, leaf: 0, row: 0, rest: visit.rest() }, page)
            }
            Some(near) => self.schedule(near, page, page.count()),
        }
    }

    /// Takes a leaf in hand, and finds the pairs that its rows make with those that are.
    fn take_in_hand(&mut self, page: &Page) -> Result<(), TreeError> {
        let (count, first) = (page.count(), self.rows.len());
        self.rows.try_reserve(count)?;
        self.rows.extend((0..count).map(|place| row::<K>(page, place)));
        let extent = K::extent(self.rows.iter().skip(first).map(|(query, _)| query));
        self.leaves.try_reserve(1)?;
        self.leaves.push(Leaf { page: page.clone(), extent, end: self.rows.len() });
        self.compare(Work { near: None, leaf: 0, row: 0, rest: 0 }, page)?;
        if self.rows.len() < self.full {
            return Ok(());
        }
        // As many as can be: for these, all that is to come is read.
        self.lists.clear();
        self.lists.try_reserve(self.rows.len())?;
        self.lists.extend((0..).take(self.rows.len()));
        let all = Part { from: 0, to: self.lists.len() };
        self.inner.try_reserve(self.outer.len())?;
        self.inner.extend(self.outer.iter().map(|&visit| (visit, all)));
        let above = std::mem::take(&mut self.above);
        let scheduled = above.iter().try_for_each(|at| self.schedule(all, &at.page, at.left));
        self.above = above;
        scheduled
    }

    /// Has the pages below the first `count` boxes read for those rows that are near the box.
    fn schedule(&mut self, near: Part, page: &Page, count: usize) -> Result<(), TreeError> {
        let rows = near.to - near.from;
        self.boxes.clear();
        self.boxes.try_reserve(rows)?;
        let (mut all, mut rests) = (0_u128, [u16::MAX; MOST_BOXES]);
        for &row in self.lists.iter().take(near.to).skip(near.from) {
            let Some((query, _)) = self.rows.get(row as usize) else { continue };
            let Finder { loops, radius, .. } = &self.finder;
            let bounds = &mut self.bounds;
            let boxes = loops.boxes_within(query, *radius, page.room(), count, bounds);
            let mut left = boxes;
            while left != 0 {
                let place = left.trailing_zeros() as usize;
                rests[place] = rests[place].min(self.bounds.rests[place]);
                left &= left - 1;
            }
            self.boxes.push(boxes);
            all |= boxes;
        }
        self.inner.try_reserve(count)?;
        for place in (0..count).filter(|place| all >> place & 1 != 0) {
            self.lists.try_reserve(rows)?;
            let from = self.lists.len();
            for (at, boxes) in (near.from..).zip(&self.boxes) {
                if boxes >> place & 1 != 0
                    && let Some(&row) = self.lists.get(at)
                {
                    self.lists.push(row);
                }
            }
            let near = Part { from, to: self.lists.len() };
            self.inner.push((Visit::below::<K>(page, place, 0.0, rests[place]), near));
        }
        Ok(())
    }

    /// Finds the pairs of rows in hand with those of a leaf, until there are many. Mostly few of
    /// either are near any of the other, and to find these takes much less than to compare all.
    fn compare(&mut self, mut work: Work, page: &Page) -> Result<(), TreeError> {
        let before = work.leaf.checked_sub(1).and_then(|before| self.leaves.get(before));
        let mut first = before.map_or(0, |leaf| leaf.end);
        while let Some(leaf) = self.leaves.get(work.leaf) {
            let (finder, few, mut many) = (&mut self.finder, &mut self.few, false);
            if let Some(near) = work.near {
                let list = self.lists.get(near.from..near.to).unwrap_or(&[]);
                let begin = list.partition_point(|&row| (row as usize) < first);
                let end = list.partition_point(|&row| (row as usize) < leaf.end);
                let of_leaf = list.get(begin..end).unwrap_or(&[]);
                let rows = || of_leaf.iter().filter_map(|&row| self.rows.get(row as usize));
                if !of_leaf.is_empty() {
                    finder.choose(few, &K::extent(rows().map(|(query, _)| query)), page, work.rest);
                    let (count, mut rows) = (few.count(), rows().skip(work.row));
                    while count > 0
                        && !many
                        && let Some((query, pointer)) = rows.next()
                    {
                        many = finder.find((query, *pointer), few, count)?;
                        work.row += 1;
                    }
                }
            } else if work.leaf + 1 == self.leaves.len() {
                // The leaf itself: each row with those before, so each pair once.
                let mut rows = self.rows.iter().skip(first + work.row);
                while !many && let Some((query, pointer)) = rows.next() {
                    many = finder.find((query, *pointer), page, work.row)?;
                    work.row += 1;
                }
            } else {
                finder.choose(few, &leaf.extent, page, 0);
                while !many && work.row < few.count() {
                    let (query, pointer) = row::<K>(few, work.row);
                    many = finder.find((&query, pointer), &leaf.page, leaf.page.count())?;
                    work.row += 1;
                }
            }
            if many {
                self.rest = Some((work, page.clone()));
                return Ok(());
            }
            first = leaf.end;
            work = Work { leaf: work.leaf + 1, row: 0, ..work };
        }
        Ok(())
    }
}

/// A row of a leaf, to be compared with others.
fn row<K: Kind>(page: &Page, place: usize) -> (K::Query, Pointer) {
    (K::query(&leaf::value::<K>(page, place)), leaf::pointer::<K>(page, place))
}
