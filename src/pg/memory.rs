//! Memory for what a function is about to make, or an ERROR.

use crate::memory;
use crate::pg::report;

/// What a pattern's other forms take while they are made, the text above all.
const PATTERN: usize = 1 << 20;

/// Ends the statement where there is no memory for another form of a pattern.
pub(super) fn foresee_pattern() {
    foresee(PATTERN);
}

/// Ends the statement where there is no memory for so many bytes.
pub(super) fn foresee(bytes: usize) {
    if memory::foresee(bytes).is_err() {
        report::no_memory(bytes)
    }
}
