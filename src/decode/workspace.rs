//! Memory for decoded pixels, kept from one picture to the next.

use super::{DecodeError, foresee, reserve};

/// A buffer for the pixels of a picture. To have the operating system hand out
/// fresh pages for each picture takes a quarter of the time of decoding it.
#[derive(Default)]
pub struct Workspace {
    buffer: Vec<u8>,
}

impl Workspace {
    /// Most bytes that are kept: 67 megapixels of RGB.
    pub const MOST_BYTES: usize = 192 << 20;

    /// Sees to it that there is memory for a buffer of `bytes` and for `rest`, as
    /// [`foresee`] does: the buffer may be here already.
    pub(super) fn foresee(&mut self, bytes: usize, rest: usize) -> Result<(), DecodeError> {
        if self.buffer.capacity() >= bytes {
            return foresee(rest);
        }
        self.buffer = Vec::new();
        foresee(bytes + rest)
    }

    /// Takes a buffer of `bytes` zeros: what was in it before must not show in
    /// another picture.
    pub(super) fn take(&mut self, bytes: usize) -> Result<Vec<u8>, DecodeError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        if buffer.capacity() < bytes {
            drop(buffer);
            buffer = reserve(bytes)?;
        }
        buffer.resize(bytes, 0);
        Ok(buffer)
    }

    /// Gives a buffer back, to be kept if it is not too large.
    pub(super) fn put(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() <= Self::MOST_BYTES {
            self.buffer = buffer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_kept_and_emptied() {
        let mut workspace = Workspace::default();
        let mut buffer = workspace.take(1000).expect("memory");
        buffer.fill(7);
        let place = buffer.as_ptr();
        workspace.put(buffer);
        let again = workspace.take(900).expect("memory");
        assert_eq!((again.as_ptr(), again.len()), (place, 900));
        assert!(again.iter().all(|&byte| byte == 0));
        workspace.put(again);
        assert_eq!(workspace.take(5000).expect("memory"), vec![0; 5000]);
    }

    #[test]
    fn a_large_buffer_is_not_kept() {
        let mut workspace = Workspace::default();
        let large = workspace.take(Workspace::MOST_BYTES + 1).expect("memory");
        workspace.put(large);
        assert_eq!(workspace.buffer.capacity(), 0);
        assert!(workspace.take(isize::MAX as usize).is_err());
    }
}
