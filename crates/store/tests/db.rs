//! The facade and the schema: one suite, run by both engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use lendglass_core::{Code, Error, Timestamp};
use lendglass_store::db::Question;
use lendglass_store::{Db, Row, Statement, Tx, migrate, params, statements};
use support::{ENGINES, empty, fresh};

static PUT: Statement = Statement::new("insert into setting (name, value) values ($1, $2)");
static GET: Statement = Statement::new("select value from setting where name = $1");
static COUNT: Statement = Statement::new("select cast(count(*) as bigint) from setting");
static LOCK: Statement = Statement::new(
    "insert into project_lock (project_id) values ($1) \
     on conflict (project_id) do update set project_id = excluded.project_id",
);

async fn count(db: &Db) -> i64 {
    db.read(&COUNT, params![]).await.unwrap().remove(0).read().int().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_stays_whole_or_leaves_nothing() {
    for engine in ENGINES {
        let fresh = fresh(engine).await;
        let db = &fresh.db;
        db.write(|tx| tx.execute(&PUT, &params!["a", "1"])).await.unwrap();
        let refused: Result<(), Error> = db
            .write(|tx| {
                tx.execute(&PUT, &params!["b", "2"])?;
                Err(Error::new(Code::ImageNotFound))
            })
            .await;
        assert_eq!(refused.unwrap_err().code(), Code::ImageNotFound, "{engine}");
        let broken = db.write(|tx| tx.execute(&Statement::new("select no"), &[])).await;
        assert_eq!(broken.unwrap_err().code(), Code::Internal, "{engine}");
        let rows = db.read(&GET, params!["a"]).await.unwrap();
        assert_eq!(rows.into_iter().next().unwrap().read().text().unwrap(), "1");
        assert_eq!(count(db).await, 1, "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panicking_transaction_harms_nobody_else() {
    for engine in ENGINES {
        let fresh = fresh(engine).await;
        let panicked: Result<(), Error> = fresh
            .db
            .write(|tx| {
                tx.execute(&PUT, &params!["a", "1"])?;
                panic!("a bug")
            })
            .await;
        assert_eq!(panicked.unwrap_err().code(), Code::Internal, "{engine}");
        for n in 0..40 {
            let name = format!("after-{n}");
            fresh.db.write(move |tx| tx.execute(&PUT, &params![&name, "1"])).await.unwrap();
        }
        assert_eq!(count(&fresh.db).await, 40, "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_transactions_are_each_their_own() {
    for engine in ENGINES {
        let fresh = fresh(engine).await;
        let writes = (0..100).map(|n| {
            let db = fresh.db.clone();
            tokio::spawn(async move {
                db.write(move |tx| {
                    tx.execute(&PUT, &params![format!("k{n}"), "1"])?;
                    if n % 2 == 0 { Ok(()) } else { Err(Error::new(Code::ImageNotFound)) }
                })
                .await
            })
        });
        let mut good = 0;
        for write in writes.collect::<Vec<_>>() {
            good += u32::from(write.await.unwrap().is_ok());
        }
        assert_eq!(good, 50, "{engine}");
        assert_eq!(count(&fresh.db).await, 50, "{engine}");
    }
}

/// "At most five": what lets more in on PostgreSQL without a lock lets five in with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_count_under_a_lock_is_never_exceeded() {
    for engine in ENGINES {
        let fresh = fresh(engine).await;
        let add = |n: i64| {
            let db = fresh.db.clone();
            tokio::spawn(async move {
                db.write(move |tx: &mut Tx<'_>| {
                    tx.execute(&LOCK, &params!["A"])?;
                    let used = tx.query_opt(&COUNT, &[])?.unwrap().read().int()?;
                    if used >= 5 {
                        return Err(Error::new(Code::ShareTenantQuota));
                    }
                    tx.execute(&PUT, &params![format!("k{n}"), "1"])
                })
                .await
            })
        };
        for task in (0..40).map(add).collect::<Vec<_>>() {
            let _ = task.await.unwrap();
        }
        assert_eq!(count(&fresh.db).await, 5, "{engine}");
    }
}

/// Changes that nobody counts are there for what is asked after them, and fail their transaction: at the
/// next question, or at the commit.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_later_is_seen_by_questions_and_fails_its_transaction() {
    for engine in ENGINES {
        let fresh = fresh(engine).await;
        let db = &fresh.db;
        let seen = db.write(|tx| {
            tx.execute_later(&PUT, params!["a", "1"])?;
            tx.execute_later(&PUT, params!["b", "2"])?;
            tx.ask((
                Question::new(&GET, params!["b"], one),
                Question::new(&COUNT, params![], |rows| Ok(rows.len())),
            ))
        });
        assert_eq!(seen.await.unwrap(), ("2".to_owned(), 1), "{engine}");
        let at_commit = db.write(|tx| {
            tx.execute_later(&PUT, params!["c", "3"])?;
            tx.execute_later(&PUT, params!["a", "again"])
        });
        assert_eq!(at_commit.await.unwrap_err().code(), Code::Internal, "{engine}");
        let unheard = db.write(|tx| {
            let failed = tx.execute_later(&PUT, params!["a", "again"]);
            let failed = failed.and_then(|()| tx.query(&COUNT, &[]));
            assert!(failed.is_err());
            // A statement has failed, whatever this closure makes of it.
            tx.execute_later(&PUT, params!["d", "4"])
        });
        assert_eq!(unheard.await.is_err(), engine == "postgres", "{engine}");
        let left = if engine == "postgres" { 2 } else { 3 };
        assert_eq!(count(db).await, left, "{engine}");
    }
}

fn one(rows: Vec<Row>) -> Result<String, Error> {
    rows.into_iter().next().unwrap().read().text()
}

/// Two that take the same key at once: the later one is run again and sees the former's row.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_race_for_a_key_is_decided_by_reading() {
    for engine in ENGINES {
        let fresh = fresh(engine).await;
        let runs = Arc::new(AtomicU32::new(0));
        let take = || {
            let (db, runs) = (fresh.db.clone(), runs.clone());
            tokio::spawn(async move {
                db.write(move |tx| {
                    runs.fetch_add(1, Ordering::SeqCst);
                    if tx.query_opt(&GET, &params!["key"])?.is_some() {
                        return Err(Error::new(Code::ImageExists));
                    }
                    tx.execute(&PUT, &params!["key", "1"])
                })
                .await
            })
        };
        let mut won = 0;
        for task in (0..16).map(|_| take()).collect::<Vec<_>>() {
            match task.await.unwrap() {
                Ok(_) => won += 1,
                Err(error) => assert_eq!(error.code(), Code::ImageExists, "{engine} {error:?}"),
            }
        }
        assert_eq!(won, 1, "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_valid_on_both_engines() {
    for engine in ENGINES {
        let fresh = fresh(engine).await;
        let mut prepared = 0;
        for (file, statement) in statements::all() {
            if let Err(error) = fresh.db.prepare(statement).await {
                panic!("{engine}, {file}: {error:?}");
            }
            prepared += 1;
        }
        assert!(prepared > 60, "only {prepared} statements are listed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_twice_is_migrating_once_and_a_newer_schema_is_refused() {
    for engine in ENGINES {
        let fresh = empty(engine).await;
        assert_eq!(migrate::version(&fresh.db).await.unwrap(), 0);
        let now = Timestamp(1);
        let first = migrate::migrate(&fresh.db, now, None).await.unwrap();
        assert_eq!(first, (0, migrate::head()));
        let second = migrate::migrate(&fresh.db, now, None).await.unwrap();
        assert_eq!(second, (migrate::head(), migrate::head()));
        static NEWER: Statement = Statement::new(
            "insert into schema_version (version, name, applied_at) values (9999, 'later', 1)",
        );
        fresh.db.write(|tx| tx.execute(&NEWER, &[])).await.unwrap();
        let refused = migrate::migrate(&fresh.db, now, None).await.unwrap_err();
        assert!(refused.internal_text().contains("9999"), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_together_migrate_once() {
    let fresh = empty("postgres").await;
    let other = Db::open(&fresh.location).await.unwrap();
    let now = Timestamp(1);
    let (one, two) =
        tokio::join!(migrate::migrate(&fresh.db, now, None), migrate::migrate(&other, now, None));
    assert_eq!(one.unwrap().1, migrate::head());
    assert_eq!(two.unwrap().1, migrate::head());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_went_away_is_unavailable_and_comes_back_without_a_restart() {
    let fresh = fresh("postgres").await;
    static KILL: Statement = Statement::new(
        "select cast(count(pg_terminate_backend(pid)) as bigint) from pg_stat_activity \
         where datname = current_database() and pid <> pg_backend_pid()",
    );
    let other = Db::open(&fresh.location).await.unwrap();
    fresh.db.write(|tx| tx.execute(&PUT, &params!["a", "1"])).await.unwrap();
    other.read(&KILL, params![]).await.unwrap();
    // The first use of a dead connection may be refused, and only as "unavailable".
    let mut answer = fresh.db.read(&COUNT, params![]).await;
    for _ in 0..20 {
        match &answer {
            Ok(_) => break,
            Err(error) => assert_eq!(error.code(), Code::Unavailable, "{error:?}"),
        }
        answer = fresh.db.read(&COUNT, params![]).await;
    }
    assert_eq!(count(&fresh.db).await, 1);
    let mut name = 0;
    let mut put = async || {
        name += 1;
        let row = params![name.to_string(), "1"];
        fresh.db.write(move |tx| tx.execute(&PUT, &row)).await
    };
    let mut answer = put().await;
    for _ in 0..20 {
        match &answer {
            Ok(_) => break,
            Err(error) => assert_eq!(error.code(), Code::Unavailable, "{error:?}"),
        }
        answer = put().await;
    }
    assert_eq!(count(&fresh.db).await, 2);
}
