//! Memory, asked for in a way that can be refused.
//!
//! A `Vec` or a `String` that can't grow aborts the process, and with it the whole
//! server. Whoever is about to grow one, or has a codec do so, asks here first.

use std::collections::TryReserveError;

/// Asks for so many bytes at once, and gives them back for the caller to take.
///
/// # Errors
/// When there is no memory for them.
pub fn foresee(bytes: usize) -> Result<(), TryReserveError> {
    let mut room: Vec<u8> = Vec::new();
    room.try_reserve_exact(bytes)?;
    // A compiler may leave out memory that nobody looks at.
    std::hint::black_box(&room);
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_no_machine_has_is_refused() {
        assert!(super::foresee(1 << 20).is_ok());
        assert!(super::foresee(usize::MAX / 4).is_err());
    }
}
