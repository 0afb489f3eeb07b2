//! How a picture is divided in units, and these in blocks.

use super::header::{Component, Header};

/// Samples along each side of a block.
pub(super) const BLOCK: usize = 8;

/// How a picture is divided in units.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    /// Blocks of the largest component in a unit.
    pub across: usize,
    pub down: usize,
    units_across: usize,
    units_down: usize,
}

impl Grid {
    pub fn of(header: &Header) -> Self {
        let across = header.components.iter().map(|component| component.across).max().unwrap_or(1);
        let down = header.components.iter().map(|component| component.down).max().unwrap_or(1);
        Grid {
            across,
            down,
            units_across: header.width.div_ceil(BLOCK * across),
            units_down: header.height.div_ceil(BLOCK * down),
        }
    }

    /// Blocks of a component in a row, whole units of them.
    pub fn blocks_across(self, component: &Component) -> usize {
        self.units_across * component.across
    }

    pub fn blocks_down(self, component: &Component) -> usize {
        self.units_down * component.down
    }

    /// Samples of a component that belong to the picture.
    pub fn size(self, header: &Header, component: &Component) -> (usize, usize) {
        (
            (header.width * component.across).div_ceil(self.across),
            (header.height * component.down).div_ceil(self.down),
        )
    }

    /// Units of the scan whose header was read last: of a component by itself, blocks.
    pub fn units(self, header: &Header) -> (usize, usize) {
        match header.scanned[..] {
            [alone] if let Some(component) = header.components.get(alone) => {
                let (width, height) = self.size(header, component);
                (width.div_ceil(BLOCK), height.div_ceil(BLOCK))
            }
            _ => (self.units_across, self.units_down),
        }
    }
}
