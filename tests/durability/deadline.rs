//! Nothing is waited for without an end.

use std::time::{Duration, Instant};

/// Waits until `done`, and fails where that takes longer than a minute.
pub fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    const LONGEST: Duration = Duration::from_secs(60);
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < LONGEST, "{what}: not after {LONGEST:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
