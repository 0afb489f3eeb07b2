//! After SIGKILL or loss of power at any moment, what was acknowledged is there, what was not is
//! there as a whole or not at all, and every index answers as the table does.

use crate::answers::text;
use crate::cluster::{Cluster, Server};
use crate::exact::{check_kdtrees, compare_index, index_equals_scan};
use crate::items::{INDEXES, Index, TABLE, create_indexes, signature};
use crate::knob::knob;
use crate::random::{Draw as _, Random};
use crate::servers::COMPARED;
use postgres::error::{DbError, SqlState};
use postgres::{Client, Error};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

const WRITERS: i32 = 3;

/// The version of each row, by id.
type Rows = BTreeMap<i32, i32>;

/// What one client wrote: rows whose id, divided by [`WRITERS`], leaves its number.
struct Ledger {
    writer: i32,
    random: Random,
    next: i32,
    /// As the server has acknowledged it.
    certain: Rows,
    /// As it is if the last COMMIT, which was not acknowledged, took place.
    possible: Option<Rows>,
    commits: usize,
}

impl Ledger {
    /// Writes, searches and rolls back until the server is gone.
    fn write(&mut self, cluster: &Cluster) {
        let Ok(mut client) = cluster.try_connect("crash") else { return };
        loop {
            match self.transaction(&mut client) {
                Ok(()) => {
                    self.certain = self.possible.take().unwrap_or(std::mem::take(&mut self.certain))
                }
                Err(error) if is_gone(&error) => return,
                // REINDEX takes its locks in another order than writers do.
                Err(error) if error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) => {}
                Err(error) => panic!("writer {}: {error:?}", self.writer),
            }
        }
    }

    /// One transaction of several statements. An error on the way is of a
    /// transaction that never came to COMMIT, unless `possible` is set.
    fn transaction(&mut self, client: &mut Client) -> Result<(), Error> {
        let mut rows = self.certain.clone();
        let mut transaction = client.transaction()?;
        for _ in 0..1 + self.random.below(4) {
            let known: Vec<i32> = rows.keys().copied().collect();
            let some = |random: &mut Random| known[random.below(known.len())];
            match self.random.below(5) {
                0..2 => {
                    for _ in 0..1 + self.random.below(20) {
                        let id = self.writer + WRITERS * self.next;
                        self.next += 1;
                        let sig = text(signature(id, 0));
                        let insert = format!("INSERT INTO item VALUES ({id}, 0, NULL, '{sig}')");
                        transaction.batch_execute(&insert)?;
                        rows.insert(id, 0);
                    }
                }
                2 if !known.is_empty() => {
                    let id = some(&mut self.random);
                    let version = rows.get(&id).map_or(0, |version| version + 1);
                    let sig = text(signature(id, version));
                    let update = format!(
                        "UPDATE item SET version = {version}, sig = '{sig}' WHERE id = {id}"
                    );
                    transaction.batch_execute(&update)?;
                    rows.insert(id, version);
                }
                3 if !known.is_empty() => {
                    let id = some(&mut self.random);
                    transaction.batch_execute(&format!("DELETE FROM item WHERE id = {id}"))?;
                    rows.remove(&id);
                }
                _ => {
                    let center = text(signature(self.random.below(1000) as i32, 0));
                    let index = &INDEXES[self.random.below(INDEXES.len())];
                    transaction.query(&index.nearest(&center, 20), &[])?;
                }
            }
        }
        if self.random.below(8) == 0 {
            return transaction.rollback();
        }
        self.possible = Some(rows);
        transaction.commit()?;
        self.commits += 1;
        Ok(())
    }

    /// Compares with what is there after recovery, and goes on from that.
    fn check(&mut self, client: &mut Client) {
        let query = "SELECT id, version, signature_send(sig) FROM item WHERE id % $1 = $2";
        let rows = client.query(query, &[&WRITERS, &self.writer]).expect("the rows");
        let mut found = Rows::new();
        for row in rows {
            let (id, version): (i32, i32) = (row.get(0), row.get(1));
            let sig = signature(id, version).map(f32::to_be_bytes).concat();
            assert_eq!(row.get::<_, Vec<u8>>(2), sig, "row {id}");
            found.insert(id, version);
        }
        if self.possible.as_ref() != Some(&found) {
            assert_eq!(found, self.certain, "acknowledged by the server to {}", self.writer);
        }
        self.certain = found;
        self.possible = None;
    }
}

/// Whether an error means that the server is no more, or its disk.
fn is_gone(error: &Error) -> bool {
    let ends = |error: &DbError| {
        matches!(error.severity(), "FATAL" | "PANIC") || *error.code() == SqlState::IO_ERROR
    };
    error.as_db_error().is_none_or(ends)
}

/// VACUUM, new indexes, and old ones made again, until the server is gone.
fn maintain(cluster: &Cluster, random: &mut Random) {
    let Ok(mut client) = cluster.try_connect("crash") else { return };
    loop {
        let index = &INDEXES[random.below(INDEXES.len())];
        let (name, extra) = (index.name, extra(index));
        let statement = match random.below(7) {
            0 => "VACUUM item".to_owned(),
            1 | 2 => format!("{} WITH (fillfactor = 100)", index.create_as(&extra)),
            3 => format!("DROP INDEX IF EXISTS {extra}"),
            4 => format!("REINDEX INDEX {name}"),
            5 => format!("REINDEX INDEX CONCURRENTLY {name}"),
            _ => "CHECKPOINT".to_owned(),
        };
        // That an index is there already is no matter; that the server is gone ends it.
        if let Err(error) = client.batch_execute(&statement)
            && is_gone(&error)
        {
            return;
        }
    }
}

/// What a second index like this one is called.
fn extra(index: &Index) -> String {
    format!("extra_{}", index.name)
}

/// Every index, by itself, answers as the table does.
fn every_index_equals_scan(client: &mut Client, random: &mut Random) -> usize {
    let indexes = "SELECT indexrelid::regclass::text, indisvalid FROM pg_index
                   WHERE indrelid = 'item'::regclass AND NOT indisprimary";
    let rows = client.query(indexes, &[]).expect("indexes");
    let mut valid: Vec<String> = Vec::new();
    for row in rows {
        let (name, is_valid): (String, bool) = (row.get(0), row.get(1));
        if is_valid {
            valid.push(name);
        } else {
            // What an interrupted REINDEX CONCURRENTLY leaves is for the user to drop, by its
            // manual.
            client.batch_execute(&format!("DROP INDEX {name}")).expect("dropped");
        }
    }
    check_kdtrees(client);
    for index in &INDEXES {
        assert!(valid.iter().any(|name| name == index.name), "{}: {valid:?}", index.name);
        let (name, extra) = (index.name, extra(index));
        if valid.contains(&extra) {
            let mut transaction = client.transaction().expect("a transaction");
            let instead = format!("{}; ALTER INDEX {extra} RENAME TO {name}", index.drop());
            transaction.batch_execute(&instead).expect("in its place for now");
            compare_index(&mut transaction, index, random);
            transaction.rollback().expect("rolled back");
            client.batch_execute(&format!("DROP INDEX {extra}")).expect("dropped");
        }
    }
    index_equals_scan(client, random)
}

/// Has a checkpoint come after 32 MB of WAL, or after two segments, the least that a server
/// takes: one may have been made with larger ones.
fn check_often(client: &mut Client) {
    let size = "SELECT greatest(32, 2 * setting::int8 >> 20) FROM pg_settings
                WHERE name = 'wal_segment_size'";
    let size: i64 = client.query_one(size, &[]).expect("bytes").get(0);
    for statement in
        [&format!("ALTER SYSTEM SET max_wal_size = '{size}MB'"), "SELECT pg_reload_conf()"]
    {
        client.batch_execute(statement).expect(statement);
    }
}

/// The server's own settings, for what is to outlive it.
pub fn options() -> String {
    format!("{COMPARED} -c fsync=on -c checkpoint_timeout=30s -c autovacuum_naptime=1s")
}

#[test]
fn nothing_acknowledged_is_lost() {
    let cluster = Cluster::start(&Server::tested(), "crash", &options());
    outlives(&cluster, knob("IMGSMLR_RS_ROUNDS", 5), &|all| cluster.kill(all));
}

/// So often: clients write, and the server ends, of which `end` is told whether all its processes
/// are to end at once; then it starts again, and what was acknowledged is there.
pub fn outlives(cluster: &Cluster, rounds: usize, end: &dyn Fn(bool)) {
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let seed = knob("IMGSMLR_RS_SEED", now as usize) as u64;
    println!("IMGSMLR_RS_SEED={seed}");
    let mut random = Random(seed);

    let mut client = cluster.database("crash");
    client.batch_execute(TABLE).expect("a table");
    create_indexes(&mut client);
    check_often(&mut client);
    drop(client);
    let mut ledgers: Vec<Ledger> = (0..WRITERS)
        .map(|writer| Ledger {
            writer,
            random: Random(random.bits()),
            next: 0,
            certain: Rows::new(),
            possible: None,
            commits: 0,
        })
        .collect();
    for round in 0..rounds {
        let mut maintenance = Random(random.bits());
        let moment = Duration::from_millis(200 + random.below(2000) as u64);
        let all = random.below(2) == 0;
        std::thread::scope(|scope| {
            for ledger in &mut ledgers {
                scope.spawn(|| ledger.write(cluster));
            }
            scope.spawn(|| maintain(cluster, &mut maintenance));
            std::thread::sleep(moment);
            end(all);
        });
        let doubts = ledgers.iter().filter(|ledger| ledger.possible.is_some()).count();
        cluster.start_again();
        let mut client = cluster.connect("crash");
        for ledger in &mut ledgers {
            ledger.check(&mut client);
        }
        let rows = every_index_equals_scan(&mut client, &mut random);
        let commits: usize = ledgers.iter().map(|ledger| ledger.commits).sum();
        println!(
            "round {round}: ended after {moment:?}, {commits} commits, {doubts} in doubt, {rows} rows"
        );
    }
    let commits: usize = ledgers.iter().map(|ledger| ledger.commits).sum();
    assert!(commits > rounds, "{commits} commits");
}
