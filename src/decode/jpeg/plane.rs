//! One component of a JPEG picture: its coefficients, while they come in parts, and its
//! samples, and how these are spread where they are fewer than the picture's pixels.

use super::super::{DecodeError, Watch, allocate};
use super::grid::{BLOCK, Grid};
use super::header::{Component, Header, Progression};
use rustdct::{DctPlanner, TransformType2And3};
use std::sync::Arc;

/// What a component is where its data are missing.
const MID_GREY: u8 = 128;

/// The coefficients of a block, by rows.
pub(super) type Block = [i16; BLOCK * BLOCK];

/// The samples of a component, in whole units.
pub(super) struct Plane {
    samples: Vec<u8>,
    /// Of a progressive file; none otherwise.
    coefficients: Vec<Block>,
    /// The numbers of blocks, across and down.
    blocks: (usize, usize),
    /// Samples that belong to the picture.
    size: (usize, usize),
    /// How many samples there are for `most` of the largest component: `(here, most)`.
    across: (usize, usize),
    down: (usize, usize),
    /// As the first scan found it.
    quantisation: Option<[u16; 64]>,
    /// Lowest bit of each coefficient that a scan has brought.
    shifts: [u8; 64],
}

/// No bit at all.
const NEVER: u8 = u8::MAX;

impl Plane {
    /// Without any memory yet.
    pub fn new(
        component: &Component,
        grid: Grid,
        size: (usize, usize),
        blocks: (usize, usize),
    ) -> Self {
        Plane {
            samples: Vec::new(),
            coefficients: Vec::new(),
            blocks,
            size,
            across: (component.across, grid.across),
            down: (component.down, grid.down),
            quantisation: None,
            shifts: [NEVER; 64],
        }
    }

    pub fn make_samples(&mut self) -> Result<(), DecodeError> {
        self.samples = allocate(self.blocks.0 * self.blocks.1 * BLOCK * BLOCK)?;
        self.samples.fill(MID_GREY);
        Ok(())
    }

    pub fn make_coefficients(&mut self) -> Result<(), DecodeError> {
        let count = self.blocks.0 * self.blocks.1;
        let bytes = (count * size_of::<Block>()) as u64;
        let reserved = self.coefficients.try_reserve_exact(count);
        reserved.map_err(|_| DecodeError::OutOfMemory { bytes })?;
        self.coefficients.resize(count, [0; 64]);
        Ok(())
    }

    /// Notes what a scan brings; `None` where there is no table for it.
    pub fn begin_scan(
        &mut self,
        header: &Header,
        component: &Component,
        progression: Progression,
    ) -> Option<()> {
        if self.quantisation.is_none() {
            let place = usize::from(component.quantisation);
            self.quantisation = Some((*header.quantisation.get(place)?)?);
        }
        let (first, last, shift) = match header.sequential() {
            true => (0, 63, 0),
            false => (progression.first, progression.last, progression.shift),
        };
        self.shifts.get_mut(first.into()..=last.into())?.fill(shift);
        Some(())
    }

    /// Whether scans brought every coefficient to its last bit.
    pub fn is_complete(&self) -> bool {
        self.shifts == [0; 64]
    }

    /// The coefficients of block `(x, y)`, of a progressive file.
    pub fn coefficients(&mut self, x: usize, y: usize) -> Option<&mut Block> {
        self.coefficients.get_mut(y * self.blocks.0 + x)
    }

    /// Makes samples of the coefficients, if samples are wanted, and coefficients were kept.
    pub fn transform(&mut self, transform: &Transform, watch: &Watch) -> Result<(), DecodeError> {
        let blocks = std::mem::take(&mut self.coefficients);
        for (y, line) in blocks.chunks_exact(self.blocks.0.max(1)).enumerate() {
            if self.samples.is_empty() || self.quantisation.is_none() {
                break;
            }
            if watch.ask() {
                return Err(DecodeError::Interrupted);
            }
            for (x, block) in line.iter().enumerate() {
                self.put(transform, block, x, y);
            }
        }
        Ok(())
    }

    /// Puts the samples of block `(x, y)` in their place, if samples are wanted.
    pub fn put(&mut self, transform: &Transform, block: &Block, x: usize, y: usize) {
        let stride = self.blocks.0 * BLOCK;
        let at = y * BLOCK * stride + x * BLOCK;
        let (Some(quantisation), Some(samples)) = (&self.quantisation, self.samples.get_mut(at..))
        else {
            return;
        };
        let samples =
            transform.samples(block, quantisation).into_iter().zip(samples.chunks_mut(stride));
        for (line, out) in samples {
            if let Some(out) = out.first_chunk_mut() {
                *out = line;
            }
        }
    }

    /// Row `y` of the picture: as many samples as `row` takes. Of half as many samples as the
    /// picture's, those between are made as libjpeg makes them: of the nearest, three
    /// quarters, and of the next, one.
    pub fn row(&self, y: usize, row: &mut [u8]) {
        let (h, v) = (self.across.1 / self.across.0, self.down.1 / self.down.0);
        let whole = self.across.1 == h * self.across.0 && self.down.1 == v * self.down.0;
        // Of one or two samples side by side libjpeg makes no slopes.
        match (whole, h, v) {
            (true, 2, 1) if self.size.0 > 2 => {
                let line = self.line(y);
                self.spread(row, |x, next| (3 * line(x) + line(next), 4), [1, 2]);
            }
            (true, 2, 2) if self.size.0 > 2 => {
                let (near, far) = (self.line(y / 2), self.line(beside(y, self.size.1)));
                let sum = |x| 3 * near(x) + far(x);
                self.spread(row, |x, next| (3 * sum(x) + sum(next), 16), [8, 7]);
            }
            (true, 1, 2) => {
                let (near, far) = (self.line(y / 2), self.line(beside(y, self.size.1)));
                let half = if y.is_multiple_of(2) { 1 } else { 2 };
                for (x, out) in row.iter_mut().enumerate() {
                    *out = ((3 * near(x) + far(x) + half) / 4) as u8;
                }
            }
            _ => {
                let line = self.line(y * self.down.0 / self.down.1);
                for (x, out) in row.iter_mut().enumerate() {
                    *out = line(x * self.across.0 / self.across.1) as u8;
                }
            }
        }
    }

    /// The samples of a row of this component.
    fn line(&self, y: usize) -> impl Fn(usize) -> u32 {
        let stride = self.blocks.0 * BLOCK;
        let line = self.samples.get(y * stride..).and_then(|rest| rest.get(..stride));
        let line = line.unwrap_or_default();
        move |x| line.get(x).copied().unwrap_or(MID_GREY).into()
    }

    /// Makes two pixels of each sample: `mix` of it and its neighbour gives a sum and what to
    /// divide it by, rounded by one of `halves` on the left, the other on the right.
    fn spread(&self, row: &mut [u8], mix: impl Fn(usize, usize) -> (u32, u32), halves: [u32; 2]) {
        for (at, out) in row.iter_mut().enumerate() {
            let (sum, by) = mix(at / 2, beside(at, self.size.0));
            *out = ((sum + halves[at % 2]) / by) as u8;
        }
    }
}

/// Of half as many samples, the second nearest to place `at`, among `count` of them.
fn beside(at: usize, count: usize) -> usize {
    match at % 2 {
        0 => (at / 2).saturating_sub(1),
        _ => (at / 2 + 1).min(count.saturating_sub(1)),
    }
}

/// From a block's coefficients to its samples.
pub(super) struct Transform(Arc<dyn TransformType2And3<f32>>);

/// Where the coefficients of a block stand in a quantisation table.
#[rustfmt::skip]
const STORED: [u8; 64] = [
     0,  1,  5,  6, 14, 15, 27, 28,  2,  4,  7, 13, 16, 26, 29, 42,
     3,  8, 12, 17, 25, 30, 41, 43,  9, 11, 18, 24, 31, 40, 44, 53,
    10, 19, 23, 32, 39, 45, 52, 54, 20, 22, 33, 38, 46, 51, 55, 60,
    21, 34, 37, 47, 50, 56, 59, 61, 35, 36, 48, 49, 57, 58, 62, 63,
];

impl Transform {
    pub fn new() -> Self {
        Transform(DctPlanner::new().plan_dct3(BLOCK))
    }

    fn samples(&self, block: &Block, quantisation: &[u16; 64]) -> [[u8; BLOCK]; BLOCK] {
        let sample = |value: f32| (value + f32::from(MID_GREY) + 0.5) as u8;
        // Of 16 bits, as libjpeg-turbo multiplies: of damaged data alone it makes a difference.
        let value = |at: usize| {
            let step = quantisation[usize::from(STORED[at])];
            f32::from(block[at].wrapping_mul(step as i16))
        };
        if block[1..] == [0; 63] {
            return [[sample(value(0) / BLOCK as f32); BLOCK]; BLOCK];
        }
        let mut values: [f32; 64] = std::array::from_fn(value);
        let mut scratch = [0.0; 4 * BLOCK];
        // Along the rows, turned, and again: so along the columns.
        for _ in 0..2 {
            for line in values.as_chunks_mut::<BLOCK>().0 {
                line[0] *= std::f32::consts::SQRT_2;
                self.0.process_dct3_with_scratch(line, &mut scratch[..self.0.get_scratch_len()]);
                line.iter_mut().for_each(|value| *value *= 0.5);
            }
            let turned = values;
            values = std::array::from_fn(|at| turned[at % BLOCK * BLOCK + at / BLOCK]);
        }
        std::array::from_fn(|y| std::array::from_fn(|x| sample(values[y * BLOCK + x])))
    }
}
