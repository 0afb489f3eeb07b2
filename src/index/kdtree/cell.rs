//! Boxes as a page keeps them: side by side, each in one or four bytes.

use crate::index::geometry::{self, Bounds, Coordinate};

/// A box that can be written to a page.
pub trait Cell: Copy + PartialEq + 'static {
    /// A box that holds nothing.
    const EMPTY: Self;

    /// The smallest box around both.
    fn with(self, other: Self) -> Self;

    /// Whether the other lies inside.
    fn holds(&self, other: &Self) -> bool {
        self.with(*other) == *self
    }

    /// One side, in the first bytes.
    fn side(&self, upper: bool, axis: usize) -> [u8; 4];
    /// A side as a number, an infinite one as the farthest float4.
    fn number(side: [u8; 4]) -> f32;
    /// The box with these sides.
    fn of_sides(side: impl Fn(bool, usize) -> [u8; 4]) -> Self;

    /// Below which of the boxes a point goes: [`geometry::choose`].
    fn choose(boxes: &[&Self], point: &Self) -> Option<usize>;
    /// The places of boxes, parted in two, and how many are in the first part:
    /// [`geometry::split`] of one page that is too full.
    fn split(boxes: &[&Self]) -> (Vec<usize>, usize);
}

/// A coordinate as bytes of a page.
pub trait Side: Coordinate {
    /// In the first bytes.
    fn bytes(self) -> [u8; 4];
    /// Of the first bytes.
    fn of_bytes(bytes: [u8; 4]) -> Self;
}

impl Side for f32 {
    fn bytes(self) -> [u8; 4] {
        self.to_ne_bytes()
    }

    fn of_bytes(bytes: [u8; 4]) -> Self {
        f32::from_ne_bytes(bytes)
    }
}

impl Side for u8 {
    fn bytes(self) -> [u8; 4] {
        [self, 0, 0, 0]
    }

    fn of_bytes(bytes: [u8; 4]) -> Self {
        bytes[0]
    }
}

impl<C: Side, const N: usize> Cell for Bounds<C, N> {
    const EMPTY: Self = Bounds::EMPTY;

    fn with(self, other: Self) -> Self {
        Bounds::around([self, other]).unwrap_or(self)
    }

    fn side(&self, upper: bool, axis: usize) -> [u8; 4] {
        self.corners()[usize::from(upper)][axis].bytes()
    }

    fn number(side: [u8; 4]) -> f32 {
        C::of_bytes(side).finite()
    }

    fn of_sides(side: impl Fn(bool, usize) -> [u8; 4]) -> Self {
        let corner = |upper| std::array::from_fn(|axis| C::of_bytes(side(upper, axis)));
        Bounds::between(corner(false), corner(true))
    }

    fn choose(boxes: &[&Self], point: &Self) -> Option<usize> {
        geometry::choose(boxes, point)
    }

    fn split(boxes: &[&Self]) -> (Vec<usize>, usize) {
        geometry::split(boxes, boxes.len(), 100)
    }
}
