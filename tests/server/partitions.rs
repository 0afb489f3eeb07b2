//! A table in partitions answers as one table does, in one process and in several.

use crate::answers;
use crate::data::{Photos, Random};
use crate::database::Database;
use crate::fingerprints::Fingerprints;
use std::io::Write as _;

const ROWS: usize = 20_000;

/// What a table is of: fingerprints with `kdtree`, as `examples/scale_out` has it, or
/// signatures with GiST.
#[derive(Clone, Copy)]
pub enum Kind {
    Fingerprint,
    Signature,
}

pub const KINDS: [Kind; 2] = [Kind::Fingerprint, Kind::Signature];

impl Kind {
    /// A file of `examples/scale_out`.
    pub fn example(self, name: &str) -> String {
        let path = format!("{}/examples/scale_out/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect(&path);
        match self {
            Kind::Fingerprint => text,
            Kind::Signature => text
                .replace("fp fingerprint", "sig signature(16)")
                .replace("query fingerprint", "query signature")
                .replace("kdtree (fp)", "gist (sig)")
                .replace("fp <-> ", "sig <-> ")
                .replace("picture_fp", "picture_sig"),
        }
    }

    /// The column.
    pub fn column(self) -> &'static str {
        match self {
            Kind::Fingerprint => "fp",
            Kind::Signature => "sig",
        }
    }

    fn sql_type(self) -> &'static str {
        match self {
            Kind::Fingerprint => "fingerprint",
            Kind::Signature => "signature",
        }
    }

    /// `single`, a table like `picture`, with its index.
    pub fn create_single(self, database: &mut Database) {
        let (column, own) = (self.column(), self.sql_type());
        let using = match self {
            Kind::Fingerprint => "kdtree",
            Kind::Signature => "gist",
        };
        let create = format!(
            "CREATE TABLE single (id int, {column} {own});
             CREATE INDEX single_{column} ON single USING {using} ({column})"
        );
        database.client.batch_execute(&create).expect("table");
    }

    /// As many values as text, the same for the same seed.
    fn draw(self, seed: u64, count: usize) -> Vec<String> {
        let mut random = Random(seed);
        match self {
            Kind::Fingerprint => {
                let source = Fingerprints::read();
                let draw = |_| source.draw(&mut random).map(|at| format!("{at:02x}")).concat();
                (0..count).map(draw).collect()
            }
            Kind::Signature => {
                let photos = Photos::read();
                let draw = |_| photos.draw(&mut random).map(|value| value.to_string()).join(",");
                (0..count).map(draw).collect()
            }
        }
    }

    /// Loads photo-like rows into `table`.
    pub fn load(self, database: &mut Database, table: &str, rows: usize) {
        let mut copy = database.client.copy_in(&format!("COPY {table} FROM STDIN")).expect("copy");
        for (id, row) in self.draw(1, rows).iter().enumerate() {
            writeln!(copy, "{id}\t{row}").expect("row");
        }
        copy.finish().expect("copied");
    }

    /// What to search by.
    pub fn queries(self, count: usize) -> Vec<String> {
        self.draw(2, count)
    }

    /// The nearest of `table`, the plain way.
    pub fn nearest(self, table: &str, to: &str, top: usize) -> String {
        let column = self.column();
        format!(
            "SELECT id, {column} <-> '{to}' FROM {table} ORDER BY {column} <-> '{to}' LIMIT {top}"
        )
    }

    /// Fails unless two answers are the same. Fingerprints are often equally far, and then any
    /// of the last may be among the nearest.
    pub fn assert_same(self, one: &[(u64, i32)], other: &[(u64, i32)], query: &str) {
        match self {
            Kind::Fingerprint => answers::assert_same(one, other, query),
            Kind::Signature => assert_eq!(one, other, "{query}"),
        }
    }

    /// Those of `table` within a sphere, of that radius for a signature.
    pub fn within(self, table: &str, to: &str, of_signature: f64) -> String {
        let (column, own) = (self.column(), self.sql_type());
        let radius = match self {
            Kind::Fingerprint => 1.75,
            Kind::Signature => of_signature,
        };
        format!(
            "SELECT id, {column} <-> '{to}' FROM {table}
             WHERE {column} <<->> sphere('{to}'::{own}, {radius})"
        )
    }
}

/// Rows as (distance bits, id), nearest first.
pub fn answer(database: &mut Database, query: &str) -> Vec<(u64, i32)> {
    let mut answer = answers::answer(&mut database.client, query);
    answer.sort_unstable();
    answer
}

/// How foreign tables are scanned beside each other, with a distance among the columns:
/// PostgreSQL 14 does not yet ask them at once.
pub fn foreign_scan(database: &mut Database) -> &'static str {
    if database.major_version() == 14 { "->  Foreign Scan" } else { "->  Async Foreign Scan" }
}

/// The same rows in one table, `single`, and in `picture`, by `partitions.sql`.
fn partitioned(kind: Kind, name: &str) -> Database {
    let mut database = Database::create(&format!("{name}_{}", kind.column()));
    database.client.batch_execute(&kind.example("partitions.sql")).expect("partitions");
    kind.create_single(&mut database);
    for table in ["single", "picture"] {
        kind.load(&mut database, table, ROWS);
    }
    database.client.batch_execute("ANALYZE").expect("analyzed");
    database
}

#[test]
fn partitions_answer_as_one_table_by_a_merge_of_index_scans() {
    for kind in KINDS {
        let mut database = partitioned(kind, "partitions_merge");
        let order = format!("Order By: ({} <-> ", kind.column());
        for query in kind.queries(20) {
            let search = kind.nearest("picture", &query, 20);
            let plan = database.plan(&search);
            assert!(plan.contains("Merge Append"), "{plan}");
            assert_eq!(plan.matches("Index Scan using picture_").count(), 2, "{plan}");
            assert_eq!(plan.matches(&order).count(), 2, "{plan}");
            let expected = answer(&mut database, &kind.nearest("single", &query, 20));
            kind.assert_same(&answer(&mut database, &search), &expected, &query);
        }
    }
}

#[test]
fn a_sphere_is_looked_up_in_every_partition() {
    for kind in KINDS {
        let mut database = partitioned(kind, "partitions_sphere");
        let condition = format!("Index Cond: ({} <<->> ", kind.column());
        let mut found = 0;
        for query in kind.queries(20) {
            let plan = database.plan(&kind.within("picture", &query, 0.5));
            assert_eq!(plan.matches(&condition).count(), 2, "{plan}");
            let expected = answer(&mut database, &kind.within("single", &query, 0.5));
            found += expected.len();
            assert_eq!(
                answer(&mut database, &kind.within("picture", &query, 0.5)),
                expected,
                "{query}"
            );
        }
        assert!(found > 20, "{found} rows within a sphere");
    }
}

#[test]
fn one_search_asks_all_partitions_at_once_over_connections() {
    for kind in KINDS {
        let mut database = partitioned(kind, "partitions_connections");
        database.client.batch_execute(&kind.example("all_cores.sql")).expect("all_cores.sql");
        let scan = foreign_scan(&mut database);
        for query in kind.queries(20) {
            let search = format!("SELECT * FROM nearest('{query}', 20)");
            let plan = database.plan(&search);
            assert_eq!(plan.matches(scan).count(), 2, "{plan}");
            let expected = answer(&mut database, &kind.nearest("single", &query, 20));
            kind.assert_same(&answer(&mut database, &search), &expected, &query);
        }
    }
}

/// On Citus joins need another form; what it says is the same, and the index is used.
#[test]
fn the_forms_for_citus_answer_as_the_plain_ones() {
    for kind in KINDS {
        let mut database = partitioned(kind, "partitions_citus");
        let column = kind.column();
        let alike = format!(
            "WITH q AS MATERIALIZED (SELECT {column} FROM picture WHERE id = 1)
             SELECT id, {column} <-> (SELECT {column} FROM q) FROM picture
             ORDER BY {column} <-> (SELECT {column} FROM q) LIMIT 20"
        );
        let plan = database.plan(&alike);
        assert_eq!(plan.matches(&format!("Order By: ({column} <-> ")).count(), 2, "{plan}");
        let plain = format!(
            "SELECT id, {column} <-> (SELECT {column} FROM single WHERE id = 1) FROM single
             ORDER BY {column} <-> (SELECT {column} FROM single WHERE id = 1) LIMIT 20"
        );
        let expected = answer(&mut database, &plain);
        kind.assert_same(&answer(&mut database, &alike), &expected, &alike);

        let within = format!("b.{column} <<->> sphere(a.{column}, 0.5) AND a.id < b.id");
        let pairs = format!(
            "WITH a AS MATERIALIZED (SELECT id, {column} FROM picture)
             SELECT count(*) FROM a JOIN picture b ON {within}"
        );
        let plan = database.plan(&pairs);
        assert!(plan.contains(&format!("({column} <<->> sphere(a.{column}, ")), "{plan}");
        let plain = format!("SELECT count(*) FROM single a JOIN single b ON {within}");
        assert_eq!(database.value(&pairs), database.value(&plain));
    }
}
