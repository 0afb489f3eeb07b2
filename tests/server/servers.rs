//! Servers of a test's own, beside the one that all tests share.

use postgres::Config;
use std::path::Path;
use std::process::{Command, Output};

/// A running server, gone when dropped.
pub struct Server {
    name: String,
    config: Config,
}

/// Runs `scripts/cluster.sh`, for a minute at most.
fn cluster(action: &str, name: &str) -> Output {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut command = Command::new("timeout");
    command.args(["60", &format!("{root}/scripts/cluster.sh"), action, name]);
    // The same version as the shared server's, whose psql `make test` names.
    if let Ok(psql) = std::env::var("IMGSMLR_RS_PSQL") {
        command.env("BIN", Path::new(&psql).parent().expect("a directory"));
    }
    command.output().expect("scripts/cluster.sh")
}

fn succeeded(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl Server {
    /// Starts a fresh one.
    pub fn start(name: &str) -> Self {
        succeeded(&cluster("drop", name));
        let socket = succeeded(&cluster("start", name));
        let mut config = Config::new();
        config.host_path(socket).user("postgres");
        Server { name: name.to_owned(), config }
    }

    /// Stops it as a crash would.
    pub fn stop(&self) {
        succeeded(&cluster("stop", &self.name));
    }

    /// Brings it back after `stop`.
    pub fn restart(&self) {
        succeeded(&cluster("start", &self.name));
    }

    /// How to connect to it.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The folder of its socket, which is its `host`.
    pub fn host(&self) -> String {
        match self.config.get_hosts() {
            [postgres::config::Host::Unix(path)] => path.display().to_string(),
            hosts => panic!("{hosts:?}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Not a second panic, should the test be failing.
        cluster("drop", &self.name);
    }
}
