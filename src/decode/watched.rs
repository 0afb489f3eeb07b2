//! A file's bytes for a codec to read, while somebody may want it to stop.
//!
//! A codec works for seconds on a large file and knows nothing of cancelled
//! queries; but it reads. Each thousand reads ask whether to stop; from a
//! yes on, no read succeeds. Nor does one for which there is no memory, where
//! the codec may allocate in proportion to what it reads.

use super::{DecodeError, foresee};
use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// Whether to stop, asked now and then, and remembered.
pub(super) struct Watch {
    interrupted: fn() -> bool,
    stopped: Cell<bool>,
    reads: Cell<u32>,
    refused: RefCell<Option<DecodeError>>,
}

impl Watch {
    pub(super) fn new(interrupted: fn() -> bool) -> Self {
        // The first read asks.
        Watch {
            interrupted,
            stopped: Cell::new(false),
            reads: Cell::new(Self::PERIOD),
            refused: RefCell::new(None),
        }
    }

    /// Reads between two questions; the longest takes some milliseconds.
    const PERIOD: u32 = 1024;

    /// Whether somebody said to stop.
    pub(super) fn stopped(&self) -> bool {
        self.stopped.get()
    }

    /// Why a read was refused for want of memory.
    pub(super) fn refused(&self) -> Option<DecodeError> {
        self.refused.borrow_mut().take()
    }

    /// Asks. To be called where a codec hands over a row.
    pub(super) fn ask(&self) -> bool {
        if !self.stopped.get() {
            self.stopped.set((self.interrupted)());
        }
        self.stopped.get()
    }

    /// Asks, one time in many.
    #[inline]
    fn count(&self) -> bool {
        let reads = self.reads.get() + 1;
        self.reads.set(reads);
        if reads >= Self::PERIOD {
            self.reads.set(0);
            self.ask();
        }
        self.stopped.get()
    }
}

/// What a codec may allocate for what it reads.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    /// Bytes for each byte.
    pub a_byte: usize,
    /// Bytes at once, where a vector grows.
    pub at_once: usize,
}

/// The bytes of a file under a watch.
pub(super) struct Watched<'a> {
    file: &'a [u8],
    position: u64,
    watch: &'a Watch,
    /// What the codec may allocate for what it reads next, and up to where
    /// there is memory for it.
    cost: Cost,
    paid: u64,
}

impl<'a> Watched<'a> {
    pub(super) fn new(file: &'a [u8], watch: &'a Watch) -> Self {
        let cost = Cost { a_byte: 0, at_once: 0 };
        Watched { file, position: 0, watch, cost, paid: u64::MAX }
    }

    /// For a codec that may allocate as much for what it reads by `fill_buf`.
    pub(super) fn at_cost(file: &'a [u8], watch: &'a Watch, cost: Cost) -> Self {
        Watched { cost, paid: 0, ..Self::new(file, watch) }
    }

    /// Bytes to read before memory is asked for again.
    const INSTALMENT: usize = 1 << 12;

    #[cold]
    fn pay(&mut self) -> io::Result<()> {
        if let Err(error) = foresee(self.cost.a_byte * Self::INSTALMENT + self.cost.at_once) {
            self.watch.refused.replace(Some(error));
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.paid = self.position.saturating_add(Self::INSTALMENT as u64);
        Ok(())
    }

    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        usize::try_from(self.position).ok().and_then(|at| self.file.get(at..)).unwrap_or_default()
    }
}

#[cold]
fn stop() -> io::Error {
    io::Error::other("interrupted")
}

impl Read for Watched<'_> {
    // Codecs read a JPEG by the word and by the byte.
    #[inline(always)]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.watch.count() {
            return Err(stop());
        }
        let rest = self.rest();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl BufRead for Watched<'_> {
    #[inline(always)]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // The whole rest at once would leave nothing to ask at.
        const STEP: usize = 1 << 16;
        if self.watch.count() {
            return Err(stop());
        }
        if self.position >= self.paid {
            self.pay()?;
        }
        let left = usize::try_from(self.paid - self.position).unwrap_or(STEP);
        let rest = self.rest();
        Ok(&rest[..rest.len().min(STEP).min(left)])
    }

    fn consume(&mut self, count: usize) {
        self.position += count as u64;
    }
}

impl Seek for Watched<'_> {
    #[inline(always)]
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => (self.file.len() as u64).checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_seeks_as_the_bytes_do() {
        let watch = Watch::new(|| false);
        let mut file = Watched::new(b"0123456789", &watch);
        let mut three = [0; 3];
        file.read_exact(&mut three).expect("three bytes");
        assert_eq!(&three, b"012");
        assert_eq!(file.seek(SeekFrom::End(-2)).expect("inside"), 8);
        let mut rest = Vec::new();
        file.read_to_end(&mut rest).expect("the rest");
        assert_eq!(rest, b"89");
        assert!(file.seek(SeekFrom::Current(-11)).is_err());
        // Behind the end there is nothing, and no panic.
        assert_eq!(file.seek(SeekFrom::Start(1000)).expect("allowed"), 1000);
        assert_eq!(file.read(&mut three).expect("nothing"), 0);
        assert_eq!(file.fill_buf().expect("nothing"), b"");
    }

    #[test]
    fn memory_is_asked_for_as_the_codec_reads() {
        let file = vec![7; 3 * Watched::INSTALMENT];
        let watch = Watch::new(|| false);
        let mut whole = Vec::new();
        let mut reader = Watched::at_cost(&file, &watch, Cost { a_byte: 1, at_once: 1 });
        while let [first, ..] = *reader.fill_buf().expect("memory for it") {
            whole.push(first);
            reader.consume(1);
        }
        assert_eq!(whole, file);
        assert_eq!(watch.refused(), None);

        let mut reader =
            Watched::at_cost(&file, &watch, Cost { a_byte: 1, at_once: isize::MAX as usize });
        assert!(reader.fill_buf().is_err());
        assert!(matches!(watch.refused(), Some(DecodeError::OutOfMemory { .. })));
    }

    #[test]
    fn ends_when_told_to_stop() {
        let watch = Watch::new(|| true);
        let mut file = Watched::new(b"0123456789", &watch);
        assert!(file.fill_buf().is_err());
        assert!(watch.stopped());
        assert!(file.read(&mut [0; 2]).is_err());
    }
}
