//! All pairs of rows that are near each other, by a walk through the tree, part after part: some
//! leaves are taken in hand, and what is near one of their rows is looked for on the leaves that
//! are still to come, of this part and of those behind it. A page is so read once for all rows in
//! hand, and no pair is met twice. Whoever has the same parts may go through some of them
//! at the same time.
//!
//! Rows that move to the right by a split while this goes on are followed, as by every search.
//! What is still to come is told by copies of the pages above, as they were when the walk
//! went down by them: what moves out of what was passed does not come back.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::kind::{Bounds, Hits, Kind, Loops, MOST_BOXES, Near, Places, places};
use crate::index::kdtree::leaf::{self, Pointer};
use crate::index::kdtree::page::{Page, Role};
use crate::index::kdtree::parts::{Parts, Place};
use crate::index::kdtree::search::Visit;

/// At so many rows in hand the search goes on to what is near them. They and their leaves stay
/// in the processor's own memory.
pub const FULL: usize = 8192;

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
    near: Option<Listed>,
}

/// Some rows in hand: a stretch of [`Pairs::lists`].
#[derive(Clone, Copy, Debug)]
struct Listed {
    from: usize,
    to: usize,
}

/// A page above the leaf in hand, as it was, and how many of its boxes are to come.
struct Above {
    page: Page,
    left: usize,
}

/// A page whose rows are compared with those in hand, and how far that is.
#[derive(Clone, Copy)]
struct Work {
    /// Which rows in hand, and how many of these are done.
    near: Listed,
    row: usize,
    /// From here on the rows in hand are the page's own.
    own: usize,
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
    /// The part that this is in, and those behind it.
    parts: Parts,
    part: Option<Place>,
    /// What is in hand, at how many rows that is enough, and whether all that is to come was
    /// scheduled for it.
    full: usize,
    scheduled: bool,
    rows: Vec<(K::Query, Pointer)>,
    /// Pages to read for them, and for which of them.
    inner: Vec<(Visit, Listed)>,
    /// Numbers of rows in hand: first all of them; then, for each page to read, those near it,
    /// of pages that are read sooner behind those of others.
    lists: Vec<u32>,
    /// The boxes of a page that each row of a list is near.
    boxes: Vec<(u32, Places)>,
    bounds: Bounds,
    /// Those of the leaf that is compared.
    blocks: K::Blocks,
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
        near: Near,
    ) -> Result<bool, TreeError> {
        self.hits.clear();
        (self.loops.nearer)(query, page.room(), count, near, &mut self.hits);
        for (place, distance) in self.hits.iter().filter(|hit| hit.1 < self.radius) {
            // Whether a row is dead to everybody, the table tells in any case.
            let other = leaf::pointer::<K>(page, place);
            self.found.try_reserve(1)?;
            let (one, other) = (one.min(other), one.max(other));
            self.found.push(Pair { one, other, distance });
        }
        Ok(self.found.len() >= MANY)
    }
}

impl<K: Kind> Pairs<K> {
    /// A search for pairs nearer than `radius`, with `full` rows in hand at a time or a few more: for
    /// all pairs, when it has begun every one of the parts.
    pub fn new(loops: Loops<K>, radius: f64, full: usize, parts: Parts) -> Self {
        Pairs {
            finder: Finder { loops, radius, hits: Hits::default(), found: Vec::new() },
            outer: Vec::new(),
            above: Vec::new(),
            parts,
            part: None,
            full,
            scheduled: false,
            rows: Vec::new(),
            inner: Vec::new(),
            lists: Vec::new(),
            boxes: Vec::new(),
            bounds: Bounds::default(),
            blocks: K::Blocks::default(),
            rest: None,
        }
    }

    /// The parts, for whoever is to share them.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// How near the rows of a pair are.
    pub fn radius(&self) -> f64 {
        self.finder.radius
    }

    /// Begins a part, when that before is done: for the pairs of its rows with each other, and with
    /// those of the parts behind it. Gives whether there is such a part.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn begin(&mut self, part: usize) -> Result<bool, TreeError> {
        let Some((visit, place)) = self.parts.enter::<K>(part) else { return Ok(false) };
        self.outer.try_reserve(1)?;
        self.outer.push(visit);
        self.part = Some(place);
        Ok(true)
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

    /// The next page to [`Pairs::take`], if there is one in this part. All pairs of those before are to
    /// be asked for first.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn next_turn(&mut self) -> Result<Option<Turn>, TreeError> {
        loop {
            if let Some((visit, near)) = self.inner.pop() {
                // The lists behind were of pages that are read.
                self.lists.truncate(near.to);
                return Ok(Some(Turn { visit, near: Some(near) }));
            }
            if self.scheduled {
                // All that is near these is found.
                self.rows.clear();
                self.lists.clear();
                self.scheduled = false;
            }
            if self.rows.len() < self.full
                && let Some(visit) = self.next_to_hand()
            {
                return Ok(Some(Turn { visit, near: None }));
            }
            if self.rows.is_empty() {
                return Ok(None);
            }
            self.schedule_rest()?;
        }
    }

    /// The next page of this part, to be taken in hand or gone down by.
    fn next_to_hand(&mut self) -> Option<Visit> {
        if let Some(visit) = self.outer.pop() {
            return Some(visit);
        }
        while let Some(Above { page, left }) = self.above.last_mut() {
            if let Some(place) = left.checked_sub(1) {
                *left = place;
                return Some(Visit::below::<K>(page, place, 0.0, 0));
            }
            self.above.pop();
        }
        None
    }

    /// Has all that is to come read for the rows in hand.
    fn schedule_rest(&mut self) -> Result<(), TreeError> {
        self.scheduled = true;
        let all = Listed { from: 0, to: self.lists.len() };
        self.inner.try_reserve(self.outer.len())?;
        self.inner.extend(self.outer.iter().map(|&visit| (visit, all)));
        let (above, parts) = (std::mem::take(&mut self.above), std::mem::take(&mut self.parts));
        let here = above.iter().map(|at| (&at.page, at.left));
        let behind = self.part.into_iter().flat_map(|place| parts.behind(place));
        let scheduled =
            here.chain(behind).try_for_each(|(page, left)| self.schedule(all, page, left));
        (self.above, self.parts) = (above, parts);
        scheduled
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
            Some(near) if is_leaf => {
                self.compare(Work { near, row: 0, own: usize::MAX, rest: visit.rest() }, page)
            }
            Some(near) => self.schedule(near, page, page.count()),
        }
    }

    /// Takes a leaf in hand, and finds the pairs that its rows make with those that are.
    fn take_in_hand(&mut self, page: &Page) -> Result<(), TreeError> {
        let (count, first) = (page.count(), self.rows.len());
        self.rows.try_reserve(count)?;
        self.rows.extend((0..count).map(|place| row::<K>(page, place)));
        self.lists.try_reserve(count)?;
        self.lists.extend((first as u32..).take(count));
        let all = Listed { from: 0, to: self.lists.len() };
        self.compare(Work { near: all, row: 0, own: first, rest: 0 }, page)
    }

    /// Has the pages below the first `count` boxes read for those rows that are near the box.
    fn schedule(&mut self, near: Listed, page: &Page, count: usize) -> Result<(), TreeError> {
        self.boxes.clear();
        if count == 0 {
            return Ok(());
        }
        self.boxes.try_reserve(near.to - near.from)?;
        let (mut rests, mut counts) = ([u16::MAX; MOST_BOXES], [0; MOST_BOXES]);
        for &row in self.lists.get(near.from..near.to).unwrap_or(&[]) {
            let Some((query, _)) = self.rows.get(row as usize) else { continue };
            let Finder { loops, radius, .. } = &self.finder;
            let boxes = (loops.within)(query, page.room(), count, *radius, &mut self.bounds);
            for place in places(boxes) {
                rests[place] = rests[place].min(self.bounds.rests[place]);
                counts[place] += 1;
            }
            self.boxes.push((row, boxes));
        }
        // The rows of each box lie behind those of the one before.
        self.inner.try_reserve(count)?;
        let (mut ends, mut end) = ([0; MOST_BOXES], self.lists.len());
        for place in (0..count).filter(|&place| counts[place] > 0) {
            let near = Listed { from: end, to: end + counts[place] };
            self.inner.push((Visit::below::<K>(page, place, 0.0, rests[place]), near));
            (ends[place], end) = (near.from, near.to);
        }
        self.lists.try_reserve(end - self.lists.len())?;
        self.lists.resize(end, 0);
        for &(row, boxes) in &self.boxes {
            for place in places(boxes) {
                if let Some(slot) = self.lists.get_mut(ends[place]) {
                    *slot = row;
                }
                ends[place] += 1;
            }
        }
        Ok(())
    }

    /// Finds the pairs of rows in hand with those of a leaf, until there are many. Mostly a row is near
    /// few of its blocks, and to find these takes much less than to look at all.
    fn compare(&mut self, mut work: Work, page: &Page) -> Result<(), TreeError> {
        let finder = &mut self.finder;
        (finder.loops.blocks)(page.room(), page.count(), &mut self.blocks);
        let list = self.lists.get(work.near.from..work.near.to).unwrap_or(&[]);
        for &number in list.iter().skip(work.row) {
            work.row += 1;
            let number = number as usize;
            let Some((query, pointer)) = self.rows.get(number) else { continue };
            let near = Near {
                most: finder.radius,
                rest: work.rest,
                blocks: (finder.loops.beside)(query, &self.blocks, finder.radius),
            };
            // Of its own leaf with those before, so that each pair is found once.
            let count = number.checked_sub(work.own).unwrap_or(page.count());
            if near.blocks != 0 && finder.find((query, *pointer), page, count, near)? {
                self.rest = Some((work, page.clone()));
                break;
            }
        }
        Ok(())
    }
}

/// A row of a leaf, to be compared with others.
fn row<K: Kind>(page: &Page, place: usize) -> (K::Query, Pointer) {
    (K::query(&leaf::value::<K>(page, place)), leaf::pointer::<K>(page, place))
}
