//! The table that these tests fill.

use crate::answers::text;
use crate::random::{Draw as _, Random};
use postgres::GenericClient;
use std::io::Write as _;

/// Its definition. Patterns are large, so few rows have one. Both types have a column for each
/// access method; a fingerprint is of any bytes.
pub const TABLE: &str = "
    CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL, patt pattern, sig signature(16) NOT NULL,
        sig2 signature(16) GENERATED ALWAYS AS (sig) STORED,
        fp fingerprint GENERATED ALWAYS AS (sha256(signature_send(sig))::fingerprint) STORED,
        fp2 fingerprint GENERATED ALWAYS AS (sha256(signature_send(sig))::fingerprint) STORED)";

/// An index, the only one of its column, so that no plan can take another.
pub struct Index {
    pub name: &'static str,
    method: &'static str,
    column: &'static str,
}

/// Every index that these tests are about.
pub const INDEXES: [Index; 4] = [
    Index { name: "item_sig", method: "gist", column: "sig" },
    Index { name: "item_sig2", method: "kdtree", column: "sig2" },
    Index { name: "item_fp", method: "gist", column: "fp" },
    Index { name: "item_fp2", method: "kdtree", column: "fp2" },
];

impl Index {
    /// The statement that makes it.
    pub fn create(&self) -> String {
        self.create_as(self.name)
    }

    /// One that makes another such.
    pub fn create_as(&self, name: &str) -> String {
        format!("CREATE INDEX {name} ON item USING {} ({})", self.method, self.column)
    }

    /// The one that removes it.
    pub fn drop(&self) -> String {
        format!("DROP INDEX {}", self.name)
    }

    /// Whether it is by `kdtree`.
    pub fn is_kdtree(&self) -> bool {
        self.method == "kdtree"
    }

    /// The value that goes with a signature.
    fn value(&self, sig: &str) -> String {
        if self.column.starts_with("sig") {
            format!("'{sig}'")
        } else {
            format!("sha256(signature_send('{sig}'))::fingerprint")
        }
    }

    /// The nearest of what goes with `sig`, a signature.
    pub fn nearest(&self, sig: &str, limit: usize) -> String {
        let distance = format!("{} <-> {}", self.column, self.value(sig));
        format!("SELECT id, {distance} FROM item ORDER BY {distance} LIMIT {limit}")
    }

    /// All nearer to that than `radius`, in any order.
    pub fn within(&self, sig: &str, radius: f64) -> String {
        let (column, value) = (self.column, self.value(sig));
        format!(
            "SELECT id, {column} <-> {value} FROM item
             WHERE {column} <<->> sphere({value}, {radius:e})"
        )
    }
}

/// Makes all of them.
pub fn create_indexes(client: &mut impl GenericClient) {
    for index in &INDEXES {
        client.batch_execute(&index.create()).expect(index.name);
    }
}

/// Removes all of them.
pub fn drop_indexes(client: &mut impl GenericClient) {
    for index in &INDEXES {
        client.batch_execute(&index.drop()).expect(index.name);
    }
}

/// Rows up to this one have a pattern.
const WITH_PATTERN: i32 = 50;

/// The signature of a row in one of its versions: one of few, so that many are
/// equal, or like no other.
pub fn signature(id: i32, version: i32) -> [f32; 16] {
    let mut random = Random((id as u64) << 32 | version as u64);
    match random.below(4) {
        0 => std::array::from_fn(|_| random.below(2) as f32),
        _ => crate::data::uniform(&mut random),
    }
}

/// 4,096 numbers of any bits.
fn pattern(id: i32) -> String {
    let mut random = Random(id as u64);
    let numbers: Vec<String> = (0..4096).map(|_| format!("{:e}", random.finite_bits())).collect();
    numbers.join(" ")
}

/// Adds rows, each in its version 0.
pub fn load(client: &mut impl GenericClient, ids: std::ops::Range<i32>) {
    let mut copy = client.copy_in("COPY item FROM STDIN").expect("copy");
    for id in ids {
        let pattern = if id < WITH_PATTERN { pattern(id) } else { "\\N".to_owned() };
        writeln!(copy, "{id}\t0\t{pattern}\t{}", text(signature(id, 0))).expect("a row");
    }
    copy.finish().expect("copied");
}

/// A number for all bits of all rows, and their count.
pub fn fingerprint(client: &mut impl GenericClient) -> (String, i64) {
    let query = "
        SELECT coalesce(md5(string_agg(concat_ws(' ', id, version, md5(pattern_send(patt)), md5(signature_send(sig)),
                              md5(signature_send(sig2)), fp, fp2),
                              ',' ORDER BY id)), ''), count(*) FROM item";
    let row = client.query_one(query, &[]).expect("a fingerprint");
    (row.get(0), row.get(1))
}
