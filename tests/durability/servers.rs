//! What these tests do with servers: run their programs, connect, replicate, kill.

use crate::cluster::{Cluster, Server, setup};
use crate::deadline::eventually;
use postgres::{Client, Config, NoTls};
use std::path::Path;
use std::process::Command;
use std::str::FromStr;

/// What a server is started with that crashes or has a standby: each WAL record brings the pages as
/// they were, and whoever replays it ends where they are not what it makes of them.
///
/// Not those of GiST, which PostgreSQL itself writes and replays: when an insertion drops entries
/// that searches had marked as dead (`Gist/DELETE`), replay sets a flag on the page that the
/// insertion did not (`F_TUPLES_DELETED`), up to 18 at least and with any type. Nothing reads the
/// flag, but the comparison ends the server.
pub const COMPARED: &str = "-c wal_consistency_checking=heap,heap2,btree,sequence,generic";

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

/// What a server is started with to archive its WAL in a directory.
pub fn archiving(archive: &str) -> String {
    format!("-c archive_mode=on -c archive_command='mkdir -p {archive} && cp %p {archive}/%f'")
}

/// What a base backup is started with to recover to the restore point `then`, and to go on from it.
pub fn recovering(archive: &str) -> String {
    format!(
        "-c restore_command='cp {archive}/%f %p' -c recovery_target_name=then \
         -c recovery_target_action=promote"
    )
}

/// Waits until all WAL is in the archive.
pub fn await_archive(client: &mut Client) {
    let last = "SELECT pg_walfile_name(pg_switch_wal())";
    let last: String = client.query_one(last, &[]).expect("a file's name").get(0);
    let archived = "SELECT coalesce(last_archived_wal >= $1, false) FROM pg_stat_archiver";
    eventually("all WAL is in the archive", || {
        client.query_one(archived, &[&last]).expect("a name").get(0)
    });
}

/// Waits until recovery has come to its target.
pub fn await_recovery(client: &mut Client) {
    eventually("recovery has come to its target", || {
        let query = "SELECT NOT pg_is_in_recovery()";
        client.query_one(query, &[]).expect("whether it has").get(0)
    });
}

/// Waits until a standby has replayed what its primary has written.
pub fn catch_up(primary: &mut Client, standby: &mut Client) {
    let end = "SELECT pg_current_wal_lsn()::text";
    let end: String = primary.query_one(end, &[]).expect("a place").get(0);
    let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{end}'::pg_lsn");
    eventually("the replica has replayed all", || {
        standby.query_one(&replayed, &[]).expect("a place").get(0)
    });
}

/// Makes a standby a primary.
pub fn promote(standby: &mut Client) {
    let promoted: bool =
        standby.query_one("SELECT pg_promote(true, 60)", &[]).expect("asked").get(0);
    assert!(promoted);
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
