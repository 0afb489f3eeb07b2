//! What a backend takes, as Linux tells it, and what it may take.

use postgres::Client;
use std::process::Command;

/// A field of `/proc/…/status`, in kilobytes.
pub fn kilobytes(backend: i32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{backend}/status")).expect("on Linux");
    let line = status.lines().find(|line| line.starts_with(field)).expect(field);
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("kilobytes")
}

/// Readings of a backend's own memory, one after each piece of its work.
pub struct Kept {
    backend: i32,
    readings: Vec<u64>,
}

impl Kept {
    pub fn by(backend: i32) -> Self {
        Kept { backend, readings: Vec::new() }
    }

    /// Reads once more, the backend at rest: an error is told before it has cleaned up, an
    /// answer after.
    pub fn read(&mut self, client: &mut Client) {
        client.batch_execute("SELECT").expect("at rest");
        self.readings.push(kilobytes(self.backend, "RssAnon"));
    }

    /// What stays, in kilobytes: by how much the least reading of the last third is above
    /// the least of the second. In the first a backend takes what it takes once.
    ///
    /// Not one reading less another: what was freed is not at once given back, by an
    /// allocator that may need it soon. What is not freed is in the least reading, too.
    pub fn grown(&self) -> u64 {
        let third = self.readings.len() / 3;
        let (second, last) = self.readings[third..].split_at(third);
        let least = |readings: &[u64]| *readings.iter().min().expect("three readings or more");
        least(last).saturating_sub(least(second))
    }
}

/// Lets a backend have no more than so many kilobytes of address space, as `ulimit -v`
/// would. Root may lack the right to, in a container, but the backend's own user has it.
pub fn limit(backend: i32, kilobytes: u64) {
    set_limit(backend, &(kilobytes << 10).to_string());
}

/// Lets it have what it wants again.
pub fn unlimit(backend: i32) {
    set_limit(backend, "unlimited");
}

fn set_limit(backend: i32, bytes: &str) {
    let pid = backend.to_string();
    // The soft limit, so that it can be raised again.
    let limit = format!("--as={bytes}:");
    let prlimit = ["prlimit", "--pid", &pid, &limit];
    let run = |command: &[&str]| {
        let output = Command::new(command[0]).args(&command[1..]).output();
        output.expect("prlimit and runuser, of util-linux").status.success()
    };
    let owner = Command::new("stat").args(["-c", "%U", &format!("/proc/{pid}")]).output();
    let owner = String::from_utf8(owner.expect("stat").stdout).expect("a name");
    let as_owner = [&["runuser", "-u", owner.trim(), "--"][..], &prlimit].concat();
    assert!(run(&prlimit) || run(&as_owner), "{limit} for {owner}");
}
