//! The databases without a server, through their bare drivers.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Look-ups of one image by its key on so many connections of PostgreSQL: how many a second.
pub async fn look_ups(url: &str, id: &str, connections: usize, span: Duration) -> f64 {
    let mut tasks = Vec::new();
    let mut clients = Vec::new();
    for _ in 0..connections {
        let client = connect(url).await;
        // What a show reads: the image, and the share that concerns who asks.
        let text = "select i.*, s.* from image i left join share s on s.image_id = i.id \
                    and s.recipient_kind = 'project' and s.recipient_id = $2 where i.id = $1";
        let statement = client.prepare(text).await.unwrap();
        clients.push((client, statement));
    }
    let begun = Instant::now();
    for (client, statement) in clients {
        let id = id.to_owned();
        tasks.push(tokio::spawn(async move {
            let mut count = 0_u64;
            while begun.elapsed() < span {
                assert_eq!(client.query(&statement, &[&id, &"a"]).await.unwrap().len(), 1);
                count += 1;
            }
            count
        }));
    }
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

const MAKE: &str = "create table bare (id bigint primary key, state text not null)";
const INSERT: &str = "insert into bare (id, state) values ($1, 'pending')";
const UPDATE: &str = "update bare set state = 'accepted' where id = $1";
const DELETE: &str = "delete from bare where id = $1";

/// A row made, changed and removed in three durable transactions, by so many clients at once: rounds a
/// second. SQLite has one writer, and so one client.
pub fn sqlite_rounds(folder: &Path, span: Duration) -> f64 {
    let path = folder.join("bare.sqlite");
    let rounds = {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.pragma_update(None, "synchronous", "full").unwrap();
        connection.execute(MAKE, []).unwrap();
        let (begun, mut count) = (Instant::now(), 0_i64);
        while begun.elapsed() < span {
            for text in [INSERT, UPDATE, DELETE] {
                connection.prepare_cached(text).unwrap().execute([count]).unwrap();
            }
            count += 1;
        }
        count as f64 / begun.elapsed().as_secs_f64()
    };
    std::fs::remove_file(path).unwrap();
    rounds
}

/// The same on PostgreSQL.
pub async fn postgres_rounds(url: &str, clients: usize, span: Duration) -> f64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let first = connect(url).await;
    first.batch_execute(&MAKE.replace("create table", "create table if not exists")).await.unwrap();
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let client = connect(url).await;
        tasks.push(async move {
            let mut prepared = Vec::new();
            for text in [INSERT, UPDATE, DELETE] {
                prepared.push(client.prepare(text).await.unwrap());
            }
            let (begun, mut count) = (Instant::now(), 0);
            while begun.elapsed() < span {
                let id = NEXT.fetch_add(1, Ordering::Relaxed) as i64;
                for statement in &prepared {
                    assert_eq!(client.execute(statement, &[&id]).await.unwrap(), 1);
                }
                count += 1;
            }
            f64::from(count) / begun.elapsed().as_secs_f64()
        });
    }
    let handles: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut sum = 0.0;
    for handle in handles {
        sum += handle.await.unwrap();
    }
    sum
}
