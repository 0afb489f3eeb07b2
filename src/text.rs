//! The text form that patterns and signatures share: numbers in parentheses.
//!
//! Written as the C extension prints, read as leniently as it reads, and
//! strict where it was careless.

use std::fmt::Write;
use thiserror::Error;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// Six decimals, as C's `%f` prints: for people, and the C extension's form.
    SixDecimals,
    /// The fewest digits that read back to the same bits, filled up with zeros to six
    /// decimals: nothing that travels as text loses a bit.
    Shortest,
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// The text ends too early.
    #[error("{found} numbers instead of {wanted}")]
    TooFew {
        /// Numbers read.
        found: usize,
        /// Numbers a value of the type has.
        wanted: usize,
    },
    /// There is something behind the last number.
    #[error("\"{excerpt}\" after the last of {wanted} numbers, at byte {at}")]
    TooMany {
        /// Numbers a value of the type has.
        wanted: usize,
        /// What follows them.
        excerpt: String,
        /// Where, in bytes from 1.
        at: usize,
    },
    /// Something between separators that is no number.
    #[error("number {ordinal} is \"{excerpt}\", at byte {at}")]
    NotANumber {
        /// Which number, from 1.
        ordinal: usize,
        /// What stands there.
        excerpt: String,
        /// Where, in bytes from 1.
        at: usize,
    },
    /// NaN, infinity, or a number beyond a float4.
    #[error("number {ordinal} is {excerpt}, not a finite float4, at byte {at}")]
    NotFinite {
        /// Which number, from 1.
        ordinal: usize,
        /// What stands there.
        excerpt: String,
        /// Where, in bytes from 1.
        at: usize,
    },
}

/// What is wrong with a binary value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BinaryError {
    /// The wrong number of bytes.
    #[error("{found} bytes instead of {wanted}")]
    WrongLength {
        /// Bytes received.
        found: usize,
        /// Bytes a value of the type has.
        wanted: usize,
    },
    /// NaN or infinity.
    #[error("number {ordinal} is not finite")]
    NotFinite {
        /// Which number, from 1.
        ordinal: usize,
    },
}

/// What is wrong with a list of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NumbersError {
    /// Another number of them.
    #[error("it has {found} numbers instead of {wanted}")]
    WrongLength {
        /// How many there are.
        found: usize,
        /// Numbers a value of the type has.
        wanted: usize,
    },
    /// Null, or no number.
    #[error("number {ordinal} is null or no number")]
    Missing {
        /// Which, counted from 1.
        ordinal: usize,
    },
    /// NaN, infinite, or beyond a float4.
    #[error("number {ordinal} is not finite in single precision")]
    NotFinite {
        /// Which, counted from 1.
        ordinal: usize,
    },
}

/// Exactly `N` numbers of a list, each rounded to single precision.
///
/// # Errors
/// Where they are more or fewer, or one is missing or out of range.
pub fn of_numbers<const N: usize>(
    numbers: impl Iterator<Item = Option<f64>>,
) -> Result<[f32; N], NumbersError> {
    let mut values = [0.0; N];
    let mut found = 0;
    for number in numbers {
        found += 1;
        let Some(value) = values.get_mut(found - 1) else { continue };
        *value = number.ok_or(NumbersError::Missing { ordinal: found })? as f32;
        if !value.is_finite() {
            return Err(NumbersError::NotFinite { ordinal: found });
        }
    }
    if found == N { Ok(values) } else { Err(NumbersError::WrongLength { found, wanted: N }) }
}

/// Reads exactly `N` numbers, parted by any run of blanks, commas and
/// parentheses. The text may be in any encoding that extends ASCII.
///
/// # Errors
/// On another count, on anything else between the separators, and on numbers
/// that are not finite: see [`TextError`].
pub fn parse<const N: usize>(text: &[u8]) -> Result<[f32; N], TextError> {
    let mut values = [0.0; N];
    let mut words = words(text);
    for (index, value) in values.iter_mut().enumerate() {
        let (at, word) = words.next().ok_or(TextError::TooFew { found: index, wanted: N })?;
        *value = parse_number(word, index + 1, at)?;
    }
    match words.next() {
        None => Ok(values),
        Some((at, word)) => Err(TextError::TooMany { wanted: N, excerpt: excerpt(word), at }),
    }
}

/// Reads `N` numbers and one more, a radius in double precision: infinite, too.
///
/// # Errors
/// As [`parse`]; the radius must be a number or an infinity.
pub fn parse_with_radius<const N: usize>(text: &[u8]) -> Result<([f32; N], f64), TextError> {
    let words: Vec<(usize, &[u8])> = words(text).take(N + 2).collect();
    let (center, rest) = words.split_at_checked(N).unwrap_or((&words, &[]));
    let mut values = [0.0; N];
    for (index, (value, &(at, word))) in values.iter_mut().zip(center).enumerate() {
        *value = parse_number(word, index + 1, at)?;
    }
    let wanted = N + 1;
    match *rest {
        [] => Err(TextError::TooFew { found: words.len(), wanted }),
        [(at, word)] => Ok((values, parse_radius(word, wanted, at)?)),
        [_, (at, word), ..] => Err(TextError::TooMany { wanted, excerpt: excerpt(word), at }),
    }
}

/// Reads one word, whatever it is, and a radius in double precision: infinite, too.
///
/// # Errors
/// On another count of words; the radius must be a number or an infinity.
pub fn parse_word_with_radius(text: &[u8]) -> Result<(&[u8], f64), TextError> {
    let words: Vec<(usize, &[u8])> = words(text).take(3).collect();
    match *words {
        [(_, word), (at, radius)] => Ok((word, parse_radius(radius, 2, at)?)),
        [_, _, (at, word), ..] => Err(TextError::TooMany { wanted: 2, excerpt: excerpt(word), at }),
        [] | [_] => Err(TextError::TooFew { found: words.len(), wanted: 2 }),
    }
}

fn parse_radius(word: &[u8], ordinal: usize, at: usize) -> Result<f64, TextError> {
    let radius = std::str::from_utf8(word).ok().and_then(|word| word.parse().ok());
    radius.ok_or_else(|| TextError::NotANumber { ordinal, excerpt: excerpt(word), at })
}

/// Splits a message into `length` bytes and a radius, a big-endian float8.
///
/// # Errors
/// On any other number of bytes.
pub fn with_radius(bytes: &[u8], length: usize) -> Result<(&[u8], f64), BinaryError> {
    let wrong = BinaryError::WrongLength { found: bytes.len(), wanted: length + size_of::<f64>() };
    let (head, radius) = bytes.split_at_checked(length).ok_or(wrong)?;
    Ok((head, f64::from_be_bytes(radius.try_into().map_err(|_| wrong)?)))
}

/// Whatever stands between separators, with its place in bytes from 1.
fn words(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let separates = |byte: &u8| b" \t\n\r\x0b\x0c,()".contains(byte);
    let start = text.as_ptr() as usize;
    text.split(separates)
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - start + 1, word))
}

fn parse_number(word: &[u8], ordinal: usize, at: usize) -> Result<f32, TextError> {
    let number = std::str::from_utf8(word).ok().and_then(|word| word.parse::<f32>().ok());
    match number {
        Some(number) if number.is_finite() => Ok(number),
        Some(_) => Err(TextError::NotFinite { ordinal, excerpt: excerpt(word), at }),
        None => Err(TextError::NotANumber { ordinal, excerpt: excerpt(word), at }),
    }
}

/// The first few bytes, printable in any encoding.
fn excerpt(word: &[u8]) -> String {
    const LONGEST: usize = 24;
    let printable = |&byte: &u8| match byte {
        b' '..=b'~' => char::from(byte),
        _ => '?',
    };
    let mut excerpt: String = word.iter().take(LONGEST).map(printable).collect();
    if word.len() > LONGEST {
        excerpt.push_str("...");
    }
    excerpt
}

/// Writes `(1.000000, 2.000000)`.
pub fn write_row(out: &mut String, values: &[f32], digits: Digits) {
    out.push('(');
    for (index, &value) in values.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_number(out, value, digits);
    }
    out.push(')');
}

fn write_number(out: &mut String, value: f32, digits: Digits) {
    // Numbers that no pattern of a picture has, and that would take many zeros.
    let with_exponent = value != 0.0 && !(1e-6..1e16).contains(&value.abs());
    let begin = out.len();
    // Writing to a String does not fail.
    let _ = match digits {
        Digits::SixDecimals => write!(out, "{value:.6}"),
        Digits::Shortest if with_exponent => write!(out, "{value:e}"),
        Digits::Shortest => write!(out, "{value}"),
    };
    if digits == Digits::Shortest && !with_exponent {
        let point = out[begin..].find('.').map(|at| begin + at).unwrap_or_else(|| {
            out.push('.');
            out.len() - 1
        });
        while out.len() <= point + DECIMALS {
            out.push('0');
        }
    }
}

/// Decimals of a number, at least.
const DECIMALS: usize = 6;

/// Writes rows of `row_length` numbers inside one more pair of parentheses.
pub fn write_rows(out: &mut String, values: &[f32], row_length: usize, digits: Digits) {
    out.push('(');
    for (index, row) in values.chunks(row_length).enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_row(out, row, digits);
    }
    out.push(')');
}

/// Reads exactly `N` big-endian float4.
///
/// # Errors
/// On any other length and on numbers that are not finite: see [`BinaryError`].
pub fn from_big_endian<const N: usize>(bytes: &[u8]) -> Result<[f32; N], BinaryError> {
    let (words, rest) = bytes.as_chunks::<4>();
    if words.len() != N || !rest.is_empty() {
        return Err(BinaryError::WrongLength { found: bytes.len(), wanted: 4 * N });
    }
    let mut values = [0.0; N];
    for (index, (value, &word)) in values.iter_mut().zip(words).enumerate() {
        *value = f32::from_be_bytes(word);
        if !value.is_finite() {
            return Err(BinaryError::NotFinite { ordinal: index + 1 });
        }
    }
    Ok(values)
}

/// The numbers as big-endian float4, four bytes each.
pub fn to_big_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finite() -> impl Strategy<Value = f32> {
        any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |value| value.is_finite())
    }

    fn bits<const N: usize>(values: [f32; N]) -> [u32; N] {
        values.map(f32::to_bits)
    }

    proptest! {
        #[test]
        fn shortest_text_is_lossless(values in proptest::array::uniform16(finite())) {
            let mut text = String::new();
            write_row(&mut text, &values, Digits::Shortest);
            let back = parse::<16>(text.as_bytes()).expect("own text");
            prop_assert_eq!(bits(back), bits(values), "{}", text);
        }

        #[test]
        fn binary_is_lossless(values in proptest::array::uniform16(finite())) {
            let back = from_big_endian::<16>(&to_big_endian(&values)).expect("own bytes");
            prop_assert_eq!(bits(back), bits(values));
        }

        #[test]
        fn parsing_never_panics(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _verdict = parse::<3>(&text);
        }

        #[test]
        fn nearly_numbers_never_panic(text in "[-+0-9.eEnaif,() \t]{0,60}") {
            if let Ok(values) = parse::<2>(text.as_bytes()) {
                prop_assert!(values.iter().all(|value| value.is_finite()));
            }
        }
    }

    #[test]
    fn prints_as_c_does() {
        let mut text = String::new();
        // 1/128 and 3/128 end in a 5 at the seventh decimal: ties go to even.
        let values = [1.0, -0.5, 0.0078125, 0.0234375, -0.0, 1e-9, 123456.79];
        write_row(&mut text, &values, Digits::SixDecimals);
        let c = "(1.000000, -0.500000, 0.007812, 0.023438, -0.000000, 0.000000, 123456.789062)";
        assert_eq!(text, c);
    }

    #[test]
    fn shortest_has_six_decimals_at_least() {
        let mut text = String::new();
        write_row(&mut text, &[1.0, 0.1, f32::MAX, 1e-45, -0.0, 1e-6], Digits::Shortest);
        assert_eq!(text, "(1.000000, 0.100000, 3.4028235e38, 1e-45, -0.000000, 0.000001)");
        let mut text = String::new();
        write_row(&mut text, &[0.123_456_79, 1.270_838, 1e15], Digits::Shortest);
        assert_eq!(text, "(0.12345679, 1.270838, 1000000000000000.000000)");
    }

    #[test]
    fn what_was_published_prints_as_published() {
        let published = "(0.518078, 0.913299, 1.213166, 1.675152, 0.000010, 0.000000)";
        let values = parse::<6>(published.as_bytes()).expect("numbers");
        let mut text = String::new();
        write_row(&mut text, &values, Digits::Shortest);
        assert_eq!(text, published);
    }

    #[test]
    fn rows_stand_in_one_more_pair_of_parentheses() {
        let mut text = String::new();
        write_rows(&mut text, &[1.0, 2.0, 3.0, 4.0], 2, Digits::SixDecimals);
        assert_eq!(text, "((1.000000, 2.000000), (3.000000, 4.000000))");
    }

    #[test]
    fn separators_are_lenient() {
        for text in ["1 2 3", "(1,2,3)", " ( 1 ,, 2\t\n3 )) ", "((1)(2)(3", ",1,2,3,"] {
            assert_eq!(parse::<3>(text.as_bytes()), Ok([1.0, 2.0, 3.0]), "{text}");
        }
        let signs = parse::<3>(b"+1 -.5 2.e1");
        assert_eq!(signs, Ok([1.0, -0.5, 20.0]));
    }

    #[test]
    fn errors_say_what_and_where() {
        let error = |text: &str| parse::<3>(text.as_bytes()).expect_err(text).to_string();
        assert_eq!(error("(1, 2)"), "2 numbers instead of 3");
        assert_eq!(error(""), "0 numbers instead of 3");
        assert_eq!(error("(1, 2, 3, 4)"), "\"4\" after the last of 3 numbers, at byte 11");
        assert_eq!(error("(1, x2, 3)"), "number 2 is \"x2\", at byte 5");
        assert_eq!(error("(1, 2, NaN)"), "number 3 is NaN, not a finite float4, at byte 8");
        assert_eq!(error("(1e39, 2, 3)"), "number 1 is 1e39, not a finite float4, at byte 2");
        assert_eq!(error("1 2 \u{e9}"), "number 3 is \"??\", at byte 5");
        assert_eq!(error("1 2 3-4"), "number 3 is \"3-4\", at byte 5");
    }

    #[test]
    fn a_radius_follows_the_numbers() {
        assert_eq!(parse_with_radius::<2>(b"((1, 2), 0.3)"), Ok(([1.0, 2.0], 0.3)));
        assert_eq!(parse_with_radius::<2>(b"1 2 inf"), Ok(([1.0, 2.0], f64::INFINITY)));
        let error =
            |text: &str| parse_with_radius::<2>(text.as_bytes()).expect_err(text).to_string();
        assert_eq!(error("1 2"), "2 numbers instead of 3");
        assert_eq!(error("1"), "1 numbers instead of 3");
        assert_eq!(error("1 2 3 4"), "\"4\" after the last of 3 numbers, at byte 7");
        assert_eq!(error("1 2 r"), "number 3 is \"r\", at byte 5");
        assert_eq!(error("1 inf 3"), "number 2 is inf, not a finite float4, at byte 3");
    }

    #[test]
    fn binary_errors_say_what() {
        assert_eq!(
            from_big_endian::<2>(&[0; 7]),
            Err(BinaryError::WrongLength { found: 7, wanted: 8 })
        );
        assert_eq!(
            from_big_endian::<2>(&to_big_endian(&[1.0, f32::NAN])),
            Err(BinaryError::NotFinite { ordinal: 2 })
        );
    }
}
