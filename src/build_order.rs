//! The order in which a build lays signatures down: the cells of a k-d tree,
//! cut to the pages that they will fill.
//!
//! Postgres sorts the rows and packs them into pages as they come; from
//! PostgreSQL 15 on it takes four full pages together, and lets
//! [`crate::geometry::split`] part them. A k-d tree whose cells are such fours,
//! at every level of the index, gives pages whose boxes do not overlap, and 2 to 3 times fewer of them to read than any fixed curve through
//! the 16 dimensions, for any data: nothing is calibrated but the axes.
//!
//! The tree is grown over all rows when there is memory for them, else over an
//! even sample: then the cells do not meet the pages' ends, and a search reads
//! about a third more.

use crate::geometry::{INNER_CAPACITY, LEAF_CAPACITY};
use crate::rotation;
use crate::signature::{SIGNATURE_LEN, Signature};
use std::cmp::Ordering;
use std::collections::TryReserveError;

/// Full pages that PostgreSQL takes together.
const WINDOW: usize = 4;
/// Pages that [`crate::geometry::split`] makes of them, at the default fill
/// factor of 90.
const PARTS: usize = 5;
/// Rows below which a cut should not fall apart, by level: what a window of
/// leaves holds, and a window of the pages above, and above these.
const UNITS: [usize; 3] = {
    let leaves = WINDOW * LEAF_CAPACITY;
    let windows = WINDOW * INNER_CAPACITY / PARTS;
    [leaves, windows * leaves, windows * windows * leaves]
};
/// Rows of a sample in a cell.
const SAMPLED: usize = 8;

type Coordinates = [f32; SIGNATURE_LEN];

/// The rows of a build, or an even sample of them.
pub struct Sample {
    rows: Vec<Coordinates>,
    seen: usize,
    most: usize,
    random: u64,
}

impl Sample {
    /// An empty sample of at most `bytes` bytes.
    pub fn new(bytes: usize) -> Self {
        let most = (bytes / size_of::<Coordinates>()).max(LEAF_CAPACITY);
        Sample { rows: Vec::new(), seen: 0, most, random: 1 }
    }

    /// Takes in one more row.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn push(&mut self, signature: &Signature) -> Result<(), TryReserveError> {
        self.seen += 1;
        let row = || std::array::from_fn(|axis| rotation::coordinate(signature, axis));
        if self.rows.len() < self.most {
            self.rows.try_reserve(1)?;
            self.rows.push(row());
        } else {
            // Reservoir sampling: each row so far is in with equal chance.
            self.random = self.random.wrapping_mul(6364136223846793005).wrapping_add(1);
            let place = ((u128::from(self.random) * self.seen as u128) >> 64) as usize;
            if let Some(slot) = self.rows.get_mut(place) {
                *slot = row();
            }
        }
        Ok(())
    }

    /// The order that the rows so far ask for.
    ///
    /// # Errors
    /// When there is no memory for the tree.
    pub fn into_order(mut self) -> Result<BuildOrder, TryReserveError> {
        let whole = self.rows.len() == self.seen;
        let mut nodes = Vec::new();
        nodes.try_reserve(2 * self.rows.len() / SAMPLED + 1)?;
        let mut order = BuildOrder { nodes };
        order.grow(&mut self.rows, whole);
        Ok(order)
    }
}

/// A cut of a cell: below `threshold` on `axis` to the next node, the rest to
/// node `right`. An axis past the last marks a cell that is not cut.
#[derive(Clone, Copy)]
struct Node {
    axis: u32,
    threshold: f32,
    right: u32,
}

/// A k-d tree as an order of signatures: cell after cell, from left to right.
pub struct BuildOrder {
    nodes: Vec<Node>,
}

const UNCUT: u32 = SIGNATURE_LEN as u32;

impl BuildOrder {
    fn grow(&mut self, rows: &mut [Coordinates], whole: bool) {
        let at = self.nodes.len();
        self.nodes.push(Node { axis: UNCUT, threshold: 0.0, right: 0 });
        let smallest = if whole { LEAF_CAPACITY } else { SAMPLED };
        if rows.len() <= smallest {
            return;
        }
        let Some((axis, threshold, left)) = cut(rows, whole) else {
            return;
        };
        let (lower, upper) = rows.split_at_mut(left);
        self.grow(lower, whole);
        let right = self.nodes.len() as u32;
        self.grow(upper, whole);
        self.nodes[at] = Node { axis: axis as u32, threshold, right };
    }

    /// Which of two signatures comes first; equal in the same cell.
    pub fn compare(&self, a: &Signature, b: &Signature) -> Ordering {
        let mut at = 0;
        while let Some(node) = self.nodes.get(at).filter(|node| node.axis != UNCUT) {
            let upper =
                |signature| rotation::coordinate(signature, node.axis as usize) >= node.threshold;
            match (upper(a), upper(b)) {
                (false, false) => at += 1,
                (true, true) => at = node.right as usize,
                (false, true) => return Ordering::Less,
                (true, false) => return Ordering::Greater,
            }
        }
        Ordering::Equal
    }
}

/// Parts `rows` in two: along the axis of largest variance, at the cut nearest
/// to the middle that leaves whole pages on the lower side. Rows below the
/// threshold come first; returns the axis, the threshold and their number.
/// `None` where all rows are equal.
fn cut(rows: &mut [Coordinates], whole: bool) -> Option<(usize, f32, usize)> {
    let axis = widest(rows)?;
    let unit = UNITS.iter().rev().find(|&&unit| whole && unit < rows.len()).unwrap_or(&1);
    let middle = (rows.len() / 2).div_ceil(*unit) * unit;
    let middle = middle.clamp(1, rows.len() - 1);
    let (_, &mut row, _) = rows.select_nth_unstable_by(middle, |a, b| a[axis].total_cmp(&b[axis]));
    let mut threshold = row[axis];
    let least = rows.iter().map(|row| row[axis]).fold(f32::INFINITY, f32::min);
    if threshold <= least {
        // Half of the rows or more share the least value: cut behind them.
        let above = rows.iter().map(|row| row[axis]).filter(|&value| value > least);
        threshold = above.fold(f32::INFINITY, f32::min);
        if threshold == f32::INFINITY {
            return None;
        }
    }
    let mut left = 0;
    for place in 0..rows.len() {
        if rows[place][axis] < threshold {
            rows.swap(place, left);
            left += 1;
        }
    }
    Some((axis, threshold, left))
}

/// The axis of largest variance, or `None` where there is none.
fn widest(rows: &[Coordinates]) -> Option<usize> {
    let count = rows.len() as f64;
    let mut mean = [0.0; SIGNATURE_LEN];
    for row in rows {
        for (sum, &value) in mean.iter_mut().zip(row) {
            *sum += f64::from(value);
        }
    }
    mean.iter_mut().for_each(|sum| *sum /= count);
    let mut variance = [0.0; SIGNATURE_LEN];
    for row in rows {
        for ((sum, &value), mean) in variance.iter_mut().zip(row).zip(mean) {
            let difference = f64::from(value) - mean;
            *sum += difference * difference;
        }
    }
    let (axis, largest) = variance.into_iter().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (largest > 0.0).then_some(axis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order_of(signatures: &[Signature], bytes: usize) -> BuildOrder {
        let mut sample = Sample::new(bytes);
        for signature in signatures {
            sample.push(signature).expect("memory");
        }
        sample.into_order().expect("memory")
    }

    fn signatures(count: usize, mut state: u64) -> Vec<Signature> {
        (0..count)
            .map(|_| {
                Signature::from_values(std::array::from_fn(|_| {
                    state =
                        state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (state >> 40) as f32 / (1 << 24) as f32
                }))
            })
            .collect()
    }

    #[test]
    fn cells_are_pages() {
        let mut rows = signatures(20 * LEAF_CAPACITY + 13, 7);
        let order = order_of(&rows, 1 << 20);
        rows.sort_by(|a, b| order.compare(a, b));
        for page in rows.chunks(LEAF_CAPACITY) {
            assert!(page.iter().all(|row| order.compare(row, &page[0]) == Ordering::Equal));
        }
        for pair in rows.chunks(LEAF_CAPACITY).collect::<Vec<_>>().windows(2) {
            assert_eq!(order.compare(&pair[0][0], &pair[1][0]), Ordering::Less);
        }
    }

    #[test]
    fn a_sample_orders_what_it_never_saw() {
        let rows = signatures(50_000, 3);
        let order = order_of(&rows, 64 * 4096);
        let cells = order.nodes.iter().filter(|node| node.axis == UNCUT).count();
        assert!((512..=1024).contains(&cells), "{cells}");
        let mut others = signatures(5000, 99);
        others.sort_by(|a, b| order.compare(a, b));
        assert!(others.windows(2).all(|pair| order.compare(&pair[0], &pair[1]).is_le()));
    }

    #[test]
    fn equal_rows_are_one_cell() {
        let rows = vec![Signature::from_values([1.5; SIGNATURE_LEN]); 10_000];
        let order = order_of(&rows, 1 << 20);
        assert_eq!(order.nodes.len(), 1);
        let nothing = order_of(&[], 1 << 20);
        assert_eq!(nothing.compare(&rows[0], &rows[1]), Ordering::Equal);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_order_is_total(
            few in proptest::collection::vec(proptest::array::uniform16(
                prop_oneof![Just(0.0_f32), Just(1.0), Just(f32::MAX), Just(f32::MIN), -1.0_f32..1.0]
            ), 1..600)
        ) {
            let rows: Vec<Signature> = few.into_iter().map(Signature::from_values).collect();
            let order = order_of(&rows, 1 << 20);
            let mut sorted = rows;
            sorted.sort_by(|a, b| order.compare(a, b));
            for (i, a) in sorted.iter().enumerate().step_by(7) {
                for b in sorted[i..].iter().step_by(11) {
                    prop_assert!(order.compare(a, b).is_le());
                    prop_assert_eq!(order.compare(a, b), order.compare(b, a).reverse());
                }
            }
        }
    }
}
