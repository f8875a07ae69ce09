//! A PostgreSQL that dies, hangs, cuts its connections or moves: while it is away everybody is told so,
//! in the form of his dialect and with the time to come back; afterwards everything acknowledged is
//! there, and the program was never started anew.

use crate::http::{Answer, Sent};
use crate::installation::{Installation, Who};
use crate::ledger::Ledger;
use crate::load::Load;
use crate::servers::{Postgres, url};
use crate::{check, seed};

/// A question in each dialect, with the status and the word of its refusal, and one that writes.
/// Tencent's dialect has no signed question here: its form has neither status nor header.
const QUESTIONS: [(&str, &str, u16, &str); 5] = [
    ("GET", "/v2/images?limit=5", 503, "UNAVAILABLE"),
    ("GET", "/api/v1/images?limit=5", 503, "UNAVAILABLE"),
    ("GET", "/v2/cloudimages?limit=5", 503, "IMG."),
    ("GET", "/v4/image/list?regionID=r1&visibility=0", 200, "Openapi.Service.Unavailable"),
    ("POST", "/v2/images", 503, "UNAVAILABLE"),
];

fn ask(program: &Installation, method: &str, path: &str) -> Answer {
    let sent = Sent { token: Some(&program.tokens[&Who::Alice]), ..Sent::new(method, path) };
    let body = if method == "POST" { r#"{"name": "nobody's"}"# } else { "" };
    // The client's own patience is a minute: who waits for longer has been left hanging.
    let answer = sent.json(body).to(program.address);
    answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

/// All of them at once: each is refused in its form, with the time to come back.
fn everybody_is_told(program: &Installation) {
    std::thread::scope(|scope| {
        for (method, path, status, word) in QUESTIONS {
            scope.spawn(move || {
                let answer = ask(program, method, path);
                assert_eq!(answer.status, status, "{path}: {}", answer.text());
                assert!(answer.text().contains(word), "{path}: {}", answer.text());
                let seconds = answer.header("retry-after").map(str::parse::<u32>);
                assert!(matches!(seconds, Some(Ok(1..))), "{path}: {:?}", answer.headers);
            });
        }
    });
}

/// People act while something happens to the database; then it is well again, and all is looked at.
fn under_load(
    program: &mut Installation,
    ledger: Ledger,
    seed: u64,
    what: &str,
    happens: impl FnOnce(&Installation),
) -> Ledger {
    let pid = program.pid();
    let load = Load::begin(&[program], ledger, seed, true);
    load.wait_for(30);
    happens(program);
    check::answers_again(program);
    let mut ledger = load.end();
    check::people(program, &mut ledger);
    let load = Load::begin(&[program], ledger, seed + 1, true);
    load.wait_for(20);
    let mut ledger = load.end();
    check::people(program, &mut ledger);
    assert!(program.is_running() && program.pid() == pid);
    println!(
        "PostgreSQL {what}: seed {seed}, {} acts answered, {} not, so far: nothing is lost",
        ledger.answered, ledger.lost
    );
    ledger
}

#[test]
fn postgres_killed_or_cut_off_loses_nothing() {
    let seed = seed();
    let mut server = Postgres::start_new();
    let mut program = Installation::start_new(Some(url(&[&server])));
    let ledger = under_load(&mut program, Ledger::default(), seed, "killed", |program| {
        server.kill();
        everybody_is_told(program);
        server.start();
    });
    let mut ledger = under_load(&mut program, ledger, seed, "cut off", |_| {
        for _ in 0..10 {
            server.cut_connections();
        }
    });
    check::at_rest(&mut program, &mut ledger);
}

#[test]
#[ignore = "takes half a minute: make torture"]
fn postgres_hung_loses_nothing_and_keeps_nobody_waiting() {
    let server = Postgres::start_new();
    let mut program = Installation::start_new(Some(url(&[&server])));
    let ledger = Ledger::default();
    let mut ledger = under_load(&mut program, ledger, seed(), "hung", |program| {
        server.signal_all("STOP");
        everybody_is_told(program);
        server.signal_all("CONT");
    });
    check::at_rest(&mut program, &mut ledger);
}

#[test]
#[ignore = "takes half a minute: make torture"]
fn postgres_standby_promoted_goes_on_without_a_restart() {
    let seed = seed();
    for what in ["killed and followed by its standby", "hung and followed by its standby"] {
        let mut first = Postgres::start_new();
        let mut program = Installation::start_new(Some(url(&[&first])));
        let second = first.standby();
        program.stop();
        program.database = Some(url(&[&first, &second]));
        program.start();
        let mut ledger = under_load(&mut program, Ledger::default(), seed, what, |program| {
            if what.starts_with("killed") {
                first.kill();
            } else {
                first.signal_all("STOP");
            }
            everybody_is_told(program);
            second.promote();
        });
        program.database = Some(url(&[&second]));
        check::at_rest(&mut program, &mut ledger);
    }
}
