//! How the tree was chosen: variants of build order, insertion and split in a
//! model of GiST, by pages read and by time. `cargo bench --bench trees`; set
//! `ROWS` for other sizes than 100,000. `docs/index.md` has the table.
//!
//! The model keeps GiST's page sizes and its greedy, one-path insertion, and
//! leaves out everything else; its times are of the arithmetic alone. A page is
//! read when its box is no farther than the last of the answer, as GiST does.

mod data;

use data::{Photos, Random, uniform};
use imgsmlr_rs::index::build_order::{Packing, Sample};
use imgsmlr_rs::index::geometry::{self, Point as _, choose, split};
use imgsmlr_rs::index::rotation::Rotated;
use imgsmlr_rs::signature::Signature;
use std::time::{Duration, Instant};

type Bounds = geometry::Bounds<f32, 16>;

const LEAF_CAPACITY: usize = Signature::LEAF_CAPACITY;
const INNER_CAPACITY: usize = Signature::INNER_CAPACITY;

/// How a fresh index is made.
#[derive(Clone, Copy, PartialEq)]
enum Build {
    /// Row by row.
    Insertion,
    /// Sorted along a Gray-coded, bit-interleaved curve.
    Curve,
    /// Sorted into the cells of a k-d tree over the rows.
    Cells,
}

/// How an insertion descends, and what a page is split by.
#[derive(Clone, Copy, PartialEq)]
enum Insertion {
    /// By the box that grows least; split at the median of the widest axis.
    Growth,
    /// By the interval of the curve in each key; split at the curve's median.
    Interval,
    /// By the planes between the boxes; split by a plane that crosses none.
    Planes,
}

struct Variant {
    name: &'static str,
    rotated: bool,
    build: Build,
    insertion: Insertion,
}

const VARIANTS: [Variant; 6] = [
    Variant {
        name: "curve, rotated, interval in the keys",
        rotated: true,
        build: Build::Curve,
        insertion: Insertion::Interval,
    },
    Variant {
        name: "curve, not rotated, interval in the keys",
        rotated: false,
        build: Build::Curve,
        insertion: Insertion::Interval,
    },
    Variant {
        name: "curve, rotated, no interval: least growth",
        rotated: true,
        build: Build::Curve,
        insertion: Insertion::Growth,
    },
    Variant {
        name: "plain insertion, least growth, best split",
        rotated: true,
        build: Build::Insertion,
        insertion: Insertion::Growth,
    },
    Variant {
        name: "k-d cells, rotated, least growth",
        rotated: true,
        build: Build::Cells,
        insertion: Insertion::Growth,
    },
    Variant {
        name: "k-d cells, rotated, planes between boxes (kept)",
        rotated: true,
        build: Build::Cells,
        insertion: Insertion::Planes,
    },
];

/// A signature as a variant sees it.
#[derive(Clone, Copy)]
struct Point {
    signature: Signature,
    at: Rotated,
    code: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    bounds: Bounds,
    interval: (u64, u64),
    child: usize,
}

enum Page {
    Leaf(Vec<Point>),
    Inner(Vec<Entry>),
}

/// The curve: 40 bits, each next one for the axis with the largest remaining
/// variance, a bit counting as a quarter of it.
struct Curve {
    mean: [f64; 16],
    deviation: [f64; 16],
    axes: Vec<usize>,
}

impl Curve {
    fn over(points: &[Rotated]) -> Self {
        let n = points.len() as f64;
        let mean: [f64; 16] = std::array::from_fn(|i| {
            points.iter().map(|point| point.coordinates[i]).sum::<f64>() / n
        });
        let variance: [f64; 16] = std::array::from_fn(|i| {
            let squares = points.iter().map(|point| (point.coordinates[i] - mean[i]).powi(2));
            squares.sum::<f64>() / n
        });
        let mut left = variance;
        let widest = |left: &[f64; 16]| {
            (0..16).max_by(|&a, &b| left[a].total_cmp(&left[b])).unwrap_or_default()
        };
        let axes = std::iter::repeat_with(|| {
            let axis = widest(&left);
            left[axis] /= 4.0;
            axis
        });
        let axes = axes.take(40).collect();
        Curve { mean, deviation: variance.map(f64::sqrt), axes }
    }

    fn code(&self, at: &Rotated) -> u64 {
        let mut digits: [u64; 16] = std::array::from_fn(|i| {
            let z = (at.coordinates[i] - self.mean[i]) / self.deviation[i];
            let unit = 0.5 + (1.5 * z).atan() / std::f64::consts::PI;
            (unit.clamp(0.0, 1.0 - 1e-12) * (1_u64 << 32) as f64) as u64
        });
        let (mut code, mut parity) = (0, 0);
        for &axis in &self.axes {
            digits[axis] <<= 1;
            parity ^= digits[axis] >> 32 & 1;
            code = code << 1 | parity;
        }
        code
    }
}

struct Tree {
    pages: Vec<Page>,
    root: usize,
    insertion: Insertion,
}

fn leaf_entry(points: &[Point], child: usize) -> Entry {
    let bounds = Bounds::around(points.iter().map(|point| point.at.bounds()));
    let codes = || points.iter().map(|point| point.code);
    let interval = (codes().min().unwrap_or(0), codes().max().unwrap_or(0));
    Entry { bounds: bounds.unwrap_or(Bounds::EMPTY), interval, child }
}

fn inner_entry(entries: &[Entry], child: usize) -> Entry {
    let bounds = Bounds::around(entries.iter().map(|entry| entry.bounds));
    let low = entries.iter().map(|entry| entry.interval.0).min().unwrap_or(0);
    let high = entries.iter().map(|entry| entry.interval.1).max().unwrap_or(0);
    Entry { bounds: bounds.unwrap_or(Bounds::EMPTY), interval: (low, high), child }
}

/// Parts `items` as a page is split.
fn part<T: Copy>(
    items: &[T],
    insertion: Insertion,
    capacity: usize,
    bounds: impl Fn(&T) -> Bounds,
    code: impl Fn(&T) -> u64,
) -> [Vec<T>; 2] {
    let (order, left) = if insertion == Insertion::Interval {
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|&place| code(&items[place]));
        (order, items.len() / 2)
    } else {
        let boxes: Vec<Bounds> = items.iter().map(bounds).collect();
        split(&boxes.iter().collect::<Vec<_>>(), capacity, 90)
    };
    let (lower, upper) = order.split_at(left);
    [lower, upper].map(|places| places.iter().map(|&place| items[place]).collect())
}

/// Parts a window of pages until each part fits a page.
fn parts<T: Copy>(
    items: Vec<T>,
    insertion: Insertion,
    capacity: usize,
    bounds: &impl Fn(&T) -> Bounds,
    code: &impl Fn(&T) -> u64,
    out: &mut Vec<Vec<T>>,
) {
    if items.len() <= capacity {
        out.push(items);
        return;
    }
    for half in part(&items, insertion, capacity, bounds, code) {
        parts(half, insertion, capacity, bounds, code, out);
    }
}

impl Tree {
    /// Builds from sorted points: windows of four pages, split, level by level.
    fn sorted(points: Vec<Point>, insertion: Insertion) -> Self {
        let mut tree = Tree { pages: Vec::new(), root: 0, insertion };
        let mut level = Vec::new();
        for window in points.chunks(4 * LEAF_CAPACITY) {
            let mut leaves = Vec::new();
            let (bounds, code) = (|p: &Point| p.at.bounds(), |p: &Point| p.code);
            parts(window.to_vec(), insertion, LEAF_CAPACITY, &bounds, &code, &mut leaves);
            for leaf in leaves {
                level.push(leaf_entry(&leaf, tree.pages.len()));
                tree.pages.push(Page::Leaf(leaf));
            }
        }
        while level.len() > 1 {
            let mut above = Vec::new();
            for window in level.chunks(4 * INNER_CAPACITY) {
                let mut inners = Vec::new();
                let (bounds, code) = (|e: &Entry| e.bounds, |e: &Entry| e.interval.0);
                parts(window.to_vec(), insertion, INNER_CAPACITY, &bounds, &code, &mut inners);
                for inner in inners {
                    above.push(inner_entry(&inner, tree.pages.len()));
                    tree.pages.push(Page::Inner(inner));
                }
            }
            level = above;
        }
        tree.root = level.first().map_or(0, |entry| entry.child);
        tree
    }

    fn insert(&mut self, point: &Point) {
        if let Some([lower, upper]) = self.insert_below(self.root, point) {
            self.root = self.pages.len();
            self.pages.push(Page::Inner(vec![lower, upper]));
        }
    }

    /// The two entries that replace the page's own, if it was split.
    fn insert_below(&mut self, page: usize, point: &Point) -> Option<[Entry; 2]> {
        let insertion = self.insertion;
        let next = self.pages.len();
        match &mut self.pages[page] {
            Page::Leaf(points) => {
                points.push(*point);
                if points.len() <= LEAF_CAPACITY {
                    return None;
                }
                let [lower, upper] =
                    part(points, insertion, LEAF_CAPACITY, |p| p.at.bounds(), |p| p.code);
                let entries = [leaf_entry(&lower, page), leaf_entry(&upper, next)];
                *points = lower;
                self.pages.push(Page::Leaf(upper));
                Some(entries)
            }
            Page::Inner(entries) => {
                let place = descend(entries, point, insertion);
                let entry = &mut entries[place];
                entry.bounds =
                    Bounds::around([entry.bounds, point.at.bounds()]).unwrap_or(entry.bounds);
                entry.interval.0 = entry.interval.0.min(point.code);
                entry.interval.1 = entry.interval.1.max(point.code);
                let child = entry.child;
                let [lower, upper] = self.insert_below(child, point)?;
                let next = self.pages.len();
                let Page::Inner(entries) = &mut self.pages[page] else { return None };
                entries[place] = lower;
                entries.push(upper);
                if entries.len() <= INNER_CAPACITY {
                    return None;
                }
                let [lower, upper] =
                    part(entries, insertion, INNER_CAPACITY, |e| e.bounds, |e| e.interval.0);
                let halves = [inner_entry(&lower, page), inner_entry(&upper, next)];
                *entries = lower;
                self.pages.push(Page::Inner(upper));
                Some(halves)
            }
        }
    }

    /// Pages no farther from the query than `reach`: leaves, and all others.
    fn pages_read(&self, query: &Rotated, reach: f64) -> usize {
        let (mut stack, mut read) = (vec![self.root], 0);
        while let Some(page) = stack.pop() {
            read += 1;
            if let Page::Inner(entries) = &self.pages[page] {
                let near = entries.iter().filter(|entry| query.bound(&entry.bounds) <= reach);
                stack.extend(near.map(|entry| entry.child));
            }
        }
        read
    }

    /// What reading those pages takes: the distance to all that is on them.
    fn search(&self, query: &Point, reach: f64) -> f64 {
        let (mut stack, mut sum) = (vec![self.root], 0.0);
        while let Some(page) = stack.pop() {
            match &self.pages[page] {
                Page::Leaf(points) => {
                    sum +=
                        points.iter().map(|p| p.signature.distance(&query.signature)).sum::<f64>();
                }
                Page::Inner(entries) => stack.extend(
                    entries
                        .iter()
                        .filter(|entry| query.at.bound(&entry.bounds) <= reach)
                        .map(|entry| entry.child),
                ),
            }
        }
        sum
    }
}

fn descend(entries: &[Entry], point: &Point, insertion: Insertion) -> usize {
    let bounds = point.at.bounds();
    let growth = |entry: &Entry| entry.bounds.growth(&bounds);
    let least = |key: &dyn Fn(&Entry) -> (u64, f32)| {
        let keys = entries.iter().map(key).enumerate();
        let least = keys.min_by(|a, b| a.1.0.cmp(&b.1.0).then(a.1.1.total_cmp(&b.1.1)));
        least.map_or(0, |(place, _)| place)
    };
    match insertion {
        Insertion::Growth => least(&|entry| (0, growth(entry))),
        Insertion::Interval => least(&|entry| {
            let (low, high) = entry.interval;
            let outside = low.saturating_sub(point.code).max(point.code.saturating_sub(high));
            (outside, growth(entry))
        }),
        Insertion::Planes => {
            let boxes: Vec<&Bounds> = entries.iter().map(|entry| &entry.bounds).collect();
            choose(&boxes, &bounds).unwrap_or(0)
        }
    }
}

fn place(signature: &Signature, rotated: bool) -> Rotated {
    if rotated {
        Rotated::of(signature)
    } else {
        Rotated { coordinates: signature.values().map(f64::from), error: 0.0 }
    }
}

fn build(variant: &Variant, mut points: Vec<Point>) -> Tree {
    match variant.build {
        Build::Insertion => {
            let rest = points.split_off(points.len().min(LEAF_CAPACITY));
            let mut tree = Tree::sorted(points, variant.insertion);
            rest.iter().for_each(|point| tree.insert(point));
            return tree;
        }
        Build::Curve => points.sort_by_key(|point| point.code),
        Build::Cells => {
            let mut sample = Sample::<Signature, f32, 16>::new(
                usize::MAX,
                Packing::windows(LEAF_CAPACITY, INNER_CAPACITY),
            );
            for point in &points {
                sample.push(&point.signature).expect("memory");
            }
            let (order, _) = sample.into_order(true).expect("memory");
            points.sort_by_cached_key(|point| order.cell(&point.signature));
        }
    }
    Tree::sorted(points, variant.insertion)
}

/// Distances to the nearest and to the `count`-th.
fn reaches(rows: &[Signature], query: &Signature, count: usize) -> [f64; 2] {
    let mut distances: Vec<f64> = rows.iter().map(|row| row.distance(query)).collect();
    let (nearer, &mut last, _) = distances.select_nth_unstable_by(count - 1, f64::total_cmp);
    [nearer.iter().copied().fold(last, f64::min), last]
}

fn main() {
    let rows = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(100_000);
    let photos = Photos::read();
    let sample: Vec<Signature> = {
        let mut random = Random(4);
        (0..3000).map(|_| Signature::from_values(photos.draw(&mut random))).collect()
    };
    println!("{rows} rows; aged: as many again inserted one by one, then a third deleted\n");
    println!(
        "| set | variant | pages top 1 / top k | aged | ratio | build s | insert µs | search ms |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (set, top) in [("photo, k = 20", 20), ("uniform, k = 10", 10)] {
        let draw = |random: &mut Random| {
            Signature::from_values(if top == 20 { photos.draw(random) } else { uniform(random) })
        };
        let mut random = Random(1);
        let all: Vec<Signature> = (0..2 * rows).map(|_| draw(&mut random)).collect();
        let kept: Vec<Signature> =
            all.iter().enumerate().filter(|(n, _)| n % 3 != 0).map(|(_, row)| *row).collect();
        let mut random = Random(2);
        let queries: Vec<Signature> = (0..100).map(|_| draw(&mut random)).collect();
        let fresh_reach: Vec<[f64; 2]> =
            queries.iter().map(|query| reaches(&all[..rows], query, top)).collect();
        let aged_reach: Vec<[f64; 2]> =
            queries.iter().map(|query| reaches(&kept, query, top)).collect();

        for variant in &VARIANTS {
            let sample: Vec<Rotated> =
                sample.iter().map(|row| place(row, variant.rotated)).collect();
            let curve = Curve::over(&sample);
            let point = |signature: &Signature| {
                let at = place(signature, variant.rotated);
                Point { signature: *signature, at, code: curve.code(&at) }
            };
            let seen: Vec<Point> = queries.iter().map(point).collect();
            let read = |tree: &Tree, reach: &[[f64; 2]]| {
                [0, 1].map(|end| {
                    let pages = seen.iter().zip(reach).map(|(q, r)| tree.pages_read(&q.at, r[end]));
                    pages.sum::<usize>() as f64 / queries.len() as f64
                })
            };

            let points: Vec<Point> = all[..rows].iter().map(point).collect();
            let start = Instant::now();
            let mut tree = build(variant, points);
            let built = start.elapsed();
            let fresh = read(&tree, &fresh_reach);
            let start = Instant::now();
            let sum: f64 = seen.iter().zip(&fresh_reach).map(|(q, r)| tree.search(q, r[1])).sum();
            let searched = start.elapsed() / queries.len() as u32;
            assert!(sum.is_finite());

            let start = Instant::now();
            all[rows..].iter().for_each(|row| tree.insert(&point(row)));
            let inserted = start.elapsed() / rows as u32;
            let aged = read(&tree, &aged_reach);
            let again = build(variant, kept.iter().map(point).collect());
            let again = read(&again, &aged_reach);
            let micros = |time: Duration| time.as_secs_f64() * 1e6;
            println!(
                "| {set} | {} | {:.0} / {:.0} | {:.0} / {:.0} | {:.2} / {:.2} | {:.2} | {:.1} | {:.2} |",
                variant.name,
                fresh[0],
                fresh[1],
                aged[0],
                aged[1],
                aged[0] / again[0],
                aged[1] / again[1],
                built.as_secs_f64(),
                micros(inserted),
                micros(searched) / 1000.0,
            );
        }
    }
}
