//! The files below a directory, and those of a cluster.

use crate::cluster::Cluster;
use postgres::Client;
use std::collections::BTreeSet;
use std::path::Path;

/// Paths of all files, those of a relation's free space and visibility maps left
/// out, as these come and go with its first page.
pub fn files(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !name.ends_with("_fsm") && !name.ends_with("_vm") {
            found.insert(name);
        }
    }
    found
}

/// The files of a cluster's databases, with those gone that it has yet to remove.
pub fn of_databases(cluster: &Cluster, client: &mut Client) -> BTreeSet<String> {
    client.batch_execute("CHECKPOINT").expect("files are removed");
    files(Path::new(&cluster.path("data/base")))
}

/// The file of a table or an index, or the first of its files.
pub fn of_relation(cluster: &Cluster, client: &mut Client, name: &str) -> String {
    let query = "SELECT pg_relation_filepath($1::text::regclass)";
    let path: String = client.query_one(query, &[&name]).expect("a path").get(0);
    cluster.path(&format!("data/{path}"))
}

/// As many, not the same: a REINDEX that was too fast has put a new file for the old.
pub fn assert_none_left(before: &BTreeSet<String>, after: &BTreeSet<String>, statement: &str) {
    let new: Vec<&String> = after.difference(before).collect();
    assert_eq!(after.len(), before.len(), "{statement} left {new:?}");
}
