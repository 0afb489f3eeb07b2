//! From a picture's rows to 64×64 values of brightness.
//!
//! A decoder hands over [`Rows`] as it reads them. They are [resampled](resample) to
//! 64×64 cells, turned to their [`orientation`], and reduced to one [`brightness`] each.

pub mod background;
pub mod brightness;
pub mod orientation;
pub mod resample;

/// How many samples a pixel has, and what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// One sample: grey, opaque.
    Grey,
    /// Two samples: grey, alpha.
    GreyAlpha,
    /// Three samples: red, green, blue; opaque.
    Rgb,
    /// Four samples: red, green, blue, alpha.
    Rgba,
}

impl Channels {
    /// Samples, and so bytes, per pixel: 1 to 4.
    pub const fn count(self) -> usize {
        match self {
            Channels::Grey => 1,
            Channels::GreyAlpha => 2,
            Channels::Rgb => 3,
            Channels::Rgba => 4,
        }
    }

    /// Whether the last sample of a pixel is its alpha.
    pub const fn has_alpha(self) -> bool {
        matches!(self, Channels::GreyAlpha | Channels::Rgba)
    }
}

/// The size of a picture and what its pixels are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Pixels in a row, at least 1.
    pub width: usize,
    /// Rows, at least 1.
    pub height: usize,
    /// What a pixel is made of.
    pub channels: Channels,
}

impl Shape {
    /// Bytes in a row: one a sample, pixels from left to right, no padding.
    pub const fn row_len(self) -> usize {
        self.width * self.channels.count()
    }
}

/// Where a decoder's rows go.
pub trait Rows {
    /// Called once, before the first row.
    fn begin(&mut self, shape: Shape);

    /// Called for each row, from top to bottom: [`Shape::row_len`] samples of 8
    /// bits, alpha 255 where opaque.
    fn row(&mut self, samples: &[u8]);
}
