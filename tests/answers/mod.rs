//! What a search answers, so that two ways to it can be compared.

use postgres::{Error, GenericClient};
use std::collections::BTreeMap;

/// A signature as text that reads back to the same bits.
pub fn text(values: [f32; 16]) -> String {
    values.map(|value| format!("{value:e}")).join(",")
}

/// The answer as (distance bits, id).
pub fn try_answer(client: &mut impl GenericClient, query: &str) -> Result<Vec<(u64, i32)>, Error> {
    let rows = client.query(query, &[])?;
    Ok(rows.iter().map(|row| (row.get::<_, f64>(1).to_bits(), row.get(0))).collect())
}

/// The same of a search that must have one.
pub fn answer(client: &mut impl GenericClient, query: &str) -> Vec<(u64, i32)> {
    try_answer(client, query).expect(query)
}

/// Fails unless two answers to the same search, nearest first, are the same.
pub fn assert_same(one: &[(u64, i32)], other: &[(u64, i32)], query: &str) {
    let distances = |answer: &[(u64, i32)]| -> Vec<u64> {
        answer.iter().map(|&(distance, _)| distance).collect()
    };
    assert_eq!(distances(one), distances(other), "{query}");
    assert_eq!(by_distance(one), by_distance(other), "{query}");
}

/// Ids by distance, without the last distance: its ties may be cut anywhere.
pub fn by_distance(answer: &[(u64, i32)]) -> BTreeMap<u64, Vec<i32>> {
    let mut groups: BTreeMap<u64, Vec<i32>> = BTreeMap::new();
    for &(distance, id) in answer {
        groups.entry(distance).or_default().push(id);
    }
    groups.values_mut().for_each(|ids| ids.sort_unstable());
    groups.pop_last();
    groups
}
