//! The order in which a build lays points down: the cells of a k-d tree,
//! cut to the pages that they will fill.
//!
//! Postgres sorts the rows and packs them into pages as they come: see
//! [`Packing`]. A k-d tree whose cells are what is packed together, at every
//! level of the index, gives pages whose boxes do not overlap. At
//! 1,000,000 rows a search reads a quarter to two fifths fewer of them than
//! along a curve calibrated on photographs (`docs/index.md`), and nothing here is
//! calibrated but the axes.
//!
//! The tree is grown over all rows when there is memory for them, else over as
//! many as come first: then the cells do not meet the pages' ends, and a search
//! reads more.

use crate::index::geometry::{Coordinate, Point};
use std::cmp::Ordering;
use std::collections::TryReserveError;
use std::marker::PhantomData;

/// How Postgres packs sorted rows: below how many a cut should not fall apart,
/// on leaves, on the pages above, and above these. At the default fill factor of
/// 90, and for a single column.
#[derive(Clone, Copy)]
pub struct Packing([usize; 3]);

impl Packing {
    /// Of pages with room for so many points, and for so many boxes above. Four full
    /// pages are taken together, and [`crate::index::geometry::split`] parts them: four
    /// of leaves to five. (Of four pages of boxes it makes four: the cuts fall so.)
    pub const fn windows(leaf: usize, inner: usize) -> Packing {
        let leaves = 4 * leaf;
        let above = 4 * inner / 5 * leaves;
        Packing([leaves, above, inner * above])
    }

    /// Page after page, each until another tuple would leave less than a tenth
    /// of it free.
    pub const fn pages(leaf: usize, inner: usize) -> Packing {
        let leaves = leaf * 9 / 10;
        let above = inner * 9 / 10;
        Packing([leaves, above * leaves, above * above * leaves])
    }
}

/// Rows below which a cell is not cut any more: the order of so few matters to
/// nobody, but comparing two of them takes longest.
const SMALLEST: usize = 8;

/// A row of a build and when it came.
#[derive(Clone, Copy)]
struct Row<C, const N: usize> {
    coordinates: [C; N],
    number: u32,
}

/// The rows of a build, as long as there is room for them.
pub struct Sample<P, C, const N: usize> {
    rows: Vec<Row<C, N>>,
    most: usize,
    packing: Packing,
    points: PhantomData<P>,
}

impl<P: Point<C, N>, C: Coordinate, const N: usize> Sample<P, C, N> {
    /// An empty sample of at most `bytes` bytes, of rows that will be packed so.
    pub fn new(bytes: usize, packing: Packing) -> Self {
        let most = (bytes / size_of::<Row<C, N>>()).clamp(P::LEAF_CAPACITY, u32::MAX as usize);
        Sample { rows: Vec::new(), most, packing, points: PhantomData }
    }

    /// Takes in one more row; returns its number, counted from 0.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn push(&mut self, point: &P) -> Result<u32, TryReserveError> {
        let number = self.rows.len() as u32;
        let coordinates = std::array::from_fn(|axis| point.coordinate(axis));
        self.rows.try_reserve(1)?;
        self.rows.push(Row { coordinates, number });
        Ok(number)
    }

    /// Whether there is no room for another row.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= self.most
    }

    /// The order that the rows ask for, and the cell of each by its number.
    /// They are all rows of the build if `whole`.
    ///
    /// # Errors
    /// When there is no memory for the tree.
    pub fn into_order(
        mut self,
        whole: bool,
    ) -> Result<(BuildOrder<C, N>, Vec<u32>), TryReserveError> {
        let mut order = BuildOrder { nodes: Vec::new() };
        let mut cells = Vec::new();
        cells.try_reserve_exact(self.rows.len())?;
        cells.resize(self.rows.len(), 0);
        // Of a part of the rows nobody knows where the pages will end.
        let units: &[usize] = if whole { &self.packing.0 } else { &[] };
        order.grow(&mut self.rows, units, &mut cells, &mut 0)?;
        Ok((order, cells))
    }
}

/// Axes that a cut looks at in turn.
const TIES: usize = 4;

/// Where a row is along an axis: its coordinates there and on the axes after.
///
/// Of a million rows some share a float4 on one axis, and of bytes thousands do. A cut
/// between such two must not move one of them to the other side: a window that lacks a row
/// takes one from the next cell, whose box then reaches across both.
type Place<C> = [C; TIES];

fn place<C, const N: usize>(axis: usize, coordinate: impl Fn(usize) -> C) -> Place<C> {
    std::array::from_fn(|after| coordinate((axis + after) % N))
}

fn by_place<C: Coordinate>(a: Place<C>, b: Place<C>) -> Ordering {
    let mut orders = a.into_iter().zip(b).map(|(a, b)| a.order(b));
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// A cut of a cell: below `threshold` on `axis` to the next node, the rest to
/// node `right`. An axis past the last marks a cell that is not cut, and
/// `right` is its number.
#[derive(Clone, Copy)]
struct Node<C> {
    axis: u32,
    threshold: Place<C>,
    right: u32,
}

/// A k-d tree as an order of points: cell after cell, from left to right.
pub struct BuildOrder<C, const N: usize> {
    nodes: Vec<Node<C>>,
}

const UNCUT: u32 = u32::MAX;

impl<C: Coordinate, const N: usize> BuildOrder<C, N> {
    /// Cuts `rows` to cells, numbered from `cell` on, and enters the number of
    /// each row's.
    fn grow(
        &mut self,
        rows: &mut [Row<C, N>],
        units: &[usize],
        cells: &mut [u32],
        cell: &mut u32,
    ) -> Result<(), TryReserveError> {
        let at = self.nodes.len();
        self.nodes.try_reserve(1)?;
        self.nodes.push(Node { axis: UNCUT, threshold: [C::default(); TIES], right: *cell });
        let parted = if rows.len() > SMALLEST { cut(rows, units) } else { None };
        let Some((axis, threshold, left)) = parted else {
            for row in rows {
                cells[row.number as usize] = *cell;
            }
            *cell += 1;
            return Ok(());
        };
        let (lower, upper) = rows.split_at_mut(left);
        self.grow(lower, units, cells, cell)?;
        let right = self.nodes.len() as u32;
        self.grow(upper, units, cells, cell)?;
        self.nodes[at] = Node { axis: axis as u32, threshold, right };
        Ok(())
    }

    /// The number of the cell that a point is in.
    pub fn cell(&self, point: &impl Point<C, N>) -> u32 {
        let mut at = 0;
        while let Some(node) = self.nodes.get(at) {
            if node.axis == UNCUT {
                return node.right;
            }
            let place = place::<C, N>(node.axis as usize, |axis| point.coordinate(axis));
            let upper = by_place(place, node.threshold).is_ge();
            at = if upper { node.right as usize } else { at + 1 };
        }
        0
    }
}

/// Parts `rows` in two: along the axis of largest variance, at the cut nearest
/// to the middle that leaves whole pages on the lower side. Rows below the
/// threshold come first; returns the axis, the threshold and their number.
/// `None` where all rows are equal.
fn cut<C: Coordinate, const N: usize>(
    rows: &mut [Row<C, N>],
    units: &[usize],
) -> Option<(usize, Place<C>, usize)> {
    let axis = widest(rows)?;
    let at = |row: &Row<C, N>| place::<C, N>(axis, |axis| row.coordinates[axis]);
    let unit = units.iter().rev().find(|&&unit| unit < rows.len()).unwrap_or(&1);
    let middle = (rows.len() / 2).div_ceil(*unit) * unit;
    let middle = middle.clamp(1, rows.len() - 1);
    let (_, &mut row, _) = rows.select_nth_unstable_by(middle, |a, b| by_place(at(a), at(b)));
    let mut threshold = at(&row);
    let least = rows.iter().map(at).min_by(|&a, &b| by_place(a, b))?;
    if by_place(threshold, least).is_le() {
        // Half of the rows or more share the least place: cut behind them.
        let above = rows.iter().map(at).filter(|&place| by_place(place, least).is_gt());
        threshold = above.min_by(|&a, &b| by_place(a, b))?;
    }
    let mut left = 0;
    for place in 0..rows.len() {
        if by_place(at(&rows[place]), threshold).is_lt() {
            rows.swap(place, left);
            left += 1;
        }
    }
    Some((axis, threshold, left))
}

/// The axis of largest variance, or `None` where there is none.
fn widest<C: Coordinate, const N: usize>(rows: &[Row<C, N>]) -> Option<usize> {
    let count = rows.len() as f64;
    let mut mean = [0.0; N];
    for row in rows {
        for (sum, &value) in mean.iter_mut().zip(&row.coordinates) {
            *sum += value.double();
        }
    }
    mean.iter_mut().for_each(|sum| *sum /= count);
    let mut variance = [0.0; N];
    for row in rows {
        for ((sum, &value), mean) in variance.iter_mut().zip(&row.coordinates).zip(mean) {
            let difference = value.double() - mean;
            *sum += difference * difference;
        }
    }
    let (axis, largest) = variance.into_iter().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (largest > 0.0).then_some(axis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{SIGNATURE_LEN, Signature};
    use proptest::prelude::*;

    type Order = BuildOrder<f32, SIGNATURE_LEN>;
    type Row = super::Row<f32, SIGNATURE_LEN>;
    type Sample = super::Sample<Signature, f32, SIGNATURE_LEN>;

    const WINDOWS: Packing = Packing::windows(Signature::LEAF_CAPACITY, Signature::INNER_CAPACITY);
    const PAGES: Packing = Packing::pages(Signature::LEAF_CAPACITY, Signature::INNER_CAPACITY);

    /// The order and the cells of `signatures`, all of them if they fit `bytes`.
    fn order_of(signatures: &[Signature], bytes: usize) -> (Order, Vec<u32>) {
        packed(signatures, bytes, WINDOWS)
    }

    fn packed(signatures: &[Signature], bytes: usize, packing: Packing) -> (Order, Vec<u32>) {
        let mut sample = Sample::new(bytes, packing);
        for signature in signatures.iter().take(sample.most) {
            assert!(!sample.is_full());
            sample.push(signature).expect("memory");
        }
        let whole = signatures.len() <= sample.rows.len();
        sample.into_order(whole).expect("memory")
    }

    fn signatures(count: usize, mut state: u64) -> Vec<Signature> {
        let mut draw = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        (0..count).map(|_| Signature::from_values(std::array::from_fn(|_| draw()))).collect()
    }

    #[test]
    fn cells_end_where_what_is_packed_together_ends() {
        for packing in [WINDOWS, PAGES] {
            let unit = packing.0[0];
            let (_, mut cells) = packed(&signatures(20 * unit + 13, 7), 1 << 20, packing);
            cells.sort_unstable();
            let ends =
                cells.chunks(unit).map(|together| (together[0], together[together.len() - 1]));
            for (before, after) in ends.clone().zip(ends.skip(1)) {
                assert!(before.1 < after.0);
            }
        }
    }

    #[test]
    fn rows_that_tie_on_an_axis_stay_together() {
        // On a grid of 1,000 steps every cut meets rows with its own coordinate.
        for packing in [WINDOWS, PAGES] {
            let unit = packing.0[0];
            let rows = signatures(20 * unit, 11).into_iter().zip(0..).map(|(row, number)| {
                let coordinates = row.values().map(|value| (value * 1000.0).round());
                Row { coordinates, number }
            });
            let sample =
                Sample { rows: rows.collect(), most: usize::MAX, packing, points: PhantomData };
            let (_, mut cells) = sample.into_order(true).expect("memory");
            cells.sort_unstable();
            for ends in cells.chunks(unit).collect::<Vec<_>>().windows(2) {
                assert!(ends[0].last() < ends[1].first());
            }
        }
    }

    #[test]
    fn a_row_is_in_the_cell_it_was_put_in() {
        let rows = signatures(5000, 5);
        let (order, cells) = order_of(&rows, 1 << 20);
        assert!(rows.iter().zip(cells).all(|(row, cell)| order.cell(row) == cell));
    }

    #[test]
    fn the_first_rows_order_all_others() {
        let rows = signatures(50_000, 3);
        let (order, cells) = order_of(&rows, 4096 * size_of::<Row>());
        assert_eq!(cells.len(), 4096);
        let mut counts = vec![0; 1 + *cells.iter().max().expect("cells") as usize];
        rows.iter().for_each(|row| counts[order.cell(row) as usize] += 1);
        assert!((512..=1024).contains(&counts.len()), "{}", counts.len());
        assert!(counts.iter().all(|&count| count > 0));
    }

    #[test]
    fn equal_rows_are_one_cell() {
        let rows = vec![Signature::from_values([1.5; SIGNATURE_LEN]); 10_000];
        let (order, cells) = order_of(&rows, 1 << 20);
        assert_eq!(order.nodes.len(), 1);
        assert!(cells.iter().all(|&cell| cell == 0));
        assert_eq!(order_of(&[], 1 << 20).0.cell(&rows[0]), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_rows_have_an_order(
            few in proptest::collection::vec(proptest::array::uniform16(
                prop_oneof![Just(0.0_f32), Just(1.0), Just(f32::MAX), Just(f32::MIN), -1.0_f32..1.0]
            ), 1..600)
        ) {
            let rows: Vec<Signature> = few.into_iter().map(Signature::from_values).collect();
            let (order, cells) = order_of(&rows, 1 << 20);
            prop_assert!(rows.iter().zip(cells).all(|(row, cell)| order.cell(row) == cell));
        }
    }
}
