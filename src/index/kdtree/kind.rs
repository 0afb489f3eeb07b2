//! What a tree can be of.

use crate::index::kdtree::cell::Cell;
use crate::index::kdtree::page::{MOST_ROWS, ROOM};

/// Most boxes of a page above.
pub const MOST_BOXES: usize = 128;

/// Places of boxes, by their bits.
pub type Places = u128;

/// The places, ascending.
#[inline(always)]
pub fn places(set: Places) -> impl Iterator<Item = usize> {
    let mut left = set;
    std::iter::from_fn(move || {
        let place = (left != 0).then(|| left.trailing_zeros() as usize)?;
        left &= left - 1;
        Some(place)
    })
}

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

/// Which rows of a page are asked for.
#[derive(Clone, Copy)]
pub struct Near {
    /// Those that are not farther, by the operator's distance.
    pub most: f64,
    /// The least that the box they are in has on the axes that a first look leaves out, or 0.
    pub rest: u16,
    /// Those in these blocks of [`Kind::BLOCK`] rows: a bit for each.
    pub blocks: u32,
}

impl Near {
    /// Any row that is not farther.
    pub fn any(most: f64, rest: u16) -> Self {
        Near { most, rest, blocks: u32::MAX }
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
    /// The least and the largest of each number of the rows of each block of a leaf.
    type Blocks: Default + 'static;

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
    /// The operator's distance.
    fn distance(query: &Self::Query, value: &Self::Value) -> f64;
    /// For each of the first `count` boxes, at most the distance of any row in it.
    fn bounds(query: &Self::Query, boxes: &[u8; ROOM], count: usize, out: &mut Bounds);
    /// Those of the first `count` boxes that may have a row nearer than `radius`. Of these
    /// `out` has the rests then, and of the others anything.
    #[inline(always)]
    fn within(
        query: &Self::Query,
        boxes: &[u8; ROOM],
        count: usize,
        radius: f64,
        out: &mut Bounds,
    ) -> Places {
        Self::bounds(query, boxes, count, out);
        let mut within = 0;
        for (place, &bound) in out.distances.iter().take(count).enumerate() {
            within |= Places::from(bound < radius) << place;
        }
        within
    }
    /// Those of the first `count` rows that are asked for.
    fn nearer(query: &Self::Query, rows: &[u8; ROOM], count: usize, near: Near, hits: &mut Hits);
    /// Reads the extents of all blocks of the first `count` rows.
    fn blocks(rows: &[u8; ROOM], count: usize, out: &mut Self::Blocks);
    /// A bit for each block that may have a row nearer than `radius`; those behind the last have any.
    fn beside(query: &Self::Query, blocks: &Self::Blocks, radius: f64) -> u32;
}

/// The loops of a search, as they run on this machine: a processor that has more than
/// every one of its kind gets others, which give the same numbers.
pub struct Loops<K: Kind> {
    /// [`Kind::bounds`].
    pub bounds: fn(&K::Query, &[u8; ROOM], usize, &mut Bounds),
    /// [`Kind::within`].
    pub within: fn(&K::Query, &[u8; ROOM], usize, f64, &mut Bounds) -> Places,
    /// [`Kind::nearer`].
    pub nearer: fn(&K::Query, &[u8; ROOM], usize, Near, &mut Hits),
    /// [`Kind::blocks`].
    pub blocks: fn(&[u8; ROOM], usize, &mut K::Blocks),
    /// [`Kind::beside`].
    pub beside: fn(&K::Query, &K::Blocks, f64) -> u32,
}

impl<K: Kind> Clone for Loops<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Kind> Copy for Loops<K> {}

impl<K: Kind> Loops<K> {
    /// For every processor.
    pub const PLAIN: Self = Loops {
        bounds: K::bounds,
        within: K::within,
        nearer: K::nearer,
        blocks: K::blocks,
        beside: K::beside,
    };
}
