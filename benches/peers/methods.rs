//! What is compared.

/// One way to find the nearest.
pub struct Method {
    pub name: &'static str,
    pub table: &'static str,
    /// What to put before `USING`'s columns, or nothing for a sequential scan.
    pub index: Option<&'static str>,
    pub order_by: &'static str,
    /// `hnsw.ef_search` to try, until recall is 0.999.
    pub breadths: &'static [u32],
    pub most_rows: usize,
}

pub const OURS: &str = "sig <-> $1::text::signature";
pub const VECTOR: &str = "vec <-> $1::text::vector";

pub const METHODS: [Method; 8] = [
    Method {
        name: "imgsmlr_rs GiST",
        table: "signatures",
        index: Some("USING gist (sig)"),
        order_by: OURS,
        breadths: &[],
        most_rows: usize::MAX,
    },
    Method {
        name: "imgsmlr_rs GiST, fillfactor 100",
        table: "signatures",
        index: Some("USING gist (sig) WITH (fillfactor = 100)"),
        order_by: OURS,
        breadths: &[],
        most_rows: usize::MAX,
    },
    Method {
        name: "imgsmlr_rs, sequential scan",
        table: "signatures",
        index: None,
        order_by: OURS,
        breadths: &[],
        most_rows: usize::MAX,
    },
    Method {
        name: "pgvector HNSW, default",
        table: "vectors",
        index: Some("USING hnsw (vec vector_l2_ops)"),
        order_by: VECTOR,
        breadths: &[40],
        most_rows: usize::MAX,
    },
    Method {
        name: "pgvector HNSW, recall ≥ 0.999",
        table: "vectors",
        // On the index of the row above.
        index: Some(""),
        order_by: VECTOR,
        breadths: &[80, 160, 320, 640, 1000],
        most_rows: usize::MAX,
    },
    Method {
        name: "pgvector HNSW on signature(16), default",
        table: "signatures",
        index: Some("USING hnsw (sig signature_hnsw_ops)"),
        order_by: OURS,
        breadths: &[40],
        most_rows: usize::MAX,
    },
    Method {
        name: "pgvector, sequential scan",
        table: "vectors",
        index: None,
        order_by: VECTOR,
        breadths: &[],
        most_rows: usize::MAX,
    },
    Method {
        name: "cube GiST",
        table: "cubes",
        index: Some("USING gist (point)"),
        order_by: "point <-> $1::text::cube",
        breadths: &[],
        most_rows: 100_000,
    },
];
