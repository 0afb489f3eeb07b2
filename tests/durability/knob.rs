//! How long the tests are to go on.

/// The number in the environment variable `name`, or else `default`.
pub fn knob(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| value.parse().expect(name))
}
