//! The colour that shows through clear pixels, as a user names it.

/// `black`, `white`, or `#` and six hexadecimal digits: red, green, blue.
pub fn named(name: &str) -> Option<[u8; 3]> {
    match name {
        "black" => Some([0; 3]),
        "white" => Some([255; 3]),
        _ => {
            let digits = name.strip_prefix('#')?;
            if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            let [_, r, g, b] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
            Some([r, g, b])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_names_or_six_digits() {
        assert_eq!(named("white"), Some([255; 3]));
        assert_eq!(named("#0180fF"), Some([1, 128, 255]));
        for name in ["", "#", "#12345", "#1234567", "#+12345", "red", "ffffff"] {
            assert_eq!(named(name), None, "{name}");
        }
    }
}
