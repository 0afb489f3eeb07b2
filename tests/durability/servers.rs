//! What these tests do with servers: run their programs, connect, replicate, kill.

use crate::cluster::{Cluster, Server, setup};
use crate::deadline::eventually;
use postgres::{Client, Config, NoTls};
use std::path::Path;
use std::process::Command;
use std::str::FromStr;

/// The process that serves a session.
pub fn backend(client: &mut Client) -> i32 {
    client.query_one("SELECT pg_backend_pid()", &[]).expect("alive").get(0)
}

/// All processes of a server: they work in its data directory.
pub fn processes_in(data: &Path) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("on Linux").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let works_there = |pid: &String| {
        std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|directory| directory == data)
    };
    pids.filter(|pid| pid.parse::<u32>().is_ok()).filter(works_there).collect()
}

/// Whether a process is no more: as long as its parent has not taken note, it has an entry, but
/// no directory that it works in.
pub fn is_gone(pid: &str) -> bool {
    !Path::new("/proc").join(pid).exists()
}

impl Server {
    /// The one to test.
    pub fn tested() -> Self {
        let bin = std::env::var("IMGSMLR_RS_BIN");
        Server::of(bin.expect("IMGSMLR_RS_BIN names no server; `make test` does"))
    }

    /// One of an older version, to come from.
    pub fn older() -> Option<Self> {
        let bin = std::env::var("IMGSMLR_RS_OLDER_BIN").ok();
        if bin.is_none() {
            println!("no older server: nothing to test");
        }
        bin.map(Server::of)
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

impl Cluster {
    /// As [`Cluster::start`], with a server that has at rest no more memory than it keeps.
    pub fn start_giving_back(server: &Server, name: &str, options: &str) -> Self {
        let cluster = Self::make(server, name, options, &[]);
        let directory = cluster.path("");
        let start = ["giving_back", "start_cluster", server.bin(), &directory, options];
        if let Err(error) = setup(&start) {
            panic!("{error}");
        }
        cluster
    }

    /// A copy of this cluster by a base backup, not started: as it is, a streaming replica.
    fn copy(&self, name: &str, options: &str) -> Self {
        let copy = Self::nowhere(&self.server, name, options);
        self.setup("copy_cluster", &[&copy.path("")]);
        copy
    }

    /// A streaming replica of this cluster, running.
    pub fn replica(&self, name: &str, options: &str) -> Self {
        let replica = self.copy(name, options);
        replica.start_again();
        replica
    }

    /// A base backup of this cluster, which will recover by `options` when it is started.
    pub fn backup(&self, name: &str, options: &str) -> Self {
        let backup = self.copy(name, options);
        let (standby, recovery) = ("data/standby.signal", "data/recovery.signal");
        std::fs::rename(backup.path(standby), backup.path(recovery)).expect("no standby");
        backup
    }

    /// Takes the databases of another cluster by `pg_upgrade`; both are stopped.
    pub fn upgrade_from(&self, from: &Cluster) {
        let (old, new, socket) = (from.path("data"), self.path("data"), self.socket());
        let options = [
            ["--old-bindir", from.server.bin()],
            ["--new-bindir", self.server.bin()],
            ["--old-datadir", &old],
            ["--new-datadir", &new],
            ["--socketdir", &socket],
            ["--username", "postgres"],
        ];
        // It writes its logs where it is started.
        self.server.run(&self.path(""), "pg_upgrade", &options.concat());
    }

    /// A session in a database.
    pub fn connect(&self, database: &str) -> Client {
        self.try_connect(database).unwrap_or_else(|error| panic!("{}: {error:?}", self.path("")))
    }

    /// A session, unless the server is not there. No statement takes longer than
    /// ten minutes: a guard against one that hangs, on a machine that has others to serve.
    pub fn try_connect(&self, database: &str) -> Result<Client, postgres::Error> {
        let mut config = Config::from_str(&self.address()).expect("a connection string");
        config.dbname(database).options("-c statement_timeout=600s").connect(NoTls)
    }

    /// A fresh database with the extension, and a session in it.
    pub fn database(&self, name: &str) -> Client {
        let create = format!("CREATE DATABASE {name}");
        self.connect("postgres").batch_execute(&create).expect("a database");
        let mut client = self.connect(name);
        client.batch_execute("CREATE EXTENSION imgsmlr_rs").expect("the extension");
        client
    }

    /// All its processes.
    fn processes(&self) -> Vec<String> {
        processes_in(&std::fs::canonicalize(self.path("data")).expect("a data directory"))
    }

    /// Its first process.
    pub fn postmaster(&self) -> String {
        let file = std::fs::read_to_string(self.path("data/postmaster.pid")).expect("running");
        file.lines().next().expect("a process").to_owned()
    }

    /// SIGKILL to the postmaster, or to all processes at once; back when the last
    /// is gone.
    pub fn kill(&self, all: bool) {
        let postmaster = self.postmaster();
        let mut pids = vec![postmaster.clone()];
        if all {
            pids.extend(self.processes());
        }
        // One may have ended by itself meanwhile.
        Command::new("kill").arg("-KILL").args(&pids).output().expect("kill");
        eventually("the processes of a killed server are gone", || {
            self.processes().is_empty() && is_gone(&postmaster)
        });
    }
}
