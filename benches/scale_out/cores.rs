//! One search of a table in two partitions, one after the other and at once.

use crate::latency::Latency;
use crate::{LIMIT, Result, Rows, SETS, WARM_UP, create, load, queries};
use postgres::Client;
use std::fmt::Write as _;
use std::time::Instant;

/// `ROWS` in the environment, or a million.
fn rows() -> Result<usize> {
    match std::env::var("ROWS") {
        Ok(rows) if !rows.is_empty() => Ok(rows.parse()?),
        _ => Ok(1_000_000),
    }
}

struct Method {
    name: &'static str,
    search: &'static str,
}

/// The first is what the others must agree with.
const METHODS: [Method; 7] = [
    Method {
        name: "one table, one index",
        search: "SELECT id, sig <-> $1::text::signature FROM single ORDER BY 2 LIMIT 20",
    },
    Method {
        name: "half of the rows alone",
        search: "SELECT id, sig <-> $1::text::signature FROM picture_0 ORDER BY 2 LIMIT 20",
    },
    Method {
        name: "two partitions, Merge Append",
        search: "SELECT id, sig <-> $1::text::signature FROM picture ORDER BY 2 LIMIT 20",
    },
    Method {
        name: "Parallel Append of functions",
        search: "SELECT id, distance FROM nearest_by_workers($1::text::signature, 20)",
    },
    Method {
        name: "postgres_fdw to itself, Merge Append",
        search: "SELECT id, sig <-> $1::text::signature FROM far ORDER BY 2 LIMIT 20",
    },
    Method {
        name: "postgres_fdw to itself, asynchronous",
        search: "SELECT id, distance FROM nearest($1::text::signature, 20)",
    },
    Method {
        name: "dblink, two connections",
        search: "SELECT id, distance FROM nearest_by_dblink($1::text::signature)",
    },
];

/// Rows made and sent at once.
const CHUNK: usize = 1_000_000;

/// The place in `METHODS` of the one that is no search of all rows.
const HALF: usize = 1;

const FAR: &str = "
    ALTER SERVER core_0 OPTIONS (ADD fetch_size '20');
    ALTER SERVER core_1 OPTIONS (ADD fetch_size '20');
    CREATE TABLE far (id int, sig signature(16)) PARTITION BY HASH (id);
    CREATE FOREIGN TABLE far_0 PARTITION OF far FOR VALUES WITH (MODULUS 2, REMAINDER 0)
      SERVER core_0 OPTIONS (table_name 'picture_0');
    CREATE FOREIGN TABLE far_1 PARTITION OF far FOR VALUES WITH (MODULUS 2, REMAINDER 1)
      SERVER core_1 OPTIONS (table_name 'picture_1');
    ANALYZE far_0, far_1;
    CREATE EXTENSION dblink;
    CREATE FUNCTION nearest_by_dblink(query signature)
    RETURNS TABLE (id int, distance float8) LANGUAGE plpgsql AS $$
    DECLARE part int;
    BEGIN
      FOR part IN 0..1 LOOP
        PERFORM dblink_send_query('part_' || part, format(
          'SELECT id, sig <-> %1$L FROM picture_%2$s ORDER BY sig <-> %1$L LIMIT 20', query, part));
      END LOOP;
      RETURN QUERY SELECT * FROM (
        SELECT * FROM dblink_get_result('part_0') AS found (id int, distance float8) UNION ALL
        SELECT * FROM dblink_get_result('part_1') AS found (id int, distance float8)) AS found
        ORDER BY 2 LIMIT 20;
      -- The end of each answer, before the next query.
      PERFORM * FROM dblink_get_result('part_0') AS found (id int, distance float8);
      PERFORM * FROM dblink_get_result('part_1') AS found (id int, distance float8);
    END
    $$;
    SELECT dblink_connect('part_' || part, format('host=%s dbname=%s user=%s',
      current_setting('unix_socket_directories'), current_database(), current_user))
    FROM generate_series(0, 1) AS part;
    SELECT dblink_exec('part_' || part, 'SET extra_float_digits = 3')
    FROM generate_series(0, 1) AS part;
    SET extra_float_digits = 3;";

fn prepare_tables(set: &str, rows: usize) -> Result<Client> {
    let mut client = create(&format!("cores_{set}"))?;
    client.batch_execute(include_str!("../../examples/scale_out/partitions.sql"))?;
    client.batch_execute(include_str!("../../examples/scale_out/workers.sql"))?;
    client.batch_execute(include_str!("../../examples/scale_out/all_cores.sql"))?;
    client
        .batch_execute("DROP INDEX picture_sig; CREATE TABLE single (id int, sig signature(16))")?;
    let mut drawn = Rows::of(set, 1).take(rows);
    for first in (0..rows).step_by(CHUNK) {
        let chunk: Vec<String> = drawn.by_ref().take(CHUNK).collect();
        load(&mut client, "single", first, &chunk)?;
    }
    client.batch_execute(
        "INSERT INTO picture SELECT * FROM single;
         CREATE INDEX ON single USING gist (sig);
         CREATE INDEX picture_sig ON picture USING gist (sig)",
    )?;
    client.batch_execute("VACUUM ANALYZE")?;
    client.batch_execute(FAR)?;
    Ok(client)
}

/// Milliseconds of each method's searches, in turns, and every answer compared.
fn measure(client: &mut Client, set: &str) -> Result<Vec<Latency>> {
    let queries = queries(set);
    let statements: std::result::Result<Vec<_>, _> =
        METHODS.iter().map(|method| client.prepare(method.search)).collect();
    let statements = statements?;
    let mut times: Vec<Vec<f64>> = METHODS.iter().map(|_| Vec::new()).collect();
    for (number, query) in queries[..WARM_UP].iter().chain(&queries).enumerate() {
        let mut expected: Vec<u64> = Vec::new();
        for (place, statement) in statements.iter().enumerate() {
            let start = Instant::now();
            let rows = client.query(statement, &[query])?;
            if number >= WARM_UP {
                times[place].push(start.elapsed().as_secs_f64() * 1000.0);
            }
            let found: Vec<u64> = rows.iter().map(|row| row.get::<_, f64>(1).to_bits()).collect();
            assert_eq!(found.len(), LIMIT, "{}", METHODS[place].name);
            if place == 0 {
                expected = found;
            } else if place != HALF {
                assert_eq!(found, expected, "{}: {query}", METHODS[place].name);
            }
        }
    }
    Ok(times.into_iter().map(Latency::of).collect())
}

/// A table of all methods.
pub fn report() -> Result<String> {
    let mut out = String::from(
        "| set | search | ms: mean / p50 / p95 | times as fast as Merge Append | as one table |\n\
         |---|---|---|---|---|\n",
    );
    let rows = rows()?;
    for set in SETS {
        eprintln!("cores, {set}: loading {rows} rows");
        let mut client = prepare_tables(set, rows)?;
        eprintln!("cores, {set}: searching");
        let measured = measure(&mut client, set)?;
        let (one, merged) = (measured[0].mean, measured[2].mean);
        for (method, ms) in METHODS.iter().zip(&measured) {
            writeln!(
                out,
                "| {set} | {} | {:.2} / {:.2} / {:.2} | {:.2} | {:.2} |",
                method.name,
                ms.mean,
                ms.p50,
                ms.p95,
                merged / ms.mean,
                one / ms.mean
            )?;
        }
    }
    Ok(out)
}
