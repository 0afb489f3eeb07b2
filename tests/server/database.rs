//! A database of its own for each test.

use postgres::error::DbError;
use postgres::{Client, Config, NoTls, SimpleQueryMessage};
use std::str::FromStr;
use std::sync::{Arc, Mutex};

/// A fresh database with the extension, and a session in it.
pub struct Database {
    name: String,
    server: Config,
    pub client: Client,
    notices: Arc<Mutex<Vec<DbError>>>,
}

fn config() -> Config {
    let server = std::env::var("IMGSMLR_RS_SERVER")
        .expect("IMGSMLR_RS_SERVER names no server; `make test` starts one");
    Config::from_str(&server).expect("IMGSMLR_RS_SERVER is a connection string")
}

impl Database {
    /// Creates database `name`, which no other test uses, and connects to it.
    pub fn create(name: &str) -> Self {
        Self::create_on(&config(), name)
    }

    /// The same on another server than the tests' own.
    pub fn create_on(server: &Config, name: &str) -> Self {
        let mut maintenance =
            server.clone().dbname("postgres").connect(NoTls).expect("connect to postgres");
        let name = format!("imgsmlr_rs_{name}");
        maintenance.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).expect("drop");
        maintenance.batch_execute(&format!("CREATE DATABASE {name}")).expect("create");
        let mut database = Self::connect(server, name, None);
        database.client.batch_execute("CREATE EXTENSION imgsmlr_rs").expect("extension");
        database
    }

    fn connect(server: &Config, name: String, user: Option<&str>) -> Self {
        let notices = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&notices);
        let mut config = server.clone();
        config.dbname(&name);
        config.notice_callback(move |notice| heard.lock().expect("notices").push(notice));
        if let Some(user) = user {
            config.user(user);
        }
        let client = config.connect(NoTls).expect("connect");
        Database { name, server: server.clone(), client, notices }
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Another session in the same database, as `user`.
    pub fn session_of(&self, user: &str) -> Database {
        Self::connect(&self.server, self.name.clone(), Some(user))
    }

    /// Warnings sent since the last call.
    pub fn warnings(&mut self) -> Vec<DbError> {
        let notices = std::mem::take(&mut *self.notices.lock().expect("notices"));
        notices.into_iter().filter(|notice| notice.severity() == "WARNING").collect()
    }

    /// The first column of a query's rows, as text.
    pub fn column(&mut self, query: &str) -> Vec<Option<String>> {
        let messages = self.client.simple_query(query).unwrap_or_else(|error| {
            panic!("{query}: {:?}", error.as_db_error());
        });
        let value = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).map(str::to_owned)),
            _ => None,
        };
        messages.iter().filter_map(value).collect()
    }

    /// The only value of a query, as text.
    pub fn value(&mut self, query: &str) -> Option<String> {
        let mut column = self.column(query);
        assert_eq!(column.len(), 1, "{query}");
        column.remove(0)
    }

    /// Whether the server has the extension `name` to offer, of version `least` or newer.
    pub fn offers(&mut self, name: &str, least: &str) -> bool {
        let version = "SELECT default_version FROM pg_available_extensions";
        let version = self.column(&format!("{version} WHERE name = '{name}'"));
        let numbers =
            |version: &str| version.split('.').map_while(|n| n.parse().ok()).collect::<Vec<u32>>();
        version.iter().flatten().any(|version| numbers(version) >= numbers(least))
    }

    /// The server's major version.
    pub fn major_version(&mut self) -> u32 {
        let number = self.value("SHOW server_version_num").expect("a number");
        number.parse::<u32>().expect("a number") / 10_000
    }

    /// The plan of a query, without costs.
    pub fn plan(&mut self, query: &str) -> String {
        let lines = self.column(&format!("EXPLAIN (COSTS OFF) {query}"));
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    /// The error of a statement that must fail.
    pub fn error(&mut self, statement: &str) -> DbError {
        let error = self.client.simple_query(statement).expect_err(statement);
        error.as_db_error().unwrap_or_else(|| panic!("{statement}: {error}")).clone()
    }

    /// The backend that serves this connection. Another one, or none, means
    /// that the server restarted in between.
    pub fn backend(&mut self) -> i32 {
        self.client.query_one("SELECT pg_backend_pid()", &[]).expect("alive").get(0)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !std::thread::panicking() && self.client.is_closed() {
            panic!("the server closed the connection to {}", self.name);
        }
    }
}
