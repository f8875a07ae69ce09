//! Holds the ledger against what is there: what people see, what the tables say, what lies in the
//! stores.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lendglass_store::{Db, Statement, image as store_image};
use serde_json::Value;

use crate::disagreements::DISAGREEMENTS;
use crate::installation::{Installation, Who};
use crate::ledger::{Entry, Ledger, Offer, Stand};
use crate::wait_until;

/// What must have come to its end when every lease is over.
const AT_REST: &[(&str, &str)] = &[
    ("an upload is under way", "select cast(count(*) as bigint) from upload"),
    ("a copy is under way", "select cast(count(*) as bigint) from copy_part"),
    (
        "a blob is neither whole nor gone",
        "select cast(count(*) as bigint) from blob where state <> 'ready'",
    ),
    (
        "a job has not ended",
        "select cast(count(*) as bigint) from job where state in ('ready', 'running')",
    ),
    ("a job has failed", "select cast(count(*) as bigint) from job where state = 'failed'"),
    (
        "a record waits for its bytes",
        "select cast(count(*) as bigint) from image where status in ('saving', 'importing')",
    ),
];

/// What a thing is found as must be one of what it may be, and is that from now on.
fn settle<T: Ord + Copy + std::fmt::Debug>(may_be: &mut BTreeSet<T>, is: T, what: &str) {
    assert!(may_be.contains(&is), "{what} is found {is:?}, but may only be {may_be:?}");
    *may_be = BTreeSet::from([is]);
}

/// What people see, right after a start: all that was acknowledged, whole, and nothing that nobody
/// asked for.
pub fn people(program: &Installation, ledger: &mut Ledger) {
    let mut found = BTreeMap::new();
    for who in Who::ALL {
        let listed = program.ask(who, "GET", "/v2/images?limit=1000");
        assert_eq!(listed.status, 200, "{}", listed.text());
        for image in listed.json()["images"].as_array().unwrap() {
            if image["owner"] == who.project() {
                let before =
                    found.insert(image["name"].as_str().unwrap().to_owned(), image.clone());
                assert!(before.is_none(), "twice: {image}");
            }
        }
    }
    // What the tests themselves asked for in the middle of trouble.
    found.remove("nobody's");
    for (name, entry) in &mut ledger.entries {
        check_one(program, name, entry, found.remove(name));
    }
    assert!(found.is_empty(), "nobody has made, or all have deleted: {found:?}");
    let settled: Vec<String> = ledger.entries.keys().cloned().collect();
    for name in settled {
        if ledger.entry(&name).is(Stand::Whole) || ledger.entry(&name).is(Stand::Gone) {
            ledger.unpin_source_of(&name);
        }
    }
    ledger.entries.retain(|_, entry| !entry.is(Stand::Gone) || entry.pins > 0);
}

fn check_one(program: &Installation, name: &str, entry: &mut Entry, found: Option<Value>) {
    entry.is_busy = false;
    let status = found.as_ref().map(|image| image["status"].as_str().unwrap().to_owned());
    let (stand, is_under_way) = match status.as_deref() {
        None => (Stand::Gone, false),
        Some("queued") => (Stand::Queued, false),
        // The reaper undoes it when its lease is over.
        Some("saving") => (Stand::Queued, true),
        Some("importing") => (Stand::Importing, true),
        Some("active") => (Stand::Whole, false),
        Some(other) => panic!("{name} is {other}"),
    };
    settle(&mut entry.stands, stand, name);
    // A job will make it whole.
    if stand == Stand::Importing {
        entry.stands.insert(Stand::Whole);
    }
    entry.is_uncertain = is_under_way;
    let Some(found) = found else {
        entry.offers = BTreeSet::from([Offer::None]);
        return;
    };
    let id = found["id"].as_str().unwrap();
    assert!(entry.id.as_ref().is_none_or(|known| known == id), "{name} has another id");
    entry.id = Some(id.to_owned());
    if stand == Stand::Whole {
        check_bytes(program, entry.owner, name, entry);
    }
    if entry.owner == Who::Alice {
        check_offer(program, name, entry);
    }
}

fn check_bytes(program: &Installation, reader: Who, name: &str, entry: &Entry) {
    let path = format!("/v2/images/{}/file", entry.id.as_ref().unwrap());
    let read = program.ask(reader, "GET", &path);
    assert_eq!(read.status, 200, "{name}: {}", read.text());
    assert!(read.body == entry.content.bytes(), "{name} has other bytes for {reader:?}");
}

fn check_offer(program: &Installation, name: &str, entry: &mut Entry) {
    let path = format!("/v2/images/{}", entry.id.as_ref().unwrap());
    let listed = program.ask(Who::Alice, "GET", &format!("{path}/members"));
    assert_eq!(listed.status, 200, "{name}: {}", listed.text());
    let members = listed.json();
    let offer = match members["members"][0]["status"].as_str() {
        None => Offer::None,
        Some("pending") => Offer::Pending,
        Some("accepted") => Offer::Accepted,
        Some("rejected") => Offer::Rejected,
        Some(other) => panic!("{name} is {other} to bob"),
    };
    settle(&mut entry.offers, offer, &format!("bob's share of {name}"));
    match offer {
        Offer::None => assert_eq!(program.ask(Who::Bob, "GET", &path).status, 404, "{name}"),
        Offer::Accepted => check_bytes(program, Who::Bob, name, entry),
        Offer::Pending | Offer::Rejected => {}
    }
}

/// Files below a store: path from its root → length.
pub fn files(root: &Path) -> BTreeMap<String, u64> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, u64>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                walk(root, &entry.path(), found);
            } else {
                let path = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(path, entry.metadata().unwrap().len());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

fn with_db<T>(program: &Installation, ask: impl AsyncFnOnce(Db) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async { ask(Db::open(&program.location()).await.unwrap()).await })
}

/// What a statement counts, whether or not the program runs.
pub fn counted(program: &Installation, text: &str) -> i64 {
    with_db(program, async |db| count(&db, text).await)
}

async fn count(db: &Db, text: &str) -> i64 {
    let rows = db.read(&Statement::composed(text.to_owned()), Vec::new()).await.unwrap();
    rows.into_iter().next().unwrap().read().int().unwrap()
}

/// While no program runs: no blob that rows call ready lacks its bytes, and no file is there that no
/// row names.
pub fn stores(program: &Installation) {
    static BLOBS: &str = "select b.region_id, c.locator, b.state, coalesce(b.size_bytes, 0) \
        from blob b join blob_copy c on c.blob_id = b.id";
    let rows = with_db(program, async |db| {
        db.read(&Statement::composed(BLOBS.to_owned()), Vec::new()).await.unwrap()
    });
    let mut lying = BTreeMap::new();
    for region in ["r1", "r2"] {
        for (path, length) in files(&program.data.join("blobs").join(region)) {
            lying.insert((region.to_owned(), path), length);
        }
    }
    for row in rows {
        let mut row = row.read();
        let (region, locator) = (row.text().unwrap(), row.text().unwrap());
        let (state, size) = (row.text().unwrap(), row.int().unwrap() as u64);
        let whole = lying.remove(&(region.clone(), locator.clone()));
        lying.remove(&(region, format!("{locator}.part")));
        if state == "ready" {
            assert_eq!(whole, Some(size), "{locator} is ready");
        }
    }
    lying.retain(|(_, path), _| !path.ends_with(".check"));
    assert!(lying.is_empty(), "no row names {lying:?}");
}

/// Waits until every lease is over and every job done; then looks at everything, as people do and
/// behind their backs, and ends the program.
pub fn at_rest(program: &mut Installation, ledger: &mut Ledger) {
    let mut wrong = Vec::new();
    let is_at_rest = || {
        wrong = with_db(program, async |db| {
            let mut wrong = Vec::new();
            for (what, text) in AT_REST {
                if count(&db, text).await != 0 {
                    wrong.push(*what);
                }
            }
            wrong
        });
        wrong.is_empty()
    };
    let begun = std::time::Instant::now();
    let mut is_at_rest = is_at_rest;
    while !is_at_rest() && begun.elapsed() < crate::PATIENCE {
        std::thread::yield_now();
    }
    assert!(wrong.is_empty(), "long after: {wrong:?}");
    people(program, ledger);
    for (name, entry) in &ledger.entries {
        assert!(!entry.is(Stand::Importing), "{name} has never got its bytes");
    }
    program.stop();
    tables(program);
    stores(program);
}

/// While nothing is under way: all tables agree.
pub fn tables(program: &Installation) {
    with_db(program, async |db| {
        assert_eq!(store_image::check_access(&db).await.unwrap(), Vec::<String>::new());
        for (what, text) in DISAGREEMENTS {
            assert_eq!(count(&db, text).await, 0, "{what}");
        }
    });
}

/// Waits until a program that was in trouble answers again.
pub fn answers_again(program: &Installation) {
    wait_until("it answers again", || {
        crate::http::Sent::new("GET", "/readyz")
            .to(program.address)
            .is_ok_and(|answer| answer.status == 200)
    });
}
