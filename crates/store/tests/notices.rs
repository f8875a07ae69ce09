//! Inboxes: numbers without gaps, visible in order, on both engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use lendglass_core::notice::{Notice, NoticeKind, Subject};
use lendglass_core::share::Recipient;
use lendglass_core::{AccountId, Error, ImageId, ProjectId, RegionId, Timestamp};
use lendglass_store::db::Location;
use lendglass_store::{Db, Row, Statement, notice};
use support::{ENGINES, Fresh, fresh};

/// Only other suites open a database twice.
const _: fn(&Fresh) -> &Location = |fresh| &fresh.location;

fn notice(to: Recipient, image: &str) -> Notice {
    Notice {
        to,
        region: RegionId::trusted("r1"),
        kind: NoticeKind::ImageShared,
        subject: Subject::Image {
            id: ImageId::trusted(image),
            name: Some("镜像 'one'".to_owned()),
        },
        counterpart: Some(Recipient::Account(AccountId::trusted("owner"))),
        note: Some("hello".to_owned()),
        at: Timestamp(7),
    }
}

fn project(id: &str) -> Recipient {
    Recipient::Project(ProjectId::trusted(id))
}

async fn numbers(db: &Db) -> Vec<(String, i64, String)> {
    static ALL: Statement = Statement::new(
        "select recipient_id, number, subject_id from notice order by recipient_id, number",
    );
    let read = |row: Row| {
        let mut columns = row.read();
        (columns.text().unwrap(), columns.int().unwrap(), columns.text().unwrap())
    };
    db.read(&ALL, Vec::new()).await.unwrap().into_iter().map(read).collect()
}

#[tokio::test]
async fn each_inbox_counts_its_own_notices_in_order() {
    for engine in ENGINES {
        let fresh = fresh(engine).await;
        for round in ["x", "y"] {
            fresh
                .db
                .write(move |tx| {
                    let to = |id: &str, n: u32| notice(project(id), &format!("{round}{n}"));
                    notice::insert(tx, &[to("b", 1), to("a", 2), to("b", 3)])
                })
                .await
                .unwrap();
        }
        let row = |id: &str, number, image: &str| (id.to_owned(), number, image.to_owned());
        let expected = [
            row("a", 1, "x2"),
            row("a", 2, "y2"),
            row("b", 1, "x1"),
            row("b", 2, "x3"),
            row("b", 3, "y1"),
            row("b", 4, "y3"),
        ];
        assert_eq!(numbers(&fresh.db).await, expected, "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_once_leave_no_gap_and_one_that_fails_takes_no_number() {
    for engine in ENGINES {
        let fresh = fresh(engine).await;
        let write = |n: usize| {
            let db = fresh.db.clone();
            tokio::spawn(async move {
                db.write(move |tx| {
                    // Half of them name the inboxes the other way round.
                    let mut both = [notice(project("a"), "i"), notice(project("b"), "i")];
                    both.rotate_left(n % 2);
                    notice::insert(tx, &both)?;
                    if n.is_multiple_of(3) { Err(Error::internal("refused")) } else { Ok(()) }
                })
                .await
                .is_ok()
            })
        };
        let writers: Vec<_> = (0..30).map(write).collect();
        let mut told = 0;
        for writer in writers {
            told += i64::from(writer.await.unwrap());
        }
        assert_eq!(told, 20, "{engine}");
        let all = numbers(&fresh.db).await;
        for id in ["a", "b"] {
            let of: Vec<i64> = all.iter().filter(|row| row.0 == id).map(|row| row.1).collect();
            assert_eq!(of, (1..=told).collect::<Vec<_>>(), "{engine}");
        }
    }
}
