//! How long searches took.

/// Milliseconds that the queries of a method took.
#[derive(Clone, Copy)]
pub struct Latency {
    pub mean: f64,
    pub p50: f64,
    pub p95: f64,
}

impl Latency {
    /// Of the times of single queries.
    pub fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        Latency { mean, p50: at(0.5), p95: at(0.95) }
    }
}
