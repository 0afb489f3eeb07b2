//! The memory of a session, looked at while it works.

use crate::Result;
use postgres::Client;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Megabytes of its own that a process has, on Linux.
fn own_megabytes(process: i32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// Runs a statement; gives the most megabytes that its session had more than before, where
/// that can be seen.
pub fn most_megabytes(client: &mut Client, statement: &str) -> Result<Option<f64>> {
    let process: i32 = client.query_one("SELECT pg_backend_pid()", &[])?.get(0);
    let before = own_megabytes(process);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = None;
            while !done.load(Ordering::Relaxed) {
                let now = own_megabytes(process);
                if most < now {
                    most = now;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            most
        });
        let result = client.batch_execute(statement);
        done.store(true, Ordering::Relaxed);
        let most = watch.join().map_err(|_| "the watch died")?;
        result?;
        Ok(most.zip(before).map(|(most, before)| most - before))
    })
}
