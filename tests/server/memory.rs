//! What a backend takes, as Linux tells it.

/// A field of `/proc/…/status`, in kilobytes.
pub fn kilobytes(backend: i32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{backend}/status")).expect("on Linux");
    let line = status.lines().find(|line| line.starts_with(field)).expect(field);
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("kilobytes")
}
