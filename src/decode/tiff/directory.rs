//! A TIFF file's first directory: what it says of the picture, read where it lies.
//!
//! Nothing is allocated for it, whatever it claims: numbers are read one by one, when
//! they are asked for, and lie within the file.

use super::super::{DecodeError, Format};

/// An entry of the directory: numbers of one kind.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    bytes: &'a [u8],
    size: usize,
    big_endian: bool,
}

impl<'a> Numbers<'a> {
    pub fn len(&self) -> usize {
        self.bytes.len() / self.size
    }

    pub fn get(&self, at: usize) -> Option<u64> {
        let bytes = self.bytes.get(at.checked_mul(self.size)?..)?.get(..self.size)?;
        Some(number(self.big_endian, bytes))
    }

    /// Their bytes, where they are of one each.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub fn iter(self) -> impl Iterator<Item = u64> {
        (0..self.len()).filter_map(move |at| self.get(at))
    }
}

/// The first directory of a file.
pub(super) struct Directory<'a> {
    file: &'a [u8],
    pub big_endian: bool,
    /// BigTIFF: of 64 bits.
    big: bool,
    entries: &'a [u8],
}

impl<'a> Directory<'a> {
    pub fn of(file: &'a [u8]) -> Result<Self, DecodeError> {
        Self::find(file).ok_or(DecodeError::broken(Format::Tiff, "it has no directory"))
    }

    fn find(file: &'a [u8]) -> Option<Self> {
        let big_endian = file.starts_with(b"MM");
        let read = |at: usize, size: usize| {
            let bytes = file.get(at..at.checked_add(size)?)?;
            usize::try_from(number(big_endian, bytes)).ok()
        };
        let big = read(2, 2)? == 43;
        let at = if big { read(8, 8)? } else { read(4, 4)? };
        let count_size = if big { 8 } else { 2 };
        let count = read(at, count_size)?;
        // One that is cut off has as many entries as are there.
        let entries = file.get(at + count_size..)?;
        let length = count.saturating_mul(entry_size(big)).min(entries.len());
        Some(Directory { file, big_endian, big, entries: &entries[..length] })
    }

    /// The numbers of a tag. `None` where it is not there, or is of fractions.
    ///
    /// # Errors
    /// Where it claims more numbers than the file has.
    pub fn numbers(&self, tag: u16) -> Result<Option<Numbers<'a>>, DecodeError> {
        let read = |bytes: &[u8]| number(self.big_endian, bytes);
        let entry = self
            .entries
            .chunks_exact(entry_size(self.big))
            .find(|entry| read(&entry[..2]) == u64::from(tag));
        let Some(entry) = entry else { return Ok(None) };
        let size = match read(&entry[2..4]) {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 13 => 4,
            16..=18 => 8,
            _ => return Ok(None),
        };
        let (count, value) = entry[4..].split_at(if self.big { 8 } else { 4 });
        let beyond = DecodeError::broken(Format::Tiff, "it names a place behind its end");
        let length = usize::try_from(read(count)).ok().and_then(|count| count.checked_mul(size));
        let length = length.ok_or_else(|| beyond.clone())?;
        let bytes = match value.get(..length) {
            Some(bytes) => Some(bytes),
            None => {
                usize::try_from(read(value)).ok().and_then(|at| self.file.get(at..)?.get(..length))
            }
        };
        let big_endian = self.big_endian;
        bytes.map(|bytes| Some(Numbers { bytes, size, big_endian })).ok_or(beyond)
    }

    /// The only number of a tag, or the first.
    ///
    /// # Errors
    /// As of [`Self::numbers`].
    pub fn number(&self, tag: u16) -> Result<Option<u64>, DecodeError> {
        Ok(self.numbers(tag)?.and_then(|numbers| numbers.get(0)))
    }
}

fn entry_size(big: bool) -> usize {
    if big { 20 } else { 12 }
}

/// A number of up to 8 bytes.
pub(super) fn number(big_endian: bool, bytes: &[u8]) -> u64 {
    let add = |number, &byte: &u8| number << 8 | u64::from(byte);
    if big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of one tag.
    fn file(kind: u16, count: u32, value: u32) -> Vec<u8> {
        let mut file = b"MM\0*\0\0\0\x08\0\x01\x01\x11".to_vec();
        file.extend(kind.to_be_bytes());
        file.extend([count.to_be_bytes(), value.to_be_bytes()].concat());
        file.extend([0; 4]);
        file
    }

    fn values(file: &[u8]) -> Result<Option<Vec<u64>>, DecodeError> {
        let numbers = Directory::of(file)?.numbers(0x111)?;
        Ok(numbers.map(|numbers| numbers.iter().collect()))
    }

    #[test]
    fn a_directory_is_held_to_the_file() {
        assert_eq!(values(&file(4, 1, 8)), Ok(Some(vec![8])));
        assert_eq!(values(&file(3, 2, 0x0001_0002)), Ok(Some(vec![1, 2])));
        assert_eq!(values(&file(1, 3, 0x0102_0300)), Ok(Some(vec![1, 2, 3])));
        assert_eq!(values(&file(4, 2, 0)), Ok(Some(vec![0x4d4d_002a, 8])));
        assert_eq!(values(&file(5, 1, 8)), Ok(None));
        for lie in [file(4, 1 << 30, 8), file(1, 1000, 8), file(4, 4, u32::MAX)] {
            assert!(values(&lie).is_err(), "{lie:?}");
        }
        assert!(values(b"II*\0\xff\xff\xff\xff").is_err());
    }

    #[test]
    fn both_widths_and_both_orders_are_read() {
        let mut big = b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x11\x01\x10\0".to_vec();
        big.extend([1_u64.to_le_bytes(), 7_u64.to_le_bytes()].concat());
        assert_eq!(values(&big), Ok(Some(vec![7])));
        assert_eq!(number(true, &[1, 2, 3, 4]), 0x0102_0304);
        assert_eq!(number(false, &[1, 2]), 0x0201);
    }
}
