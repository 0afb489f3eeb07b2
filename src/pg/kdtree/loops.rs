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
    use crate::index::kdtree::kind::{Bounds, Hits, Kind, Loops, Near, Places};
    use crate::index::kdtree::page::ROOM;

    /// For a processor that has AVX2.
    pub(super) fn loops<K: Kind>() -> Loops<K> {
        Loops {
            // SAFETY: the only caller has asked whether the processor has AVX2.
            bounds: |query, boxes, count, out| unsafe { bounds::<K>(query, boxes, count, out) },
            // SAFETY: as above.
            within: |query, boxes, count, radius, out| unsafe {
                within::<K>(query, boxes, count, radius, out)
            },
            // SAFETY: as above.
            nearer: |query, rows, count, near, hits| unsafe {
                nearer::<K>(query, rows, count, near, hits)
            },
            // SAFETY: as above.
            blocks: |rows, count, out| unsafe { blocks::<K>(rows, count, out) },
            // SAFETY: as above.
            beside: |query, blocks, radius| unsafe { beside::<K>(query, blocks, radius) },
        }
    }

    #[target_feature(enable = "avx2")]
    fn bounds<K: Kind>(query: &K::Query, boxes: &[u8; ROOM], count: usize, out: &mut Bounds) {
        K::bounds(query, boxes, count, out);
    }

    #[target_feature(enable = "avx2")]
    fn within<K: Kind>(
        query: &K::Query,
        boxes: &[u8; ROOM],
        count: usize,
        radius: f64,
        out: &mut Bounds,
    ) -> Places {
        K::within(query, boxes, count, radius, out)
    }

    #[target_feature(enable = "avx2")]
    fn nearer<K: Kind>(
        query: &K::Query,
        rows: &[u8; ROOM],
        count: usize,
        near: Near,
        hits: &mut Hits,
    ) {
        K::nearer(query, rows, count, near, hits);
    }

    #[target_feature(enable = "avx2")]
    fn blocks<K: Kind>(rows: &[u8; ROOM], count: usize, out: &mut K::Blocks) {
        K::blocks(rows, count, out);
    }

    #[target_feature(enable = "avx2")]
    fn beside<K: Kind>(query: &K::Query, blocks: &K::Blocks, radius: f64) -> u32 {
        K::beside(query, blocks, radius)
    }
}

#[cfg(test)]
mod tests {
    use super::best;
    use crate::fingerprint::{Fingerprint, in_units};
    use crate::index::kdtree::fingerprints::Fingerprints;
    use crate::index::kdtree::kind::{Bounds, Hits, Kind, Loops, Near, places};
    use crate::index::kdtree::page::ROOM;
    use crate::index::kdtree::signatures::Signatures;
    use crate::signature::Signature;
    use proptest::prelude::*;

    /// Every bit of what both loops give, for all counts of boxes and rows in turn. From `summed` on
    /// sums of squares are not told apart: there a box may be within though it is not nearer.
    fn same_bits<K: Kind>(query: &K::Value, page: &[u8; ROOM], summed: f64) {
        let query = K::query(query);
        let (plain, loops) = (Loops::<K>::PLAIN, best::<K>());
        for count in (0..=K::BOXES).step_by(7) {
            let bounds = [plain.bounds, loops.bounds].map(|bounds| {
                let mut out = Bounds::default();
                bounds(&query, page, count, &mut out);
                let bits = out.distances.iter().map(|bound| bound.to_bits());
                bits.zip(out.rests).take(count).collect::<Vec<_>>()
            });
            assert_eq!(bounds[0], bounds[1], "{count} boxes");
            let mut fars: Vec<f64> =
                bounds[0].iter().map(|&(far, _)| f64::from_bits(far)).collect();
            fars.sort_by(f64::total_cmp);
            // The bound of a box itself is not within.
            for radius in [0.0, fars.get(count / 2).copied().unwrap_or(1.0), f64::MAX] {
                let within = [plain.within, loops.within].map(|within| {
                    let mut out = Bounds::default();
                    let boxes = within(&query, page, count, radius, &mut out);
                    (boxes, places(boxes).map(|place| out.rests[place]).collect::<Vec<_>>())
                });
                assert_eq!(within[0], within[1], "{count} boxes within {radius}");
                for (place, &(far, _)) in bounds[0].iter().enumerate() {
                    let far = f64::from_bits(far);
                    let is_within = within[0].0 >> place & 1 != 0;
                    assert!(is_within || far >= radius, "box {place}, {far} far");
                    assert!(!is_within || far < radius || far >= summed, "box {place}, {far} far");
                }
            }
        }
        for count in (0..=K::ROWS).step_by(7) {
            // The nearest half of them, too, so that rows are left on the way.
            let mut most = f64::MAX;
            for _ in 0..3 {
                let [plain, best] = [plain.nearer, loops.nearer].map(|nearer| {
                    let mut hits = Hits::default();
                    nearer(&query, page, count, Near::any(most, 0), &mut hits);
                    hits.iter().map(|(place, far)| (place, far.to_bits())).collect::<Vec<_>>()
                });
                assert_eq!(plain, best, "{count} rows within {most}");
                let beside = [Loops::<K>::PLAIN, loops].map(|loops| {
                    let mut blocks = K::Blocks::default();
                    (loops.blocks)(page, count, &mut blocks);
                    (loops.beside)(&query, &blocks, most)
                });
                assert_eq!(beside[0], beside[1], "{count} rows, beside within {most}");
                for &(place, far) in &plain {
                    let block = beside[0] >> (place / K::BLOCK) & 1;
                    assert!(block != 0 || f64::from_bits(far) >= most, "row {place} is not beside");
                }
                let mut far: Vec<u64> = plain.iter().map(|&(_, far)| far).collect();
                far.sort_unstable();
                most = f64::from_bits(far.get(far.len() / 2).copied().unwrap_or(0));
            }
        }
    }

    /// A page of numbers, one after the other, as often as there is room.
    fn page<const BYTES: usize>(numbers: &[[u8; BYTES]]) -> [u8; ROOM] {
        let mut page = [0; ROOM];
        for (place, number) in page.as_chunks_mut().0.iter_mut().zip(numbers.iter().cycle()) {
            *place = *number;
        }
        page
    }

    /// Ordinary numbers, equal ones, and those whose squares are beyond a float4 or lost in it.
    fn number() -> impl Strategy<Value = f32> {
        prop_oneof![
            8 => 0.0_f32..1.0,
            2 => (0_u8..3).prop_map(f32::from),
            1 => any::<f32>().prop_filter("finite", |number| number.is_finite()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn any_processor_finds_the_same_signatures(
            query in proptest::array::uniform16(number()),
            // A prime number of them, so that no two rows are the same.
            numbers in proptest::collection::vec(number(), 1021),
        ) {
            let numbers: Vec<[u8; 4]> = numbers.into_iter().map(f32::to_ne_bytes).collect();
            same_bits::<Signatures>(&Signature::from_values(query), &page(&numbers), f64::INFINITY);
        }

        #[test]
        fn any_processor_finds_the_same_fingerprints(
            query in any::<[u8; 32]>(),
            // From all alike to all different.
            spread in 1_u16..=256,
            bytes in proptest::collection::vec(any::<u8>(), 4093),
        ) {
            let near = |(byte, at): (u8, u8)| at.wrapping_add((u16::from(byte) % spread) as u8);
            let bytes = bytes.into_iter().zip(query.into_iter().cycle()).map(near);
            let bytes: Vec<[u8; 1]> = bytes.map(|byte| [byte]).collect();
            let summed = in_units(u32::from(u16::MAX));
            same_bits::<Fingerprints>(&Fingerprint::from_values(query), &page(&bytes), summed);
        }
    }
}
