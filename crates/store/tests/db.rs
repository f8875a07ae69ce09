//! The facade over both engines: one suite, run by each.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use lendglass_core::{Code, Error, Timestamp};
use lendglass_store::db::Location;
use lendglass_store::{Db, Statement, migrate, params};

static PUT: Statement = Statement::new("insert into setting (name, value) values ($1, $2)");
static GET: Statement = Statement::new("select value from setting where name = $1");
static COUNT: Statement = Statement::new("select cast(count(*) as bigint) from setting");

async fn sqlite() -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&Location::File(folder.path().join("t.sqlite"))).await.unwrap();
    migrate::migrate(&db, Timestamp(1), None).await.unwrap();
    (folder, db)
}

#[tokio::test(flavor = "multi_thread")]
async fn smoke() {
    let (_folder, db) = sqlite().await;
    db.write(|tx| tx.execute(&PUT, &params!["a", "1"])).await.unwrap();
    let failed: Result<(), Error> = db
        .write(|tx| {
            tx.execute(&PUT, &params!["b", "2"])?;
            Err(Error::new(Code::ImageNotFound))
        })
        .await;
    assert_eq!(failed.unwrap_err().code(), Code::ImageNotFound);
    let rows = db.read(&GET, params!["a"]).await.unwrap();
    assert_eq!(rows.into_iter().next().unwrap().read().text().unwrap(), "1");
    let count = db.read(&COUNT, params![]).await.unwrap().remove(0).read().int().unwrap();
    assert_eq!(count, 1);
}
