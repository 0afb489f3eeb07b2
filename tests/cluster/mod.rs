//! Clusters that a test makes, starts, stops and removes, by `scripts/setup.sh`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a function of `scripts/setup.sh`, and gives what it prints.
pub fn setup(function: &[&str]) -> Result<String, String> {
    const LONGEST: &str = "300";
    let script = format!("{}/scripts/setup.sh", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("timeout")
        .args([LONGEST, "bash", "-c", ". \"$0\"; \"$@\"", &script])
        .args(function)
        .output()
        .expect("bash");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(format!("{function:?}: {}\n{}", text(&output.stdout), text(&output.stderr)))
    }
}

/// A PostgreSQL installation that has the extension.
#[derive(Clone)]
pub struct Server {
    bin: PathBuf,
}

impl Server {
    /// The one whose programs are there.
    pub fn of(bin: impl Into<PathBuf>) -> Self {
        Server { bin: bin.into() }
    }

    /// Where its programs are.
    pub fn bin(&self) -> &str {
        self.bin.to_str().expect("a path in UTF-8")
    }
}

/// A cluster, gone when dropped.
pub struct Cluster {
    pub server: Server,
    directory: PathBuf,
    options: String,
}

impl Cluster {
    /// A cluster that is still to be made.
    pub fn nowhere(server: &Server, name: &str, options: &str) -> Self {
        let servers =
            setup(&["eval", "echo \"$servers\""]).unwrap_or_else(|error| panic!("{error}"));
        let directory = Path::new(servers.trim()).join(format!("test-{name}"));
        let cluster = Cluster { server: server.clone(), directory, options: options.to_owned() };
        cluster.setup("drop_cluster", &[]);
        cluster
    }

    /// A cluster of no other test, made with `initdb`'s own options, not started.
    pub fn make(server: &Server, name: &str, options: &str, initdb: &[&str]) -> Self {
        let cluster = Self::nowhere(server, name, options);
        cluster.setup("make_cluster", initdb);
        cluster
    }

    /// A running cluster of no other test, the server started with `options`.
    pub fn start(server: &Server, name: &str, options: &str) -> Self {
        let cluster = Self::make(server, name, options, &[]);
        cluster.start_again();
        cluster
    }

    /// Runs a function of `scripts/setup.sh` that takes a server's programs and a cluster.
    pub fn setup(&self, function: &str, arguments: &[&str]) {
        let mut command =
            vec![function, self.server.bin(), self.directory.to_str().expect("UTF-8")];
        command.extend(arguments);
        if let Err(error) = setup(&command) {
            let log = std::fs::read_to_string(self.directory.join("data/log")).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(20).collect();
            panic!("{error}\nits log, the last line first:\n{}", last.join("\n"));
        }
    }

    /// Starts it after a stop or a crash.
    pub fn start_again(&self) {
        self.setup("start_cluster", &[&self.options]);
    }

    /// Stops it in one of `pg_ctl`'s modes: "fast", or "immediate" as a crash would.
    pub fn stop(&self, mode: &str) {
        self.setup("stop_cluster", &[mode]);
    }

    /// A path inside its directory, where the server's user may write.
    pub fn path(&self, name: &str) -> String {
        let path = self.directory.join(name);
        path.to_str().expect("a path in UTF-8").trim_end_matches('/').to_owned()
    }

    /// Where its socket is.
    pub fn socket(&self) -> String {
        let file = std::fs::read_to_string(self.path("socket")).expect("made");
        file.trim().to_owned()
    }

    /// A connection string without a database.
    pub fn address(&self) -> String {
        format!("host={} user=postgres", self.socket())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let directory = self.path("");
        if let Err(error) = setup(&["drop_cluster", self.server.bin(), &directory]) {
            println!("{error}");
        }
    }
}
