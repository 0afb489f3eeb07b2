//! What a tree can be of.

use crate::index::kdtree::cell::Cell;
use crate::index::kdtree::page::{MOST_ROWS, ROOM};

/// Most boxes of a page above.
pub const MOST_BOXES: usize = 128;

/// Of each box of a page what is known of the rows in it.
pub struct Bounds {
    /// None is nearer.
    pub distances: [f64; MOST_BOXES],
    /// What the axes that a first look at rows leaves out have of that, in whole steps: the kind's own.
    pub rests: [u16; MOST_BOXES],
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { distances: [0.0; MOST_BOXES], rests: [0; MOST_BOXES] }
    }
}

/// The rows of a leaf that are near enough: their places, and distances or bounds of these.
pub struct Hits {
    places: [u16; MOST_ROWS],
    distances: [f64; MOST_ROWS],
    count: usize,
}

impl Default for Hits {
    fn default() -> Self {
        Hits { places: [0; MOST_ROWS], distances: [0.0; MOST_ROWS], count: 0 }
    }
}

impl Hits {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// One more; those beyond [`MOST_ROWS`], which no leaf has, are lost.
    #[inline(always)]
    pub fn push(&mut self, place: usize, distance: f64) {
        if let (Some(at), Some(far)) =
            (self.places.get_mut(self.count), self.distances.get_mut(self.count))
        {
            (*at, *far) = (place as u16, distance);
            self.count += 1;
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f64)> {
        let places = self.places.iter().map(|&place| usize::from(place));
        places.zip(self.distances.iter().copied()).take(self.count)
    }
}

/// A kind of rows: their numbers, their distance, and how they lie in a page.
pub trait Kind: 'static {
    /// Its number, in every page of the index.
    const NUMBER: u8;
    /// Numbers of a row, and axes of a box.
    const AXES: usize;
    /// Bytes of each.
    const WIDTH: usize;
    /// As many rows, or boxes, are looked at in one go, and lie together on a page.
    const BLOCK: usize;

    /// So many axes of all rows of a page are looked at in any case, and lie together before the others.
    const FIRST_LOOK: usize;

    /// Rows of a full leaf.
    const ROWS: usize = ROOM / (Self::AXES * Self::WIDTH + 6) / Self::BLOCK * Self::BLOCK;
    /// Boxes of a full page above.
    const BOXES: usize = ROOM / (2 * Self::AXES * Self::WIDTH + 8) / Self::BLOCK * Self::BLOCK;

    /// A row's value.
    type Value: Copy + 'static;
    /// A box around values.
    type Cell: Cell;
    /// What a build keeps of a row.
    type Placed: Copy + 'static;
    /// A value that is searched for.
    type Query: Clone + 'static;
    /// The least and the largest of each number of some rows.
    type Extent: 'static;

    /// One number of a row, in the first [`Kind::WIDTH`] bytes.
    fn number(value: &Self::Value, axis: usize) -> [u8; 4];
    /// The row of these numbers.
    fn value(number: impl Fn(usize) -> [u8; 4]) -> Self::Value;

    /// The smallest box that surely holds the row.
    fn cell(value: &Self::Value) -> Self::Cell;
    /// What a build keeps of it.
    fn place(value: &Self::Value) -> Self::Placed;
    /// Where that is on an axis.
    fn at(placed: &Self::Placed, axis: usize) -> f32;
    /// The row.
    fn placed(placed: &Self::Placed) -> Self::Value;

    /// Prepares a search.
    fn query(value: &Self::Value) -> Self::Query;
    /// Around what is searched for.
    fn extent<'a>(queries: impl Iterator<Item = &'a Self::Query>) -> Self::Extent;
    /// The operator's distance.
    fn distance(query: &Self::Query, value: &Self::Value) -> f64;
    /// For each of the first `count` boxes, at most the distance of any row in it.
    fn bounds(query: &Self::Query, boxes: &[u8; ROOM], count: usize, out: &mut Bounds);
    /// Those of the first `count` rows that are not farther than `most`, by the operator's
    /// distance. `rest` is that of the box they are in, or 0.
    fn nearer(
        query: &Self::Query,
        rows: &[u8; ROOM],
        count: usize,
        most: f64,
        rest: u16,
        hits: &mut Hits,
    );
    /// Of the first `count` rows those that may not be farther than `most` from what the extent is
    /// around, with at most their distance: every one that is not, and few others. `rest` is the
    /// least that the box they are in has for anything there, or 0.
    fn beside(
        extent: &Self::Extent,
        rows: &[u8; ROOM],
        count: usize,
        most: f64,
        rest: u16,
        hits: &mut Hits,
    );
}

/// The loops of a search, as they run on this machine: a processor that has more than
/// every one of its kind gets others, which give the same numbers.
pub struct Loops<K: Kind> {
    /// [`Kind::bounds`].
    pub bounds: fn(&K::Query, &[u8; ROOM], usize, &mut Bounds),
    /// [`Kind::nearer`].
    pub nearer: fn(&K::Query, &[u8; ROOM], usize, f64, u16, &mut Hits),
    /// [`Kind::beside`].
    pub beside: fn(&K::Extent, &[u8; ROOM], usize, f64, u16, &mut Hits),
}

impl<K: Kind> Clone for Loops<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Kind> Copy for Loops<K> {}

impl<K: Kind> Loops<K> {
    /// For every processor.
    pub const PLAIN: Self = Loops { bounds: K::bounds, nearer: K::nearer, beside: K::beside };

    /// A bit for each of the first `count` boxes that may have a row nearer than `radius`. `bounds`
    /// is room for theirs.
    pub fn boxes_within(
        &self,
        query: &K::Query,
        radius: f64,
        boxes: &[u8; ROOM],
        count: usize,
        bounds: &mut Bounds,
    ) -> u128 {
        (self.bounds)(query, boxes, count, bounds);
        let mut within = 0;
        for (place, &bound) in bounds.distances.iter().take(count).enumerate() {
            within |= u128::from(bound < radius) << place;
        }
        within
    }
}
