//! The table that these tests fill.

use crate::answers::text;
use crate::random::{Draw as _, Random};
use postgres::GenericClient;
use std::io::Write as _;

/// Its definition. Patterns are large, so few rows have one. A fingerprint of any bytes goes
/// with each signature, with an index of its own: by `kdtree`, as the signatures' is by GiST.
pub const TABLE: &str = "
    CREATE TABLE item (id int PRIMARY KEY, version int NOT NULL, patt pattern, sig signature(16) NOT NULL,
        fp fingerprint GENERATED ALWAYS AS (sha256(signature_send(sig))::fingerprint) STORED);
    CREATE INDEX item_fp ON item USING kdtree (fp)";

/// The same index once more, where it was dropped.
pub const FINGERPRINT_INDEX: &str = "CREATE INDEX item_fp ON item USING kdtree (fp)";

/// The signatures' index.
pub const INDEX: &str = "CREATE INDEX item_sig ON item USING gist (sig)";

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
        SELECT coalesce(md5(string_agg(concat_ws(' ', id, version, md5(pattern_send(patt)), md5(signature_send(sig)), fp),
                              ',' ORDER BY id)), ''), count(*) FROM item";
    let row = client.query_one(query, &[]).expect("a fingerprint");
    (row.get(0), row.get(1))
}
