//! A tree in memory, for tests: pages in a vector, changed as an insertion does and
//! searched as a scan does, with somebody else changing the tree between two looks.

use crate::fingerprint::Fingerprint;
use crate::index::kdtree::TreeError;
use crate::index::kdtree::build::{Packer, Row, Store};
use crate::index::kdtree::cell::Cell as _;
use crate::index::kdtree::fingerprints::Fingerprints;
use crate::index::kdtree::gather::Gather;
use crate::index::kdtree::kind::{Kind, Loops};
use crate::index::kdtree::leaf::Pointer;
use crate::index::kdtree::page::{MOST_ROWS, NO_BLOCK, Page, ROOT_BLOCK, Role};
use crate::index::kdtree::pairs::{MANY, Pairs};
use crate::index::kdtree::parts::{Cut, Parts};
use crate::index::kdtree::search::{Search, Step, Within, beyond_the_first_round};
use crate::index::kdtree::signatures::Signatures;
use crate::index::kdtree::{change, choose};
use crate::index::kdtree::{inner, leaf};
use crate::signature::Signature;
use proptest::prelude::*;

/// The pages of a tree.
struct Model {
    pages: Vec<Page>,
    splits: u64,
}

impl Store for Model {
    fn append(&mut self, page: &Page) -> u32 {
        self.pages.push(page.clone());
        self.pages.len() as u32 - 1
    }

    fn root(&mut self, page: &Page) {
        self.pages[ROOT_BLOCK as usize] = page.clone();
    }

    fn proceed(&mut self, _rows: usize) {}
}

impl Model {
    fn build<K: Kind>(parts: &[&[K::Value]], fill_factor: usize) -> Self {
        let empty = Page::new(K::NUMBER, Role::Node, 0);
        let model = Model { pages: vec![empty.clone(), empty], splits: 0 };
        let mut packer = Packer::<K, Model>::new(model, fill_factor);
        let mut number = 0;
        for part in parts {
            let row = |value| {
                number += 1;
                Row::<K>::new(value, Pointer(number - 1))
            };
            let mut rows: Vec<Row<K>> = part.iter().map(row).collect();
            packer.pack(&mut rows).expect("memory");
        }
        packer.finish().expect("memory")
    }

    fn page(&self, block: u32) -> &Page {
        &self.pages[block as usize]
    }

    /// Inserts as `pg::kdtree::insert` does, alone.
    fn insert<K: Kind>(&mut self, value: &K::Value, pointer: Pointer) {
        let cell = K::cell(value);
        let full = |page: &Page| page.count() >= if page.level() == 0 { K::ROWS } else { K::BOXES };
        'again: loop {
            if full(self.page(ROOT_BLOCK)) {
                let old = self.page(ROOT_BLOCK).clone();
                let mut halves = change::split::<K>(&old).expect("memory");
                let blocks = (self.pages.len() as u32, self.pages.len() as u32 + 1);
                self.splits += 1;
                let root = change::new_root::<K>(&old, &mut halves, blocks, self.splits);
                self.pages.extend([halves.left.0, halves.right.0]);
                self.root(&root);
            }
            let mut at = ROOT_BLOCK;
            while self.page(at).level() > 0 {
                let place = choose::choose::<K>(self.page(at), &cell);
                let grown = change::grown::<K>(self.page(at), place, &cell);
                let child = inner::child::<K>(self.page(at), place);
                if let Some(grown) = grown {
                    inner::set::<K>(&mut self.pages[at as usize], place, &grown, child);
                }
                if full(self.page(child.block)) {
                    let mut halves = change::split::<K>(self.page(child.block)).expect("memory");
                    let right = self.pages.len() as u32;
                    self.splits += 1;
                    let parent = &mut self.pages[at as usize];
                    change::enter_split(parent, place, &mut halves, right, self.splits);
                    self.pages[child.block as usize] = halves.left.0;
                    self.pages.push(halves.right.0);
                    continue 'again;
                }
                at = child.block;
            }
            assert!(leaf::push::<K>(&mut self.pages[at as usize], Some(value), pointer));
            return;
        }
    }

    /// That every row is in its boxes; gives how many there are.
    fn check<K: Kind>(&self, block: u32, level: Option<u16>, around: Option<K::Cell>) -> usize {
        let page = self.page(block);
        assert_eq!(page.check(block, K::NUMBER), Ok(Role::Node));
        assert!(level.is_none_or(|level| level == page.level()));
        if page.level() == 0 {
            for place in 0..page.count() {
                let cell = K::cell(&leaf::value::<K>(page, place));
                assert!(around.is_none_or(|around| around.holds(&cell)));
            }
            return page.count();
        }
        let below = |place| {
            let (cell, child) = (inner::cell::<K>(page, place), inner::child::<K>(page, place));
            assert!(around.is_none_or(|around| around.holds(&cell)));
            assert_eq!(self.page(child.block).birth(), child.birth);
            self.check::<K>(child.block, Some(page.level() - 1), Some(cell))
        };
        (0..page.count()).map(below).sum()
    }
}

/// All rows by distance, `change` called between two looks.
fn by_distance<K: Kind>(
    model: &mut Model,
    query: &K::Value,
    most: usize,
    mut change: impl FnMut(&mut Model),
) -> Result<Vec<(f64, u64)>, TreeError> {
    let mut search = Search::<K>::new(Loops::PLAIN, K::query(query), Vec::new(), false)?;
    let mut rows = Vec::new();
    while rows.len() < most {
        match search.step()? {
            Step::Read(visit) => {
                search.take(visit, model.page(visit.block))?;
                change(model);
            }
            Step::Row(row) => rows.push((row.distance, row.pointer.0)),
            Step::Done => break,
        }
    }
    Ok(rows)
}

fn within<K: Kind>(
    model: &mut Model,
    center: &K::Value,
    radius: f64,
    mut change: impl FnMut(&mut Model),
) -> Vec<u64> {
    let spheres = vec![Within { center: K::query(center), radius }];
    let mut gather = Gather::<K>::new(Loops::PLAIN, spheres, false).expect("memory");
    let mut rows = Vec::new();
    while let Some(visit) = gather.next_visit() {
        gather.take(visit, model.page(visit.block)).expect("a tree");
        rows.extend(gather.drain_rows().map(|pointer| pointer.0));
        change(model);
    }
    rows.sort_unstable();
    rows
}

/// That searches find what a look at all rows finds, while others insert.
fn searches_are_exact<K: Kind>(
    values: &[K::Value],
    more: &[K::Value],
    query: &K::Value,
    fill_factor: usize,
) {
    let center = K::query(query);
    let mut expected: Vec<(f64, u64)> =
        (0..).zip(values).map(|(number, value)| (K::distance(&center, value), number)).collect();
    expected.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (first, second) = values.split_at(values.len() / 3);
    let mut model = Model::build::<K>(&[first, second], fill_factor);
    assert_eq!(model.check::<K>(ROOT_BLOCK, None, None), values.len());

    let old = values.len() as u64;
    let mut incoming = more.iter().zip(old..);
    let mut insert = |model: &mut Model| {
        for (value, number) in incoming.by_ref().take(20) {
            model.insert::<K>(value, Pointer(number));
        }
    };
    for most in [usize::MAX, 1, 20] {
        let found = by_distance::<K>(&mut model, query, most, &mut insert).expect("a tree");
        // Rows that came since may be there or not, and out of order, as boxes grow behind a
        // search: to a snapshot there are none. The others are there in order, and once.
        let mut found: Vec<_> = found.into_iter().filter(|row| row.1 < old).collect();
        assert!(found.is_sorted_by(|a, b| a.0 <= b.0));
        if most == usize::MAX {
            found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            assert_eq!(found, expected);
        }
    }
    for place in [0, expected.len() / 2] {
        let Some(&(radius, _)) = expected.get(place) else { continue };
        for radius in [radius, radius.next_up()] {
            let found = within::<K>(&mut model, query, radius, &mut insert);
            let found: Vec<u64> = found.into_iter().filter(|&number| number < old).collect();
            let mut inside: Vec<u64> =
                expected.iter().filter(|row| row.0 < radius).map(|row| row.1).collect();
            inside.sort_unstable();
            assert_eq!(found, inside);
        }
    }
    insert(&mut model);
    model.check::<K>(ROOT_BLOCK, None, None);
}

/// Cuts a tree into the boxes of this level, while others insert.
fn cut<K: Kind>(model: &mut Model, level: u16, mut insert: impl FnMut(&mut Model)) -> Parts {
    let mut cut = Cut::new(level).expect("memory");
    while let Some(visit) = cut.next_visit() {
        cut.take::<K>(visit, model.page(visit.block)).expect("a tree");
        insert(model);
    }
    cut.finish()
}

/// That all near pairs are found, once each, by two who share the parts, while others insert.
fn pairs_are_exact<K: Kind>(
    values: &[K::Value],
    more: &[K::Value],
    nearer: usize,
    (full, level): (usize, u16),
) {
    let mut expected = Vec::new();
    for (one, a) in (0..).zip(values) {
        let query = K::query(a);
        let others = (0..).zip(values).skip(one as usize + 1);
        expected.extend(others.map(|(other, b)| (K::distance(&query, b), one, other)));
    }
    expected.sort_by(|a, b| a.0.total_cmp(&b.0));
    // As many as that, or a few more: those that are as far are outside.
    let radius = expected.get(nearer.min(expected.len() / 2)).map_or(1.0, |pair| pair.0);
    expected.retain(|pair| pair.0 < radius);

    let (first, second) = values.split_at(values.len() / 3);
    let mut model = Model::build::<K>(&[first, second], 90);
    let old = values.len() as u64;
    let mut incoming = more.iter().zip(old..);
    let mut insert = |model: &mut Model| {
        for (value, number) in incoming.by_ref().take(20) {
            model.insert::<K>(value, Pointer(number));
        }
    };
    let parts = cut::<K>(&mut model, level, &mut insert);
    let count = parts.count();
    let mut both = [(); 2].map(|()| Pairs::<K>::new(Loops::PLAIN, radius, full, parts.clone()));
    let (mut next, mut found, mut done) = (0, Vec::new(), 0);
    while done < 2 {
        done = 0;
        for pairs in &mut both {
            let Some(turn) = pairs.next_turn().expect("memory") else {
                done += usize::from(!pairs.begin(next).expect("memory"));
                next += 1;
                continue;
            };
            pairs.take(turn, model.page(turn.block())).expect("a tree");
            while let Some(pair) = pairs.next_pair().expect("memory") {
                assert!(pairs.kept() < MANY + MOST_ROWS);
                found.push((pair.distance, pair.one.0, pair.other.0));
            }
            insert(&mut model);
        }
    }
    assert!(next >= count);
    found.retain(|pair| pair.1 < old && pair.2 < old);
    for pairs in [&mut found, &mut expected] {
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    }
    assert_eq!(found, expected);
}

/// Photo-like numbers, ties, and the far ends of float4.
fn signature() -> impl Strategy<Value = Signature> {
    let number = prop_oneof![
        6 => 0.0_f32..2.0,
        3 => prop_oneof![Just(0.0_f32), Just(1.0), Just(-1.0)],
        1 => any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |v| v.is_finite()),
    ];
    proptest::array::uniform16(number).prop_map(Signature::from_values)
}

fn plain_signature() -> impl Strategy<Value = Signature> {
    proptest::array::uniform16(0.0_f32..2.0).prop_map(Signature::from_values)
}

fn fingerprint() -> impl Strategy<Value = Fingerprint> {
    let number = prop_oneof![6 => 100_u8..156, 1 => Just(0_u8), 1 => Just(255), 1 => any::<u8>()];
    proptest::array::uniform32(number).prop_map(Fingerprint::from_values)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn signatures_of_any_numbers(
        values in proptest::collection::vec(signature(), 0..1500),
        more in proptest::collection::vec(signature(), 0..800),
        query in signature(),
        fill_factor in 50_usize..=100,
    ) {
        searches_are_exact::<Signatures>(&values, &more, &query, fill_factor);
    }

    #[test]
    fn signatures_of_plain_numbers(
        values in proptest::collection::vec(plain_signature(), 0..3000),
        more in proptest::collection::vec(plain_signature(), 0..800),
        query in plain_signature(),
    ) {
        searches_are_exact::<Signatures>(&values, &more, &query, 90);
    }

    #[test]
    fn fingerprints(
        values in proptest::collection::vec(fingerprint(), 0..3000),
        more in proptest::collection::vec(fingerprint(), 0..800),
        query in fingerprint(),
    ) {
        searches_are_exact::<Fingerprints>(&values, &more, &query, 90);
    }

    #[test]
    fn pairs_of_signatures(
        values in proptest::collection::vec(signature(), 0..800),
        more in proptest::collection::vec(signature(), 0..800),
        nearer in 0_usize..2000,
        full in 1_usize..1000,
        level in 1_u16..3,
    ) {
        pairs_are_exact::<Signatures>(&values, &more, nearer, (full, level));
    }

    #[test]
    fn pairs_of_fingerprints(
        values in proptest::collection::vec(fingerprint(), 0..800),
        more in proptest::collection::vec(fingerprint(), 0..800),
        nearer in 0_usize..2000,
        full in 1_usize..1000,
        level in 1_u16..3,
    ) {
        pairs_are_exact::<Fingerprints>(&values, &more, nearer, (full, level));
    }

    #[test]
    fn equal_rows(count in 0_usize..3000, more in 0_usize..800) {
        let value = Fingerprint::from_values([7; 32]);
        searches_are_exact::<Fingerprints>(&vec![value; count], &vec![value; more], &value, 90);
        let value = Signature::from_values([0.25; 16]);
        searches_are_exact::<Signatures>(&vec![value; count], &vec![value; more], &value, 90);
    }
}

/// Equal rows are many pairs, of which few are kept at a time; the first leaf has the first of them.
#[test]
fn pairs_of_equal_rows() {
    let other =
        |n: usize| Fingerprint::from_values(std::array::from_fn(|at| (n >> (at % 9)) as u8));
    let mut rows = vec![other(0); 1500];
    rows.extend((1..=700).map(other));
    for full in [4096, 300, 1] {
        // Those of the equal ones, and no others.
        pairs_are_exact::<Fingerprints>(&rows, &rows[1400..], 1500 * 1499 / 2, (full, 1));
        let mut model = Model::build::<Fingerprints>(&[&rows[..1500]], 90);
        let parts = cut::<Fingerprints>(&mut model, 2, |_| {});
        let mut pairs = Pairs::<Fingerprints>::new(Loops::PLAIN, 0.1, full, parts);
        assert!(pairs.begin(0).expect("memory"));
        let mut leaves = 0;
        while pairs.next_pair().expect("memory").is_none() {
            let turn = pairs.next_turn().expect("memory").expect("a pair");
            pairs.take(turn, model.page(turn.block())).expect("a tree");
            leaves += usize::from(model.page(turn.block()).level() == 0);
        }
        assert_eq!(leaves, 1);
    }
}

/// What the planner is told: how often a page is looked at, at most and where nothing tells the near
/// rows from the far ones.
#[test]
fn rounds_of_a_search() {
    let mut state = 26_u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    let rows: Vec<Fingerprint> =
        (0..6000).map(|_| Fingerprint::from_values(std::array::from_fn(|_| byte()))).collect();
    let model = Model::build::<Fingerprints>(&[&rows], 90);
    for wanted in [1, 64, 65, 500, 4000, 6000] {
        let (loops, query) = (Loops::PLAIN, Fingerprints::query(&rows[777]));
        let mut search =
            Search::<Fingerprints>::new(loops, query, Vec::new(), false).expect("memory");
        let (mut reads, mut given) = (vec![0; model.pages.len()], 0);
        while given < wanted {
            match search.step().expect("memory") {
                Step::Read(visit) => {
                    reads[visit.block as usize] += 1;
                    search.take(visit, model.page(visit.block)).expect("a tree");
                }
                Step::Row(_) => given += 1,
                Step::Done => panic!("{given} of {wanted}"),
            }
        }
        let most = reads.into_iter().max().map_or(0.0, f64::from);
        let (rounds, behind) = beyond_the_first_round(f64::from(wanted));
        assert!((rounds.max(1.0)..=1.0 + rounds).contains(&most), "{wanted}: {most} of {rounds}");
        assert_eq!(behind, f64::from((wanted - 64).max(0)));
    }
}

#[test]
fn a_page_that_is_none_is_refused() {
    let mut search = Search::<Signatures>::new(
        Loops::PLAIN,
        Signatures::query(&Signature::from_values([0.0; 16])),
        Vec::new(),
        false,
    )
    .expect("memory");
    let Ok(Step::Read(visit)) = search.step() else { panic!("the root first") };
    let zeros = Page::new(Fingerprints::NUMBER, Role::Node, 0);
    assert!(matches!(search.take(visit, &zeros), Err(TreeError::Corrupt { block: 1, .. })));
    let mut full = Page::new(Signatures::NUMBER, Role::Node, 0);
    full.set_count(1000);
    assert!(matches!(search.take(visit, &full), Err(TreeError::Corrupt { block: 1, .. })));
    let mut moved = Page::new(Signatures::NUMBER, Role::Node, 0);
    moved.set_birth(7);
    assert!(matches!(search.take(visit, &moved), Err(TreeError::Recycled { block: 1 })));
    assert_eq!(moved.right(), NO_BLOCK);
}
