//! A search by distance: page after page, the one with the nearest box first, and rows
//! out as soon as no page that is not read can have a nearer one.
//!
//! Nobody says how many rows will be asked for, and to keep all rows of a page, most of
//! which nobody will ask for, costs more than to look at them. So a search keeps the few
//! nearest rows, [`FIRST_ROUND`] at first, and no other: a row beyond the farthest of them,
//! the horizon, is passed by, and its page remembered. When all within the horizon
//! are given out and more are asked for, the next round keeps several times as many, reads
//! the remembered pages again, and passes by what was given out. What is remembered is so
//! bounded by what was asked for, and the pages. Between two looks at a page rows may
//! move to its right; which is followed as by whoever comes from above.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::inner;
use crate::index::kdtree::kind::{Bounds, Hits, Kind, Loops, Near};
use crate::index::kdtree::leaf::{self, Pointer};
use crate::index::kdtree::page::{NO_BLOCK, Page, ROOT_BLOCK, Role};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Rows that are kept at first.
const FIRST_ROUND: usize = 64;
/// So many times as many in each round after.
const GROWTH: usize = 8;

/// What a search does for its first so many rows that it does not do for the nearest few: in how many
/// more rounds it looks at pages again, at most, and how many rows come out of these.
pub fn beyond_the_first_round(rows: f64) -> (f64, f64) {
    let (first, growth) = (FIRST_ROUND as f64, GROWTH as f64);
    let rounds = (rows / first).log(growth).ceil().max(0.0);
    (rounds, (rows - first).max(0.0))
}

/// A page to read.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    /// No row below is nearer.
    bound: f64,
    /// What its parent knew of splits.
    seen: u64,
    /// Where it is.
    pub block: u32,
    /// Which page it is to be.
    birth: u32,
    /// On which level; of the root nobody knows.
    level: Option<u16>,
    /// What its box has on the axes that a first look leaves out.
    rest: u16,
}

impl Visit {
    /// The first page of every search.
    pub const ROOT: Visit =
        Visit { bound: 0.0, seen: u64::MAX, block: ROOT_BLOCK, birth: 0, level: None, rest: 0 };

    /// Checks the page, and says what else is to be visited, for rows that moved to its
    /// right after its parent was read. From then on the visit knows of them.
    ///
    /// # Errors
    /// When the page is none of a tree, or not of the level it should be.
    pub fn enter<K: Kind>(&mut self, page: &Page) -> Result<(Role, Option<Visit>), TreeError> {
        let block = self.block;
        let role = page.check(block, K::NUMBER)?;
        let corrupt = |what| Err(TreeError::Corrupt { block, what });
        if page.birth() != self.birth {
            return Err(TreeError::Recycled { block });
        }
        match role {
            Role::Node if page.level() == 0 => leaf::check::<K>(page, block)?,
            Role::Node => inner::check::<K>(page, block)?,
            // Whoever still comes here finds no rows, and goes on as before.
            Role::Deleted if self.level.is_some() => {}
            _ => return corrupt("is not where the tree says"),
        }
        if self.level.is_some_and(|level| level != page.level()) {
            return corrupt("is on another level than the tree says");
        }
        if page.split_number() <= self.seen {
            return Ok((role, None));
        }
        let right = page.right();
        if right == NO_BLOCK || right == block {
            return corrupt("was split and has nothing on its right");
        }
        // The right one was made by that very split.
        let birth = page.split_number() as u32;
        let moved = Visit { block: right, birth, ..*self };
        self.seen = page.split_number();
        Ok((role, Some(moved)))
    }

    /// The visit of a box on a page that this visit is of.
    pub fn below<K: Kind>(page: &Page, place: usize, bound: f64, rest: u16) -> Visit {
        let level = page.level().checked_sub(1);
        let inner::Child { block, birth } = inner::child::<K>(page, place);
        Visit { bound, seen: page.seen(), block, birth, level, rest }
    }

    /// What the kind's [`nearer`](Kind::nearer) may take for granted.
    pub fn rest(&self) -> u16 {
        self.rest
    }
}

/// A row that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its distance, as the operator has it.
    pub distance: f64,
    /// Where it is in the table.
    pub pointer: Pointer,
    /// On which page.
    pub block: u32,
    /// How often rows had been taken off that page.
    pub removals: u32,
    /// Where on that page.
    pub place: u16,
}

/// The order of rows: by distance, and of equally far ones by where they are.
type Place = (f64, Pointer);

fn by_place(a: Place, b: Place) -> Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

impl Found {
    fn place(&self) -> Place {
        (self.distance, self.pointer)
    }
}

/// The least first, in a heap.
struct Least<T>(T);

macro_rules! ordered {
    ($type:ty, $order:expr) => {
        impl Ord for Least<$type> {
            fn cmp(&self, other: &Self) -> Ordering {
                $order(&other.0, &self.0)
            }
        }
        impl PartialOrd for Least<$type> {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
        impl PartialEq for Least<$type> {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }
        impl Eq for Least<$type> {}
    };
}
// Of equally near pages the lower one, which may have the row itself.
ordered!(Visit, |a: &Visit, b: &Visit| a.bound.total_cmp(&b.bound).then(a.level.cmp(&b.level)));
ordered!(Found, |a: &Found, b: &Found| by_place(a.place(), b.place()));

/// A sphere that rows must be in: the surface is outside.
pub struct Within<K: Kind> {
    /// The middle.
    pub center: K::Query,
    /// The radius.
    pub radius: f64,
}

/// What a search wants next.
pub enum Step {
    /// To read this page and [`Search::take`] it.
    Read(Visit),
    /// To give out this row.
    Row(Found),
    /// Nothing: there are no more rows that have a value.
    Done,
}

/// A search in progress.
pub struct Search<K: Kind> {
    loops: Loops<K>,
    query: K::Query,
    spheres: Vec<Within<K>>,
    /// Whether rows that are known to be dead are passed by.
    skip_dead: bool,
    /// Pages to read in this round, and to be read in the next.
    visits: BinaryHeap<Least<Visit>>,
    later: Vec<Visit>,
    /// Rows to give out.
    found: BinaryHeap<Least<Found>>,
    /// How many are kept, and at how many the farthest are forgotten.
    keep: usize,
    most: usize,
    /// Rows up to this place were given out in rounds before.
    floor: Option<Place>,
    /// Rows beyond are left to the next round.
    horizon: Option<Place>,
    /// The farthest row given out.
    given: Option<Place>,
    hits: Hits,
    bounds: Bounds,
}

impl<K: Kind> Search<K> {
    /// A search for the nearest of `query` that are in all of `spheres`.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn new(
        loops: Loops<K>,
        query: K::Query,
        spheres: Vec<Within<K>>,
        skip_dead: bool,
    ) -> Result<Self, TreeError> {
        let mut search = Search {
            loops,
            query,
            spheres,
            skip_dead,
            visits: BinaryHeap::new(),
            later: Vec::new(),
            found: BinaryHeap::new(),
            keep: FIRST_ROUND,
            most: 2 * FIRST_ROUND,
            floor: None,
            horizon: None,
            given: None,
            hits: Hits::default(),
            bounds: Bounds::default(),
        };
        search.visits.try_reserve(1)?;
        search.visits.push(Least(Visit::ROOT));
        Ok(search)
    }

    /// What is to be done next.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn step(&mut self) -> Result<Step, TreeError> {
        loop {
            let nearest = self.visits.peek().map(|visit| visit.0.bound);
            if let Some(row) = self.found.peek()
                && nearest.is_none_or(|bound| row.0.distance <= bound)
            {
                let Some(Least(row)) = self.found.pop() else { continue };
                if self.given.is_none_or(|given| by_place(given, row.place()).is_lt()) {
                    self.given = Some(row.place());
                }
                return Ok(Step::Row(row));
            }
            if let Some(bound) = nearest
                && self.horizon.is_none_or(|(far, _)| bound <= far)
            {
                let Some(Least(visit)) = self.visits.pop() else { continue };
                return Ok(Step::Read(visit));
            }
            // Nothing is left within the horizon.
            let Some(horizon) = self.horizon else { return Ok(Step::Done) };
            self.next_round(horizon)?;
        }
    }

    /// The pages that are read next, unless nearer ones turn up before, the nearest first and behind
    /// the second about in their order: for whoever can have them brought near in the meantime.
    pub fn coming(&self) -> impl Iterator<Item = u32> + Clone {
        // Below the first of a heap are its next two, in either order.
        let heap = self.visits.as_slice();
        let turned = matches!(heap, [_, left, right, ..] if right.0.bound < left.0.bound);
        let place = move |place: usize| match place {
            1 | 2 if turned => 3 - place,
            _ => place,
        };
        let far = self.horizon.map_or(f64::INFINITY, |(far, _)| far);
        let coming = (0..heap.len()).filter_map(move |at| heap.get(place(at)));
        coming.filter(move |visit| visit.0.bound <= far).map(|visit| visit.0.block)
    }

    fn next_round(&mut self, horizon: Place) -> Result<(), TreeError> {
        self.visits.try_reserve(self.later.len())?;
        for mut visit in self.later.drain(..) {
            visit.bound = visit.bound.max(horizon.0);
            self.visits.push(Least(visit));
        }
        self.floor = Some(horizon);
        self.horizon = None;
        self.keep = self.keep.saturating_mul(GROWTH);
        self.most = self.keep.saturating_mul(2);
        Ok(())
    }

    fn schedule(&mut self, visit: Visit) -> Result<(), TreeError> {
        if self.horizon.is_some_and(|(far, _)| visit.bound > far) {
            self.later.try_reserve(1)?;
            self.later.push(visit);
        } else {
            self.visits.try_reserve(1)?;
            self.visits.push(Least(visit));
        }
        Ok(())
    }

    /// Takes in the page of a visit.
    ///
    /// # Errors
    /// When it is none of the tree, or there is no memory.
    pub fn take(&mut self, mut visit: Visit, page: &Page) -> Result<(), TreeError> {
        let (role, moved) = visit.enter::<K>(page)?;
        if let Some(moved) = moved {
            self.schedule(moved)?;
        }
        if role == Role::Deleted || page.count() == 0 {
            return Ok(());
        }
        if page.level() > 0 {
            return self.take_boxes(page);
        }
        // Its rows beyond the horizon are for the next round.
        self.later.try_reserve(1)?;
        self.later.push(visit);
        self.take_rows(visit, page)
    }

    fn take_boxes(&mut self, page: &Page) -> Result<(), TreeError> {
        let count = page.count();
        let boxes = page.room();
        let mut within = u128::MAX;
        for Within { center, radius } in &self.spheres {
            within &= (self.loops.within)(center, boxes, count, *radius, &mut self.bounds);
        }
        (self.loops.bounds)(&self.query, boxes, count, &mut self.bounds);
        for place in 0..count {
            if within >> place & 1 != 0 {
                let Bounds { distances, rests } = &self.bounds;
                self.schedule(Visit::below::<K>(page, place, distances[place], rests[place]))?;
            }
        }
        Ok(())
    }

    fn take_rows(&mut self, visit: Visit, page: &Page) -> Result<(), TreeError> {
        let (block, rest) = (visit.block, visit.rest);
        let far = self.horizon.map_or(f64::INFINITY, |(far, _)| far);
        self.hits.clear();
        let near = Near::any(far, rest);
        (self.loops.nearer)(&self.query, page.room(), page.count(), near, &mut self.hits);
        let removals = page.removals();
        for (place, distance) in self.hits.iter() {
            let pointer = leaf::pointer::<K>(page, place);
            let row = Found { distance, pointer, block, removals, place: place as u16 };
            if self.skip_dead && leaf::is_dead(page, place)
                || self.floor.is_some_and(|floor| by_place(row.place(), floor).is_le())
                || self.horizon.is_some_and(|horizon| by_place(row.place(), horizon).is_gt())
            {
                continue;
            }
            if !self.spheres.is_empty() {
                let value = leaf::value::<K>(page, place);
                let inside =
                    |sphere: &Within<K>| K::distance(&sphere.center, &value) < sphere.radius;
                if !self.spheres.iter().all(inside) {
                    continue;
                }
            }
            self.found.try_reserve(1)?;
            self.found.push(Least(row));
        }
        if self.found.len() > self.most {
            self.forget_the_farthest();
        }
        Ok(())
    }

    /// Draws the horizon behind the nearest rows, and behind all that were given out: those
    /// must not come again.
    fn forget_the_farthest(&mut self) {
        let mut rows = std::mem::take(&mut self.found).into_vec();
        let (_, farthest, _) =
            rows.select_nth_unstable_by(self.keep, |a, b| by_place(a.0.place(), b.0.place()));
        let mut horizon = farthest.0.place();
        if let Some(given) = self.given
            && by_place(given, horizon).is_gt()
        {
            horizon = given;
        }
        rows.retain(|row| by_place(row.0.place(), horizon).is_le());
        self.most = self.most.max(2 * rows.len());
        self.horizon = Some(horizon);
        self.found = BinaryHeap::from(rows);
    }
}
