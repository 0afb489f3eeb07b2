//! How a tree is built: rows are cut to cells, each a page, and cells to cells of cells.
//!
//! A cell is cut across the axis along which its rows vary most, near the middle, where
//! that leaves whole pages, and whole pages of pages, on the lower side. So each page at
//! each level is filled as far as it should be, and its box overlaps no other by more than
//! a coordinate that rows share.

use crate::index::kdtree::cell::Cell as _;
use crate::index::kdtree::inner::{self, Child};
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::leaf::{self, Pointer};
use crate::index::kdtree::page::{Page, Role};
use std::cmp::Ordering;
use std::collections::TryReserveError;

/// A row as a build has it.
pub struct Row<K: Kind> {
    placed: K::Placed,
    pointer: [u8; 6],
}

impl<K: Kind> Clone for Row<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Kind> Copy for Row<K> {}

impl<K: Kind> Row<K> {
    /// A row and where it is in the table.
    pub fn new(value: &K::Value, pointer: Pointer) -> Self {
        let [a, b, c, d, e, f, ..] = pointer.0.to_le_bytes();
        Row { placed: K::place(value), pointer: [a, b, c, d, e, f] }
    }

    /// Its value.
    pub fn value(&self) -> K::Value {
        K::placed(&self.placed)
    }

    /// Where it is in the table.
    pub fn pointer(&self) -> Pointer {
        let [a, b, c, d, e, f] = self.pointer;
        Pointer(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }

    fn at(&self, axis: usize) -> f32 {
        K::at(&self.placed, axis)
    }
}

/// So many rows of a cell, evenly taken, tell along which axis it is cut.
const SAMPLE: usize = 2048;

/// Numbers of a sample of rows are added up here, one sum an axis.
const MOST_AXES: usize = 64;

/// The axis of largest variance, or `None` where all rows looked at are equal.
fn widest<K: Kind>(rows: &[Row<K>]) -> Option<usize> {
    let sample = || rows.iter().step_by(rows.len().div_ceil(SAMPLE).max(1));
    let count = sample().count() as f64;
    let (mut mean, mut variance) = ([0.0; MOST_AXES], [0.0; MOST_AXES]);
    for row in sample() {
        for (axis, sum) in mean.iter_mut().take(K::AXES).enumerate() {
            *sum += f64::from(row.at(axis));
        }
    }
    mean.iter_mut().for_each(|sum| *sum /= count);
    for row in sample() {
        for (axis, (sum, mean)) in variance.iter_mut().zip(mean).take(K::AXES).enumerate() {
            let difference = f64::from(row.at(axis)) - mean;
            *sum += difference * difference;
        }
    }
    let variances = variance.into_iter().take(K::AXES).enumerate();
    let (axis, largest) = variances.max_by(|a, b| a.1.total_cmp(&b.1))?;
    (largest > 0.0).then_some(axis)
}

/// A row on the axis of a cut, and on the axis after: of rows that share a number on the
/// one, the other tells which go to which side.
pub type Key = (f32, f32);

fn key<K: Kind>(row: &Row<K>, axis: usize) -> Key {
    (row.at(axis), row.at((axis + 1) % K::AXES))
}

fn by_key(a: &Key, b: &Key) -> Ordering {
    a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
}

/// Brings the `left` rows that are lowest along the axis of largest variance to the front.
/// `keys` has room for as many keys as there are rows.
///
/// # Errors
/// When that room can't be had.
pub fn cut<K: Kind>(
    rows: &mut [Row<K>],
    left: usize,
    keys: &mut Vec<Key>,
) -> Result<(), TryReserveError> {
    let Some(axis) = widest(rows) else { return Ok(()) };
    if left == 0 || left >= rows.len() {
        return Ok(());
    }
    keys.clear();
    keys.try_reserve_exact(rows.len())?;
    keys.extend(rows.iter().map(|row| key(row, axis)));
    let (_, threshold, _) = keys.select_nth_unstable_by(left, by_key);
    let threshold = *threshold;
    let below = keys.iter().take(left).filter(|key| by_key(key, &threshold).is_lt()).count();
    let mut equal = left - below;
    let mut to = 0;
    for from in 0..rows.len() {
        let lower = match by_key(&key(&rows[from], axis), &threshold) {
            Ordering::Less => true,
            Ordering::Equal if equal > 0 => {
                equal -= 1;
                true
            }
            _ => false,
        };
        if lower {
            rows.swap(from, to);
            to += 1;
        }
    }
    Ok(())
}

/// Puts rows of a page that are looked at in one go near to each other: the rest of a search
/// can then pass by most of them together.
///
/// # Errors
/// When there is no memory.
pub fn sort_blocks<K: Kind>(
    rows: &mut [Row<K>],
    keys: &mut Vec<Key>,
) -> Result<(), TryReserveError> {
    if rows.len() <= K::BLOCK {
        return Ok(());
    }
    let left =
        (rows.len() / 2).next_multiple_of(K::BLOCK).min((rows.len() - 1) / K::BLOCK * K::BLOCK);
    cut(rows, left, keys)?;
    let (lower, upper) = rows.split_at_mut(left);
    sort_blocks(lower, keys)?;
    sort_blocks(upper, keys)
}

/// Where the pages of a build go.
pub trait Store {
    /// Adds a page, and gives its block.
    fn append(&mut self, page: &Page) -> u32;
    /// Writes the root.
    fn root(&mut self, page: &Page);
    /// Called for every page of so many rows: whoever waits may be told, or want to stop.
    fn proceed(&mut self, rows: usize);
}

/// A page on the heap, which can refuse memory: a process that is short of it dies when its
/// stack has to grow.
pub type HeapPage = Box<[Page; 1]>;

/// An empty page of a tree, on the heap.
///
/// # Errors
/// When there is no memory.
#[inline(never)]
pub fn heap_page(kind: u8, role: Role, level: u16) -> Result<HeapPage, TryReserveError> {
    let mut page = Vec::new();
    page.try_reserve_exact(1)?;
    page.push(Page::new(kind, role, level));
    match page.into_boxed_slice().try_into() {
        Ok(page) => Ok(page),
        Err(_) => unreachable!("one page"),
    }
}

/// A page of a level that is full, but not yet written: it may be the root.
struct Level<K: Kind> {
    full: Option<(HeapPage, K::Cell)>,
    open: HeapPage,
    cell: K::Cell,
    written: bool,
}

/// Packs leaves into pages, and these into pages above, up to the root.
pub struct Packer<K: Kind, S: Store> {
    store: S,
    levels: Vec<Level<K>>,
    rows_of_a_page: usize,
    boxes_of_a_page: usize,
    keys: Vec<Key>,
}

impl<K: Kind, S: Store> Packer<K, S> {
    /// A packer that fills pages to so many percent.
    pub fn new(store: S, fill_factor: usize) -> Self {
        let filled = |capacity: usize| (capacity * fill_factor / 100).clamp(2, capacity);
        Packer {
            store,
            levels: Vec::new(),
            rows_of_a_page: filled(K::ROWS),
            boxes_of_a_page: filled(K::BOXES),
            keys: Vec::new(),
        }
    }

    /// The store.
    pub fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// Packs rows that are a cell of their own.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn pack(&mut self, rows: &mut [Row<K>]) -> Result<(), TryReserveError> {
        if rows.is_empty() {
            return Ok(());
        }
        // The next cell has pages above of its own.
        if !self.levels.is_empty() {
            self.close(0)?;
            if self.levels.get(1).is_some_and(|level| level.open[0].count() > 0) {
                self.shut(1)?;
            }
        }
        self.pack_cell(rows)
    }

    fn pack_cell(&mut self, rows: &mut [Row<K>]) -> Result<(), TryReserveError> {
        let count = rows.len();
        if count <= self.rows_of_a_page {
            self.store.proceed(count);
            sort_blocks(rows, &mut self.keys)?;
            let mut page = heap_page(K::NUMBER, Role::Node, 0)?;
            let mut cell = K::Cell::EMPTY;
            for row in rows {
                let value = row.value();
                leaf::push::<K>(&mut page[0], Some(&value), row.pointer());
                cell = cell.with(K::cell(&value));
            }
            return self.add_full(0, page, cell);
        }
        let mut unit = self.rows_of_a_page;
        while unit.saturating_mul(self.boxes_of_a_page) < count {
            unit *= self.boxes_of_a_page;
        }
        let left = ((count / 2).div_ceil(unit) * unit).clamp(1, (count - 1) / unit * unit);
        cut(rows, left, &mut self.keys)?;
        let (lower, upper) = rows.split_at_mut(left);
        self.pack_cell(lower)?;
        self.pack_cell(upper)
    }

    fn level(&mut self, level: usize) -> Result<&mut Level<K>, TryReserveError> {
        while self.levels.len() <= level {
            let open = heap_page(K::NUMBER, Role::Node, self.levels.len() as u16)?;
            self.levels.try_reserve(1)?;
            self.levels.push(Level { full: None, open, cell: K::Cell::EMPTY, written: false });
        }
        Ok(&mut self.levels[level])
    }

    /// Takes in a page that is full.
    fn add_full(
        &mut self,
        level: usize,
        page: HeapPage,
        cell: K::Cell,
    ) -> Result<(), TryReserveError> {
        self.close(level)?;
        self.level(level)?.full = Some((page, cell));
        Ok(())
    }

    /// Writes the full page of a level, if there is one, and enters it above.
    fn close(&mut self, level: usize) -> Result<(), TryReserveError> {
        let at = self.level(level)?;
        let Some((page, cell)) = at.full.take() else { return Ok(()) };
        at.written = true;
        let block = self.store.append(&page[0]);
        let most = self.boxes_of_a_page;
        let above = self.level(level + 1)?;
        inner::push::<K>(&mut above.open[0], &cell, Child { block, birth: 0 });
        above.cell = above.cell.with(cell);
        if above.open[0].count() >= most { self.shut(level + 1) } else { Ok(()) }
    }

    /// Calls the open page of a level full.
    fn shut(&mut self, level: usize) -> Result<(), TryReserveError> {
        let open = heap_page(K::NUMBER, Role::Node, level as u16)?;
        let at = self.level(level)?;
        let page = std::mem::replace(&mut at.open, open);
        let cell = std::mem::replace(&mut at.cell, K::Cell::EMPTY);
        self.add_full(level, page, cell)
    }

    /// Writes what is left, and the root.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn finish(mut self) -> Result<S, TryReserveError> {
        let mut level = 0;
        loop {
            if self.level(level)?.open[0].count() > 0 {
                self.shut(level)?;
            }
            let higher =
                self.levels.iter().skip(level + 1).any(|above| {
                    above.full.is_some() || above.written || above.open[0].count() > 0
                });
            let at = self.level(level)?;
            if !at.written && !higher {
                let root = at.full.take();
                let page = match root {
                    Some((page, _)) => page,
                    None => heap_page(K::NUMBER, Role::Node, 0)?,
                };
                self.store.root(&page[0]);
                return Ok(self.store);
            }
            self.close(level)?;
            level += 1;
        }
    }
}

/// The first cuts of a build whose rows do not all fit in memory, found over those that came
/// first: which part a row is in.
pub struct Parts {
    nodes: Vec<Node>,
    /// How many parts there are.
    pub count: usize,
}

/// A cut: below `threshold` on `axis` to the next node, else to node `right`. Or a part.
#[derive(Clone, Copy)]
enum Node {
    Cut { axis: usize, threshold: f32, right: usize },
    Part(usize),
}

impl Parts {
    /// Cuts rows to at most two to the power of `depth` parts, of which each has some of
    /// the rows: to one only where all are equal.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn of<K: Kind>(rows: &mut [Row<K>], depth: u32) -> Result<Self, TryReserveError> {
        let mut parts = Parts { nodes: Vec::new(), count: 0 };
        parts.nodes.try_reserve_exact(2 << depth)?;
        let mut keys = Vec::new();
        parts.grow(rows, depth, &mut keys)?;
        Ok(parts)
    }

    fn grow<K: Kind>(
        &mut self,
        rows: &mut [Row<K>],
        depth: u32,
        keys: &mut Vec<f32>,
    ) -> Result<(), TryReserveError> {
        let cut = if depth == 0 || rows.len() < 16 { None } else { Self::cut(rows, keys)? };
        let Some((axis, threshold, left)) = cut else {
            self.nodes.push(Node::Part(self.count));
            self.count += 1;
            return Ok(());
        };
        let at = self.nodes.len();
        self.nodes.push(Node::Part(0));
        let (lower, upper) = rows.split_at_mut(left);
        self.grow(lower, depth - 1, keys)?;
        let right = self.nodes.len();
        self.nodes[at] = Node::Cut { axis, threshold, right };
        self.grow(upper, depth - 1, keys)
    }

    /// Brings the rows below the middle of the widest axis to the front.
    fn cut<K: Kind>(
        rows: &mut [Row<K>],
        keys: &mut Vec<f32>,
    ) -> Result<Option<(usize, f32, usize)>, TryReserveError> {
        let Some(axis) = widest(rows) else { return Ok(None) };
        keys.clear();
        keys.try_reserve_exact(rows.len())?;
        keys.extend(rows.iter().map(|row| row.at(axis)));
        let middle = keys.len() / 2;
        let (lower, threshold, upper) = keys.select_nth_unstable_by(middle, f32::total_cmp);
        // Where half of the rows share the least number, the cut is behind them.
        let mut threshold = *threshold;
        if !lower.iter().any(|at| at.total_cmp(&threshold).is_lt()) {
            let above = upper.iter().copied().filter(|at| at.total_cmp(&threshold).is_gt());
            let Some(least) = above.min_by(f32::total_cmp) else { return Ok(None) };
            threshold = least;
        }
        let mut left = 0;
        for from in 0..rows.len() {
            if rows[from].at(axis).total_cmp(&threshold).is_lt() {
                rows.swap(from, left);
                left += 1;
            }
        }
        Ok(Some((axis, threshold, left)))
    }

    /// Which part a row is in.
    pub fn part<K: Kind>(&self, row: &Row<K>) -> usize {
        let mut at = 0;
        loop {
            match self.nodes.get(at) {
                Some(&Node::Cut { axis, threshold, right }) => {
                    at = if row.at(axis).total_cmp(&threshold).is_lt() { at + 1 } else { right };
                }
                Some(&Node::Part(part)) => return part,
                None => return 0,
            }
        }
    }
}
