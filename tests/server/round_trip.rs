//! What travels as text or in binary comes back to the last bit.

use crate::database::Database;
use crate::random::{Draw as _, Random};
use std::io::{Read, Write};

/// COPY BINARY's header, and its rows of one field.
fn binary_copy(rows: &[Vec<f32>]) -> Vec<u8> {
    let mut file = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for row in rows {
        file.extend(1_i16.to_be_bytes());
        file.extend((4 * row.len() as i32).to_be_bytes());
        row.iter().for_each(|value| file.extend(value.to_be_bytes()));
    }
    file.extend((-1_i16).to_be_bytes());
    file
}

fn copy_in(database: &mut Database, statement: &str, data: &[u8]) {
    let mut copy = database.client.copy_in(statement).expect(statement);
    copy.write_all(data).expect("write");
    copy.finish().expect(statement);
}

fn copy_out(database: &mut Database, statement: &str) -> Vec<u8> {
    let mut data = Vec::new();
    let mut copy = database.client.copy_out(statement).expect(statement);
    copy.read_to_end(&mut data).expect(statement);
    data
}

fn travels(type_name: &str, length: usize, rows: usize) {
    let mut database = Database::create(&format!("round_trip_{type_name}"));
    let mut random = Random(length as u64);
    let mut values: Vec<Vec<f32>> =
        (0..rows).map(|_| (0..length).map(|_| random.finite_bits()).collect()).collect();
    for special in [0.0, -0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE, f32::from_bits(1)] {
        values.push(vec![special; length]);
    }
    let sent = binary_copy(&values);
    let tables: String = ["sent", "by_text", "by_binary"]
        .map(|table| format!("CREATE TABLE {table} (value {type_name});"))
        .concat();
    database.client.batch_execute(&tables).expect("tables");
    copy_in(&mut database, "COPY sent FROM STDIN BINARY", &sent);

    let binary = copy_out(&mut database, "COPY sent TO STDOUT BINARY");
    assert_eq!(binary, sent);
    for digits in [1, 2, 3] {
        let setting = format!("TRUNCATE by_text; SET extra_float_digits = {digits}");
        database.client.batch_execute(&setting).expect("set");
        let text = copy_out(&mut database, "COPY sent TO STDOUT");
        copy_in(&mut database, "COPY by_text FROM STDIN", &text);
        let back = copy_out(&mut database, "COPY by_text TO STDOUT BINARY");
        assert!(back == sent, "{type_name}: text loses bits at {digits} extra digits");
    }
}

#[test]
fn signatures_are_lossless() {
    travels("signature", 16, 3000);
}

#[test]
fn patterns_are_lossless() {
    travels("pattern", 4096, 60);
}

#[test]
fn text_is_exact_and_six_decimals_as_c_prints_them_where_asked_for() {
    let mut database = Database::create("round_trip_digits");
    let signature = "1,-0.5,0.0078125,0.0234375,0,1e-9,123456.79,1,2,3,4,5,6,7,8,9";
    let printed = database.value(&format!("SELECT '{signature}'::signature")).expect("text");
    assert!(
        printed.starts_with(
            "(1.000000, -0.500000, 0.0078125, 0.0234375, 0.000000, 1e-9, 123456.790000, "
        ),
        "{printed}"
    );
    database.client.batch_execute("SET extra_float_digits = 0").expect("set");
    let printed = database.value(&format!("SELECT '{signature}'::signature")).expect("text");
    assert!(
        printed.starts_with(
            "(1.000000, -0.500000, 0.007812, 0.023438, 0.000000, 0.000000, 123456.789062, "
        ),
        "{printed}"
    );
    let zeros = database.value("SELECT repeat('0 ', 4096)::pattern").expect("text");
    let row = format!("({})", ["0.000000"; 64].join(", "));
    assert_eq!(zeros, format!("({})", [row.as_str(); 64].join(", ")));
}

#[test]
fn a_value_passes_through_every_kind_of_container() {
    let mut database = Database::create("round_trip_containers");
    let check = "
        CREATE TYPE boxed AS (a text, s signature, b text);
        CREATE TABLE t (a text, s signature, b bool, c boxed, d signature[], e signature(16));
        INSERT INTO t SELECT 'x', v, true, ROW('y', v, 'z')::boxed, ARRAY[v, v], v
            FROM (SELECT ('(' || repeat('0.1, ', 15) || i || ')')::signature v
                  FROM generate_series(1, 100) i) i;
        SELECT count(*) FROM t WHERE s <-> (c).s = 0 AND s <-> d[2] = 0 AND s <-> e = 0
            AND pg_column_size(s) = 68 AND s::text = d[1]::text";
    assert_eq!(database.value(check).as_deref(), Some("100"));
    let modifier = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = 't'::regclass AND attname = 'e'";
    assert_eq!(database.value(modifier).as_deref(), Some("signature(16)"));
}
