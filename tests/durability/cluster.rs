//! Clusters that a test makes, starts, kills and removes, by `scripts/setup.sh`.

use crate::deadline::eventually;
use postgres::{Client, Config, NoTls};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

/// Runs a function of `scripts/setup.sh`, and gives what it prints.
fn setup(function: &[&str]) -> Result<String, String> {
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
    /// The one to test.
    pub fn tested() -> Self {
        let bin = std::env::var("IMGSMLR_RS_BIN");
        Server { bin: bin.expect("IMGSMLR_RS_BIN names no server; `make test` does").into() }
    }

    /// One of an older version, to come from.
    pub fn older() -> Option<Self> {
        let bin = std::env::var("IMGSMLR_RS_OLDER_BIN").ok();
        if bin.is_none() {
            println!("no older server: nothing to test");
        }
        bin.map(|bin| Server { bin: bin.into() })
    }

    /// Where its programs are.
    pub fn bin(&self) -> &str {
        self.bin.to_str().expect("a path in UTF-8")
    }

    /// Runs one of its programs in a directory, as the user that it runs as itself.
    pub fn run(&self, directory: &str, program: &str, arguments: &[&str]) {
        let (program, directory) =
            (format!("{}/{program}", self.bin()), format!("--chdir={directory}"));
        let command = [&["as_server_user", "env", &directory, &program], arguments].concat();
        if let Err(error) = setup(&command) {
            panic!("{error}");
        }
    }
}

/// A cluster, gone when dropped.
pub struct Cluster {
    pub server: Server,
    directory: PathBuf,
    options: String,
}

impl Cluster {
    fn nowhere(server: &Server, name: &str, options: &str) -> Self {
        let servers =
            setup(&["eval", "echo \"$servers\""]).unwrap_or_else(|error| panic!("{error}"));
        let directory = Path::new(servers.trim()).join(format!("durability-{name}"));
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

    /// A streaming replica of this cluster, running.
    pub fn replica(&self, name: &str, options: &str) -> Self {
        let replica = Self::nowhere(&self.server, name, options);
        self.setup("copy_cluster", &[&replica.path("")]);
        replica.start_again();
        replica
    }

    fn setup(&self, function: &str, arguments: &[&str]) {
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

    /// Stops it in good order.
    pub fn stop(&self) {
        self.setup("stop_cluster", &[]);
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

    /// A session in a database.
    pub fn connect(&self, database: &str) -> Client {
        self.try_connect(database).unwrap_or_else(|error| panic!("{}: {error:?}", self.path("")))
    }

    /// A session, unless the server is not there. No statement takes longer than
    /// two minutes.
    pub fn try_connect(&self, database: &str) -> Result<Client, postgres::Error> {
        let mut config = Config::from_str(&self.address()).expect("a connection string");
        config.dbname(database).options("-c statement_timeout=120s").connect(NoTls)
    }

    /// A fresh database with the extension, and a session in it.
    pub fn database(&self, name: &str) -> Client {
        let create = format!("CREATE DATABASE {name}");
        self.connect("postgres").batch_execute(&create).expect("a database");
        let mut client = self.connect(name);
        client.batch_execute("CREATE EXTENSION imgsmlr_rs").expect("the extension");
        client
    }

    /// All its processes: they work in its data directory.
    fn processes(&self) -> Vec<i32> {
        let data = std::fs::canonicalize(self.path("data")).expect("a data directory");
        let entries = std::fs::read_dir("/proc").expect("on Linux").flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid: &i32| {
            std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == data)
        })
        .collect()
    }

    /// SIGKILL to the postmaster, or to all processes at once; back when the last
    /// is gone.
    pub fn kill(&self, all: bool) {
        let file = std::fs::read_to_string(self.path("data/postmaster.pid")).expect("running");
        let postmaster = file.lines().next().expect("a process").to_owned();
        let mut pids = vec![postmaster.clone()];
        if all {
            pids.extend(self.processes().iter().map(i32::to_string));
        }
        // One may have ended by itself meanwhile.
        Command::new("kill").arg("-KILL").args(&pids).output().expect("kill");
        eventually("the processes of a killed server are gone", || {
            // As long as its parent has not taken note, a process has an entry, but no directory.
            self.processes().is_empty() && !Path::new("/proc").join(&postmaster).exists()
        });
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
