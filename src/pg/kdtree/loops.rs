//! The loops of a search for the processor at hand. Their meaning is one and the same code;
//! the compiler makes it once for every processor of its kind, and once for those with AVX2.

use crate::index::kdtree::kind::{Kind, Loops};

/// The loops that are best here.
pub(super) fn best<K: Kind>() -> Loops<K> {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return avx2::loops();
    }
    Loops::PLAIN
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use crate::index::kdtree::kind::{Hits, Kind, Loops, MOST_BOXES};
    use crate::index::kdtree::page::ROOM;

    /// For a processor that has AVX2.
    pub(super) fn loops<K: Kind>() -> Loops<K> {
        Loops {
            // SAFETY: the only caller has asked whether the processor has AVX2.
            bounds: |query, boxes, count, out| unsafe { bounds::<K>(query, boxes, count, out) },
            // SAFETY: as above.
            nearer: |query, rows, count, most, hits| unsafe {
                nearer::<K>(query, rows, count, most, hits)
            },
        }
    }

    #[target_feature(enable = "avx2")]
    fn bounds<K: Kind>(
        query: &K::Query,
        boxes: &[u8; ROOM],
        count: usize,
        out: &mut [f64; MOST_BOXES],
    ) {
        K::bounds(query, boxes, count, out);
    }

    #[target_feature(enable = "avx2")]
    fn nearer<K: Kind>(
        query: &K::Query,
        rows: &[u8; ROOM],
        count: usize,
        most: f64,
        hits: &mut Hits,
    ) {
        K::nearer(query, rows, count, most, hits);
    }
}
