//! The PostgreSQL that the store's tests start for themselves.
#![expect(clippy::unwrap_used, reason = "test support may fail loudly")]

#[path = "support/postgres.rs"]
mod postgres;

use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn run(url: &str, statement: &str) {
    connect(url).await.batch_execute(statement).await.unwrap();
}

async fn text(url: &str, statement: &str) -> String {
    connect(url).await.query_one(statement, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn each_url_is_a_database_of_its_own() {
    let (one, other) = (postgres::url(), postgres::url());
    assert_ne!(one, other);
    let tables = "select count(*)::text from pg_tables where schemaname = 'public'";
    run(&one, "create table t ()").await;
    assert_eq!(text(&one, tables).await, "1");
    assert_eq!(text(&other, tables).await, "0");
}

#[tokio::test]
async fn the_server_is_durable_and_does_not_sort_by_bytes() {
    let url = postgres::url();
    assert_eq!(text(&url, "show fsync").await, "on");
    assert_eq!(text(&url, "select ('a' < 'B')::text").await, "true");
}
