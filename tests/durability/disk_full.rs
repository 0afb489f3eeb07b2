//! A full disk is an error, costs nothing that was there, and leaves no files.
//!
//! The disk is a small tmpfs, which only root can mount.

use crate::cluster::{Cluster, Server};
use crate::exact::index_equals_scan;
use crate::files::files;
use crate::fixture::fixture;
use crate::items::{INDEXES, TABLE, create_indexes, drop_indexes, load};
use crate::random::Random;
use postgres::error::SqlState;
use std::path::PathBuf;
use std::process::Command;

/// A file system of two megabytes, gone when dropped.
struct SmallDisk {
    directory: PathBuf,
}

impl SmallDisk {
    /// One in the cluster's directory, if we may mount it.
    fn mount(cluster: &Cluster) -> Option<Self> {
        let directory = cluster.path("small");
        std::fs::create_dir(&directory).ok()?;
        let run = |command: &[&str]| {
            Command::new(command[0])
                .args(&command[1..])
                .output()
                .is_ok_and(|output| output.status.success())
        };
        if !run(&["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", &directory]) {
            println!("no file system can be mounted here: nothing to test");
            return None;
        }
        let disk = SmallDisk { directory: directory.into() };
        let owner = format!("--reference={}", cluster.path("data"));
        let path = disk.directory.to_str().expect("UTF-8");
        assert!(run(&["chown", &owner, path]) && run(&["chmod", "700", path]));
        Some(disk)
    }

    fn files(&self) -> usize {
        files(&self.directory).len()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.directory).status();
        println!("{} unmounted: {unmounted:?}", self.directory.display());
    }
}

#[test]
fn a_full_disk_costs_nothing_that_was_there() {
    const ROWS: i32 = 60_000;
    let cluster = Cluster::start(&Server::tested(), "disk", "-c autovacuum=off");
    let Some(disk) = SmallDisk::mount(&cluster) else { return };
    let mut client = cluster.database("disk");
    let mut random = Random(6);
    client.batch_execute(TABLE).expect("a table");
    load(&mut client, 0..ROWS);
    client
        .batch_execute(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.directory.display()))
        .expect("a tablespace");
    let full = |statement: &str, error: postgres::Error| {
        assert_eq!(error.code(), Some(&SqlState::DISK_FULL), "{statement}: {error:?}");
    };

    // A build, sorted in memory, and by files that are on the small disk, too.
    client.batch_execute("SET temp_tablespaces = small").expect("set");
    for memory in ["64MB", "1MB"] {
        client.batch_execute(&format!("SET maintenance_work_mem = '{memory}'")).expect("set");
        for index in &INDEXES {
            let statement = format!("{} TABLESPACE small", index.create());
            full(&statement, client.batch_execute(&statement).expect_err("too large"));
            client.batch_execute("CHECKPOINT").expect("files are removed");
            assert_eq!(disk.files(), 0, "{memory}: {statement}");
        }
    }
    let run = |client: &mut postgres::Client, statement: &str| {
        client.batch_execute(statement).expect(statement);
    };
    run(&mut client, "RESET temp_tablespaces; RESET maintenance_work_mem");
    create_indexes(&mut client);
    assert_eq!(index_equals_scan(&mut client, &mut random), ROWS as usize);

    // Growth, of the indexes on the small disk only.
    drop_indexes(&mut client);
    run(&mut client, "DELETE FROM item WHERE id > 3000");
    run(&mut client, "SET default_tablespace = small");
    create_indexes(&mut client);
    run(&mut client, "RESET default_tablespace");
    let mut grown = 0;
    let insert =
        "INSERT INTO item SELECT id + 100000 * $1, 0, NULL, sig FROM item WHERE id <= 1000";
    let error = loop {
        grown += 1;
        match client.execute(insert, &[&grown]) {
            Ok(_) => assert!(grown < 50, "two megabytes hold all of it"),
            Err(error) => break error,
        }
    };
    full(insert, error);
    let rows = index_equals_scan(&mut client, &mut random);
    assert_eq!(rows, 3001 + 1001 * (grown as usize - 1));
    // What is deleted makes room again.
    client.batch_execute("DELETE FROM item WHERE id < 3000").expect("deleted");
    client.batch_execute("VACUUM item").expect("vacuumed");
    load(&mut client, 50_000..50_500);
    index_equals_scan(&mut client, &mut random);
    drop_indexes(&mut client);

    // Many pictures at once.
    run(&mut client, "CREATE TABLE converted (id int, patt pattern) TABLESPACE small");
    let convert =
        "INSERT INTO converted SELECT i, image2pattern($1) FROM generate_series(1, 1000) i";
    let error = client.execute(convert, &[&fixture("images/rgb8.png")]).expect_err("16 MB");
    full(convert, error);
    let count: i64 =
        client.query_one("SELECT count(*) FROM converted", &[]).expect("a count").get(0);
    assert_eq!(count, 0);
    run(&mut client, "DROP TABLE converted");
    run(&mut client, "CHECKPOINT");
    assert_eq!(disk.files(), 0);
}
