//! A seeded simulation against a small model: histories of acts by owners, recipients and an operator,
//! on both engines. A history one after the other is compared with the model act by act; a crowd acts
//! at the same time, on PostgreSQL through two nodes, and leaves what must hold. A failure prints its
//! seed and the acts that lead there; `LENDGLASS_SEED=N` runs that one again, `LENDGLASS_SEEDS=N` so
//! many, `LENDGLASS_ACTS=N` of so many acts, from seed `LENDGLASS_FIRST_SEED` on.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and draws some of what there is"
)]

#[expect(unused_macros, unused_imports, reason = "a history is no story")]
#[path = "../support/mod.rs"]
mod support;

#[expect(dead_code, unused_macros, reason = "the stories of rules use the rest")]
#[path = "../rules/cloud.rs"]
mod cloud;

#[path = "../support/http.rs"]
mod http;
#[expect(dead_code, reason = "it is only killed here")]
#[path = "../support/program.rs"]
mod program;

mod checks;
mod history;
mod killed;
mod model;
mod people;
mod play;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use lendglass_server::app::Settings;
use lendglass_store::clock::Clock;
use lendglass_store::db::Engine;

use crate::cloud::Cloud;
use crate::history::{Act, How, Shape, What, draw};
use crate::model::{EITHER, Model, Words};
use crate::play::{Ids, play};
use crate::support::{Home, START, TestServer};

/// Acts between two looks at all tables.
const CHECK_EVERY: usize = 10;
/// Runs that a failing history is shrunk by, at most.
const SHRINKING_RUNS: usize = 150;
const LANES: usize = 4;

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// The seeds of a test: `count` of them where nobody says otherwise.
fn seeds(count: u64) -> Vec<u64> {
    if let Some(one) = setting("LENDGLASS_SEED") {
        return vec![one];
    }
    let first = setting("LENDGLASS_FIRST_SEED").unwrap_or(1);
    (first..first + setting("LENDGLASS_SEEDS").unwrap_or(count)).collect()
}

fn acts(count: usize) -> usize {
    setting("LENDGLASS_ACTS").map_or(count, |acts| acts as usize)
}

/// What a history went through, counted: what is never met shows nothing.
type Tally = BTreeMap<&'static str, usize>;

/// What each history that is played beside the model must meet, in some seed or other.
const TROUBLES: [&str; 6] = [
    "times the store was away",
    "uploads lost",
    "jobs lost",
    "restarts",
    "jumps of the clock",
    "reads of right bytes",
];

fn met(act: &Act, words: &Words) -> Option<&'static str> {
    let is = |word: &str| words.iter().any(|found| found == word);
    match act.what {
        _ if act.how == How::StoreAway && is("UNAVAILABLE") => Some(TROUBLES[0]),
        What::Finish { .. } if is("UPLOAD_LOST") => Some(TROUBLES[1]),
        What::Beat if is("lost") => Some(TROUBLES[2]),
        What::Restart => Some(TROUBLES[3]),
        What::Jump(_) => Some(TROUBLES[4]),
        What::Read { .. } if words.iter().any(|word| word.starts_with("bytes")) => {
            Some(TROUBLES[5])
        }
        _ => None,
    }
}

async fn world(engine: Engine) -> Cloud {
    let (home, clock) = (Home::fresh(engine).await, Clock::stepped(START));
    home.keep_blobs();
    let server = TestServer::on(home.into(), clock, "lendglass", Settings::default()).await;
    people::settle(&server).await;
    Cloud::of(server)
}

/// Plays a history act by act, beside the model.
async fn in_order(engine: Engine, acts: Vec<Act>) -> Result<Tally, String> {
    let mut cloud = world(engine).await;
    let (ids, mut model, mut tally) = (Ids::default(), Model::default(), Tally::new());
    let events = cloud.count(checks::DEEDS).await;
    for (at, act) in acts.iter().enumerate() {
        let mut expected = model.play(act);
        if matches!(act.what, What::Restart) {
            cloud = Cloud::of(cloud.restarted().await);
        }
        let is_away = act.how == How::StoreAway;
        if is_away {
            cloud.home().mount("r1", false);
        }
        let mut found = play(&cloud.app, &ids, act).await.unwrap_or_default();
        if is_away {
            cloud.home().mount("r1", true);
        }
        expected.sort();
        found.sort();
        if !is_expected(&found, &expected) {
            let number = act.number;
            return Err(format!("act {number} came to {found:?}, the model says {expected:?}"));
        }
        met(act, &found).into_iter().for_each(|what| *tally.entry(what).or_default() += 1);
        let is_half_done = is_away && matches!(act.what, What::Work);
        if at % CHECK_EVERY == 0 || is_half_done {
            checks::always(&cloud).await?;
            checks::as_modelled(&cloud, &model, &ids, events).await?;
        }
    }
    for what in [What::LoseLeases, What::Work] {
        let (number, who) = (acts.len() as u32, people::OPERATOR);
        let last = Act { number, lane: 0, who, what, how: How::Plainly };
        model.play(&last);
        play(&cloud.app, &ids, &last).await;
    }
    checks::at_rest(&cloud).await?;
    checks::as_modelled(&cloud, &model, &ids, events).await?;
    checks::blobs_as_modelled(&cloud, &model).await?;
    Ok(tally)
}

fn is_expected(found: &Words, expected: &Words) -> bool {
    match (found.as_slice(), expected.as_slice()) {
        ([found], [expected]) if expected == EITHER => EITHER.split(" or ").any(|one| one == found),
        _ => found == expected,
    }
}

/// Plays the lanes of a history at the same time.
async fn at_once(engine: Engine, acts: Vec<Act>) -> Result<Tally, String> {
    let cloud = Arc::new(world(engine).await);
    // Two processes cannot have one embedded database open.
    let second = match engine {
        Engine::Sqlite => cloud.app.clone(),
        Engine::Postgres => cloud.second().await.app.clone(),
    };
    let nodes = Arc::new([Mutex::new(cloud.app.clone()), Mutex::new(second)]);
    let ids = Arc::new(Ids::default());
    for act in acts.iter().filter(|act| act.lane == 0) {
        play(&cloud.app, &ids, act).await;
    }
    let mut lanes = Vec::new();
    for lane in 1..=LANES {
        let acts: Vec<Act> = acts.iter().filter(|act| act.lane == lane).cloned().collect();
        let (nodes, ids, cloud) = (nodes.clone(), ids.clone(), cloud.clone());
        lanes.push(tokio::spawn(async move {
            let mut tally = Tally::new();
            for act in &acts {
                let node = &nodes[lane % nodes.len()];
                if matches!(act.what, What::Restart) {
                    let next = cloud.restarted().await;
                    *node.lock().unwrap() = next.app.clone();
                }
                let app = node.lock().unwrap().clone();
                let words = play(&app, &ids, act).await.unwrap_or_default();
                let is_wrong = |word: &String| {
                    word == "INTERNAL" || word == "UNAVAILABLE" || word == play::WRONG_BYTES
                };
                if words.iter().any(is_wrong) {
                    return Err(format!("act {} came to {words:?}", act.number));
                }
                met(act, &words).into_iter().for_each(|what| *tally.entry(what).or_default() += 1);
            }
            Ok(tally)
        }));
    }
    let mut tally = Tally::new();
    for lane in lanes {
        let lane = lane.await.map_err(|error| error.to_string())??;
        lane.into_iter().for_each(|(what, count)| *tally.entry(what).or_default() += count);
    }
    // What was dropped may have left uploads behind: their leases end.
    lendglass_server::jobs::end_leases(&cloud.app).await.map_err(|error| error.to_string())?;
    checks::at_rest(&cloud).await?;
    checks::ceilings(&cloud, &acts).await?;
    Ok(tally)
}

/// What a history went through, or what is wrong with it.
async fn outcome(engine: Engine, acts: &[Act]) -> Result<Tally, String> {
    let acts = acts.to_vec();
    let is_crowd = acts.iter().any(|act| act.lane > 0);
    let run = async move {
        if is_crowd { at_once(engine, acts).await } else { in_order(engine, acts).await }
    };
    tokio::spawn(run).await.unwrap_or_else(|error| Err(error.to_string()))
}

/// Drops acts as long as the history still fails, for a bounded number of runs.
async fn shrunk(engine: Engine, mut acts: Vec<Act>, mut wrong: String) -> (Vec<Act>, String) {
    let mut runs = 0;
    let mut size = acts.len() / 2;
    while size > 0 && runs < SHRINKING_RUNS {
        let mut at = 0;
        while at < acts.len() && runs < SHRINKING_RUNS {
            let mut fewer = acts.clone();
            fewer.drain(at..(at + size).min(acts.len()));
            runs += 1;
            match outcome(engine, &fewer).await {
                Err(still) => (acts, wrong) = (fewer, still),
                Ok(_) => at += size,
            }
        }
        size /= 2;
    }
    (acts, wrong)
}

async fn run(engine: Engine, count: u64, shape: Shape) {
    let (seeds, mut met) = (seeds(count), Tally::new());
    for seed in &seeds {
        let acts = draw(*seed, shape);
        let wrong = match outcome(engine, &acts).await {
            Ok(tally) => {
                println!(
                    "seed {seed} on {engine:?}: {} acts, {tally:?}: as it should be",
                    acts.len()
                );
                tally.into_iter().for_each(|(what, count)| *met.entry(what).or_default() += count);
                continue;
            }
            Err(wrong) => wrong,
        };
        let (fewer, still) = shrunk(engine, acts, wrong.clone()).await;
        let told: Vec<String> = fewer.iter().map(tell).collect();
        panic!(
            "seed {seed} on {engine:?}: {wrong}\nshrunk to {} acts: {still}\n{}\n\
             LENDGLASS_SEED={seed} LENDGLASS_ACTS={} runs it again",
            told.len(),
            told.join("\n"),
            shape.acts,
        );
    }
    println!("{} seeds on {engine:?}: {met:?}", seeds.len());
    let is_missing = |what: &&&str| !met.contains_key(**what);
    let missing: Vec<&&str> = TROUBLES.iter().filter(is_missing).collect();
    let is_enough = shape.lanes == 0 && seeds.len() >= 10 && shape.acts >= 60;
    assert!(!is_enough || missing.is_empty(), "no history has met any {missing:?}");
}

fn tell(act: &Act) -> String {
    let who = people::PEOPLE[act.who].name;
    format!("  {:>3} lane {} {who} {:?}: {:?}", act.number, act.lane, act.how, act.what)
}

fn in_turn(count: usize) -> Shape {
    Shape { acts: acts(count), lanes: 0 }
}

fn crowd(count: usize) -> Shape {
    Shape { acts: acts(count), lanes: LANES }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_histories_come_to_what_the_model_says() {
    run(Engine::Sqlite, 50, in_turn(80)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_histories_come_to_what_the_model_says() {
    run(Engine::Postgres, 10, in_turn(60)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_crowds_leave_what_must_hold() {
    run(Engine::Sqlite, 50, crowd(80)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_crowds_leave_what_must_hold() {
    run(Engine::Postgres, 10, crowd(60)).await;
}
