//! A decoded picture: what every decoder makes and the resampler reads.

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
}

/// A picture of 8 bits a sample, rows from top to bottom, pixels from left to
/// right, without padding. Alpha is 255 where opaque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    channels: Channels,
    samples: Vec<u8>,
}

impl Picture {
    /// A picture of `width` × `height` pixels, or `None` if either is zero or
    /// `samples` does not hold exactly `width · height · channels` bytes.
    pub fn new(width: usize, height: usize, channels: Channels, samples: Vec<u8>) -> Option<Self> {
        let expected = width.checked_mul(height)?.checked_mul(channels.count())?;
        (expected > 0 && samples.len() == expected).then_some(Self {
            width,
            height,
            channels,
            samples,
        })
    }

    /// Pixels in a row, at least 1.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows, at least 1.
    pub fn height(&self) -> usize {
        self.height
    }

    /// What a pixel is made of.
    pub fn channels(&self) -> Channels {
        self.channels
    }

    /// The rows from top to bottom, each `width · channels` bytes.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.samples.chunks_exact(self.width * self.channels.count())
    }

    /// The rows, to be changed in place.
    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.samples.chunks_exact_mut(self.width * self.channels.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_buffer_of_the_wrong_size() {
        assert!(Picture::new(2, 3, Channels::Rgb, vec![0; 18]).is_some());
        assert!(Picture::new(2, 3, Channels::Rgb, vec![0; 17]).is_none());
        assert!(Picture::new(0, 3, Channels::Rgb, vec![]).is_none());
        assert!(Picture::new(usize::MAX, 3, Channels::Rgb, vec![]).is_none());
    }
}
