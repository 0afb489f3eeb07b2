//! The inner loops by themselves: `cargo bench --bench micro`.

mod data;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use data::{Photos, Random, uniform};
use imgsmlr_rs::fingerprint::Fingerprint;
use imgsmlr_rs::index::geometry::{self, Point as _, choose, split};
use imgsmlr_rs::pattern::Pattern;
use imgsmlr_rs::pattern::detail::detail;
use imgsmlr_rs::picture::resample::AreaAverage;
use imgsmlr_rs::picture::{Channels, Rows, Shape};
use imgsmlr_rs::signature::Signature;
use std::hint::black_box;

type Bounds = geometry::Bounds<f32, 16>;

const LEAF_CAPACITY: usize = Signature::LEAF_CAPACITY;
const INNER_CAPACITY: usize = Signature::INNER_CAPACITY;

fn signatures(count: usize) -> Vec<Signature> {
    let (photos, mut random) = (Photos::read(), Random(1));
    (0..count).map(|_| Signature::from_values(photos.draw(&mut random))).collect()
}

fn boxes(signatures: &[Signature], size: usize) -> Vec<Bounds> {
    let around = |part: &[Signature]| Bounds::around(part.iter().map(|row| row.bounds()));
    signatures.chunks(size).filter_map(around).collect()
}

fn index(c: &mut Criterion) {
    let rows = signatures(40 * INNER_CAPACITY);
    let query = rows[7];
    c.bench_function("distance, a leaf of signatures", |b| {
        b.iter(|| {
            rows[..LEAF_CAPACITY].iter().map(|row| black_box(row).distance(&query)).sum::<f64>()
        });
    });
    let (inner, rotated) = (boxes(&rows, 40), query.query());
    c.bench_function("distance, a page of boxes", |b| {
        b.iter(|| {
            inner.iter().map(|bounds| Signature::bound(&rotated, black_box(bounds))).sum::<f64>()
        });
    });
    let (places, point): (Vec<&Bounds>, _) = (inner.iter().collect(), query.bounds());
    c.bench_function("penalty, the choice on a page", |b| {
        b.iter(|| choose(black_box(&places), black_box(&point)));
    });
    let leaf = boxes(&rows[..LEAF_CAPACITY + 1], 1);
    let leaf: Vec<&Bounds> = leaf.iter().collect();
    c.bench_function("split, a leaf of photographs", |b| {
        b.iter(|| split(black_box(&leaf), LEAF_CAPACITY, 90))
    });
    let mut random = Random(1);
    let rows = std::iter::repeat_with(|| Signature::from_values(uniform(&mut random)));
    let even = boxes(&rows.take(LEAF_CAPACITY + 1).collect::<Vec<_>>(), 1);
    let even: Vec<&Bounds> = even.iter().collect();
    c.bench_function("split, a uniform leaf", |b| {
        b.iter(|| split(black_box(&even), LEAF_CAPACITY, 90));
    });
}

fn transform(c: &mut Criterion) {
    let (width, height) = (640, 480);
    let mut random = Random(3);
    let mut samples = |channels: Channels| -> Vec<u8> {
        (0..width * height * channels.count()).map(|_| random.bits() as u8).collect()
    };
    let average = |samples: &[u8], channels| {
        let shape = Shape { width, height, channels };
        let mut average = AreaAverage::new();
        average.begin(shape);
        samples.chunks(shape.row_len()).for_each(|row| average.row(row));
        average.finish()
    };
    let (opaque, clear) = (samples(Channels::Rgb), samples(Channels::Rgba));
    c.bench_function("area average of a 640×480 picture", |b| {
        b.iter(|| average(black_box(&opaque), Channels::Rgb));
    });
    c.bench_function("area average of one with clear pixels", |b| {
        b.iter(|| average(black_box(&clear), Channels::Rgba));
    });
    let cells = average(&opaque, Channels::Rgb);
    c.bench_function("pattern of 64×64 cells", |b| b.iter(|| Pattern::of(black_box(&cells))));
    let pattern = Pattern::of(&cells);
    c.bench_function("signature of a pattern", |b| b.iter(|| Signature::of(black_box(&pattern))));
    c.bench_function("fingerprint of a pattern", |b| {
        b.iter(|| Fingerprint::of(black_box(&pattern)))
    });
    c.bench_function("detail of a pattern", |b| b.iter(|| detail(black_box(&pattern))));
    c.bench_function("shuffle", |b| b.iter(|| black_box(&pattern).shuffled()));
    let other = pattern.shuffled();
    c.bench_function("distance of patterns", |b| {
        b.iter_batched(
            || &other,
            |other| pattern.distance(black_box(other)),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, index, transform);
criterion_main!(benches);
