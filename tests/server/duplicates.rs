//! The groups of docs/duplicates.md, beside those that a search through the pairs finds.

use crate::database::Database;
use crate::random::{Draw as _, Random};
use std::collections::VecDeque;
use std::io::Write as _;

type Pairs = Vec<(usize, usize)>;

/// The numbers below `count`, in random order.
fn shuffled(random: &mut Random, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, random.below(last + 1));
    }
    order
}

/// A chain through `ids`, its pairs in random order and each either way round.
fn chain(random: &mut Random, ids: &[usize]) -> Pairs {
    let links: Vec<&[usize]> = ids.windows(2).collect();
    let turned = |random: &mut Random, at: usize| match (links[at], random.below(2)) {
        (&[one, other], 0) => (one, other),
        (link, _) => (link[1], link[0]),
    };
    shuffled(random, links.len()).into_iter().map(|at| turned(random, at)).collect()
}

/// What is connected with each number below `count` by pairs: the least such number, breadth first.
fn connected(count: usize, pairs: &Pairs) -> Vec<usize> {
    let mut near = vec![Vec::new(); count];
    for &(one, other) in pairs {
        near[one].push(other);
        near[other].push(one);
    }
    let mut group = vec![usize::MAX; count];
    for first in 0..count {
        let mut queue = VecDeque::from([first]);
        while let Some(at) = queue.pop_front() {
            if group[at] == usize::MAX {
                group[at] = first;
                queue.extend(&near[at]);
            }
        }
    }
    group
}

/// Groups `pairs`, whose ids are of type `id` and made of numbers by the expression `of`, of `n`.
fn groups(database: &mut Database, id: &str, of: &str, pairs: &Pairs) {
    let count = pairs.iter().map(|&(one, other)| one.max(other) + 1).max().unwrap_or(0);
    let client = &mut database.client;
    let tables = format!(
        "SET statement_timeout = '60s';
         DROP TABLE IF EXISTS link, pair, duplicate, connected;
         DROP FUNCTION IF EXISTS id_of;
         CREATE FUNCTION id_of(n int) RETURNS {id} LANGUAGE sql IMMUTABLE AS $$ SELECT ({of})::{id} $$;
         CREATE TABLE link (at serial, one int, other int);
         CREATE TABLE connected (n int, first int)"
    );
    client.batch_execute(&tables).expect("tables");
    let mut copy = client.copy_in("COPY link (one, other) FROM STDIN").expect("copy");
    for (one, other) in pairs {
        writeln!(copy, "{one}\t{other}").expect("a row");
    }
    copy.finish().expect("copied");
    let mut copy = client.copy_in("COPY connected FROM STDIN").expect("copy");
    for (n, first) in connected(count, pairs).into_iter().enumerate() {
        writeln!(copy, "{n}\t{first}").expect("a row");
    }
    copy.finish().expect("copied");
    let made = "CREATE TABLE pair AS
         SELECT id_of(one) AS one, id_of(other) AS other, 0::float8 AS distance FROM link ORDER BY at";
    client.batch_execute(made).expect("pairs");
    client.batch_execute(include_str!("../../examples/duplicates/groups.sql")).expect("groups");
    // A group's leader is its least id, in the order of the ids' type.
    let wrong = database.column(
        "WITH paired AS (SELECT one AS n FROM link WHERE one <> other UNION
                         SELECT other FROM link WHERE one <> other),
         expected AS (SELECT id_of(n) AS id, first_value(id_of(n)) OVER (PARTITION BY first ORDER BY id_of(n)) AS leader
                      FROM connected JOIN paired USING (n))
         SELECT format('%s: %s, not %s', id, d.leader, e.leader)
         FROM duplicate d FULL JOIN expected e USING (id) WHERE d.leader IS DISTINCT FROM e.leader LIMIT 5",
    );
    assert!(wrong.is_empty(), "{id}, {} pairs: {wrong:?}", pairs.len());
}

/// Ids of some types, made of the number `n`.
const IDS: [(&str, &str); 4] = [
    ("int", "n - 5"),
    ("bigint", "n * 5000000000 - 7"),
    ("uuid", "md5(n::text)"),
    ("text", "n || 'ü'"),
];

#[test]
fn chains_in_random_order_are_one_group() {
    let mut database = Database::create("duplicates_chain");
    let mut random = Random(1);
    let ids = shuffled(&mut random, 20_001);
    let chain = chain(&mut random, &ids);
    for (id, of) in IDS {
        groups(&mut database, id, of, &chain);
    }
    assert_eq!(
        database.value("SELECT count(DISTINCT leader) FROM duplicate").as_deref(),
        Some("1")
    );
}

#[test]
fn groups_of_any_shape_are_what_is_connected() {
    let mut database = Database::create("duplicates_shapes");
    let mut random = Random(2);
    let up: Vec<usize> = (0..3_000).collect();
    let order = shuffled(&mut random, 3_000);
    let (left, right) = order.split_at(1_400);
    let star = |middle: usize| up.iter().map(|&at| (at, middle)).collect::<Pairs>();
    let in_order = |ids: &[usize]| ids.windows(2).map(|link| (link[0], link[1])).collect::<Pairs>();
    let down: Vec<usize> = up.iter().rev().copied().collect();
    let both = |random: &mut Random| [chain(random, left), chain(random, right)].concat();
    let last = |mut pairs: Pairs, one: usize, other: usize| {
        pairs.push((one, other));
        pairs
    };
    let two = both(&mut random);
    let again: Pairs =
        two.iter().flat_map(|&(one, other)| [(one, other), (other, one), (one, one)]).collect();
    let mut random_pairs = |count: usize| -> Pairs {
        (0..count).map(|_| (random.below(3_000), random.below(3_000))).collect()
    };
    let shapes = [
        Pairs::new(),
        vec![(0, 0)],
        vec![(3, 1)],
        star(0),
        star(1_500),
        star(2_999),
        in_order(&up),
        in_order(&down),
        last(in_order(&up), 2_999, 0),
        last(in_order(&order), order[0], order[2_999]),
        last(two.clone(), left[700], right[800]),
        last(two.clone(), left[0], right[0]),
        two,
        again,
        // A binomial tree, whose groups of equal size are joined by their least ids.
        (0..12)
            .flat_map(|bit| {
                (0..1 << (11 - bit)).map(move |at| (at << (bit + 1), (2 * at + 1) << bit))
            })
            .collect(),
        random_pairs(700),
        random_pairs(1_500),
        random_pairs(9_000),
    ];
    for (number, shape) in shapes.iter().enumerate() {
        let (id, of) = IDS[number % IDS.len()];
        groups(&mut database, id, of, shape);
    }
}

#[test]
fn a_pair_of_nothing_is_none() {
    let mut database = Database::create("duplicates_nulls");
    let pairs = "CREATE TABLE pair (one int, other int);
        INSERT INTO pair VALUES (NULL, 1), (2, NULL), (NULL, NULL), (3, 3), (5, 4), (4, 6)";
    database.client.batch_execute(pairs).expect("pairs");
    let groups = include_str!("../../examples/duplicates/groups.sql");
    database.client.batch_execute(groups).expect("groups");
    let found = database.column("SELECT format('%s %s', leader, id) FROM duplicate ORDER BY id");
    assert_eq!(found.iter().flatten().collect::<Vec<_>>(), ["4 4", "4 5", "4 6"]);
    // Once more in the same session.
    database.client.batch_execute(&format!("DROP TABLE duplicate; {groups}")).expect("again");
}

#[test]
fn one_row_for_all_equal_ones_gives_the_same_groups() {
    let mut database = Database::create("duplicates_equal");
    // 300 fingerprints, of which some are many times there, and each has one near it.
    let table = "CREATE TABLE picture (id int PRIMARY KEY, fp fingerprint);
        INSERT INTO picture SELECT id, CASE WHEN id % 2 = 0 THEN fp ELSE (left(fp::text, 60) || '8080')::fingerprint END
        FROM generate_series(1, 2000) AS id, LATERAL (SELECT sha256(int4send(least(id % 600 / 2, 299)))::fingerprint AS fp) AS own;
        INSERT INTO picture SELECT 5000 + id, repeat('80', 32)::fingerprint FROM generate_series(1, 200) AS id;
        INSERT INTO picture VALUES (9000, NULL), (9001, NULL);
        CREATE INDEX ON picture USING kdtree (fp)";
    database.client.batch_execute(table).expect("pictures");
    let groups = include_str!("../../examples/duplicates/groups.sql");
    let mut by = |pairs: &str| {
        database.client.batch_execute(&format!("{pairs}{groups}")).expect("groups");
        let groups =
            database.column("SELECT format('%s %s', leader, id) FROM duplicate ORDER BY id");
        let pairs = database.value("SELECT count(*) FROM pair").expect("a number");
        database.client.batch_execute("DROP TABLE pair, duplicate").expect("dropped");
        (groups, pairs.parse::<usize>().expect("a number"))
    };
    let (all, pairs) = by(include_str!("../../examples/duplicates/pairs.sql"));
    let (by_equal, fewer) = by(include_str!("../../examples/duplicates/equal.sql"));
    assert!(all == by_equal && all.len() > 2_000, "{} and {}", all.len(), by_equal.len());
    assert!(pairs > 199 * 100 && fewer < 2_400, "{pairs} pairs, {fewer}");
}
