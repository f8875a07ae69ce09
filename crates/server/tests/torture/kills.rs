//! SIGKILL at random moments, with a restart after each.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::installation::{Installation, Who};
use crate::ledger::{Content, Entry, Ledger, Stand};
use crate::load::Load;
use crate::rng::Rng;
use crate::{check, postgres, seed, setting, wait_until};

/// Passes a moment without giving the processor away.
fn pass(moment: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < moment {
        std::thread::yield_now();
    }
}

fn killed_under_load(engine: &str, database: Option<String>) {
    let (seed, kills) = (seed(), setting("LENDGLASS_KILLS").unwrap_or(5));
    println!("killed under load: seed {seed}, {engine}");
    let mut rng = Rng::of(seed);
    let mut program = Installation::start_new(database);
    let mut ledger = Ledger::default();
    for _ in 0..kills {
        let load = Load::begin(&[&program], ledger, rng.below(1 << 30) as u64, false);
        load.wait_for(5 + rng.below(60));
        pass(Duration::from_micros(rng.below(30_000) as u64));
        program.kill();
        ledger = load.end();
        // Sometimes it is killed again while it starts, sometimes somebody looks in between.
        if rng.one_in(4) {
            program.start_unawaited();
            pass(Duration::from_micros(rng.below(400_000) as u64));
            program.kill();
        }
        if rng.one_in(3) {
            check::stores(&program);
        }
        program.start();
        check::people(&program, &mut ledger);
    }
    check::at_rest(&mut program, &mut ledger);
    println!(
        "killed under load: seed {seed}, {engine}, {kills} kills, {} acts answered, {} cut off, \
         {} images left: nothing is lost",
        ledger.answered,
        ledger.lost,
        ledger.entries.len()
    );
}

#[test]
fn sqlite_what_is_acknowledged_survives_kills_under_load() {
    killed_under_load("SQLite", None);
}

#[test]
fn postgres_what_is_acknowledged_survives_kills_under_load() {
    killed_under_load("PostgreSQL", Some(postgres::url()));
}

/// T-047: a copy between regions that is killed in the middle goes on where it was, and ends whole.
fn t_047_a_copy_killed_in_the_middle_ends_whole(database: Option<String>) {
    const MIB: usize = 1 << 20;
    const NOTED: &str = "select cast(coalesce(max(durable_bytes), 0) as bigint) from copy_part";
    let mut program = Installation::start_new(database);
    let mut ledger = Ledger::default();
    let content = Content { seed: seed(), length: 130 * MIB + 77 };
    let body = json!({"name": "source", "disk_format": "raw", "container_format": "bare"});
    let made = program.send(Who::Alice, "POST", "/v2/images", body.to_string().as_bytes());
    let source = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v2/images/{source}/file");
    assert_eq!(program.send(Who::Alice, "PUT", &path, &content.bytes()).status, 204);
    let mut entry = Entry::new(Who::Alice, content, &[Stand::Whole]);
    entry.id = Some(source.clone());
    ledger.entries.insert("source".to_owned(), entry);
    for at in 0..2 {
        let name = format!("copy {at}");
        let wish = json!({"region": "r2", "project": Who::There.project(), "name": name});
        let path = format!("/api/v1/images/{source}/copy");
        let made = program.send(Who::Alice, "POST", &path, wish.to_string().as_bytes());
        assert_eq!(made.status, 202, "{}", made.text());
        // Once before anything is on disk, once when something is.
        if at == 1 {
            wait_until("a part is on disk", || check::counted(&program, NOTED) > 0);
        }
        program.kill();
        check::stores(&program);
        program.start();
        let stands = [Stand::Importing, Stand::Whole];
        ledger.entries.insert(name, Entry::new(Who::There, content, &stands));
        check::people(&program, &mut ledger);
    }
    check::at_rest(&mut program, &mut ledger);
}

#[test]
fn sqlite_t_047_a_copy_killed_in_the_middle_ends_whole() {
    t_047_a_copy_killed_in_the_middle_ends_whole(None);
}

#[test]
fn postgres_t_047_a_copy_killed_in_the_middle_ends_whole() {
    t_047_a_copy_killed_in_the_middle_ends_whole(Some(postgres::url()));
}
