//! `lendglassd audit verify` as the operator runs it, and the task that seals.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::process::{Command, Output};

use clap::Parser as _;
use lendglass_server::app::App;
use lendglass_server::config::Config;
use lendglass_server::config::args::Cli;
use lendglass_server::service::audit::chain;
use lendglass_server::{jobs, start};
use lendglass_store::{Statement, audit_chain as store_chain};
use support::{TestServer, on_both_engines};
use tokio::sync::watch;

on_both_engines!("lendglass": the_task_seals_flushes_and_hands_its_lease_on);

async fn count(app: &App, text: &str) -> i64 {
    let rows = app.db.read(&Statement::composed(text.to_owned()), vec![]).await.unwrap();
    let row = rows.into_iter().next().unwrap();
    let mut columns = row.read();
    columns.int().unwrap()
}

async fn the_task_seals_flushes_and_hands_its_lease_on(server: TestServer) {
    let new = serde_json::json!({"name": "erp", "disk_format": "raw", "container_format": "bare"});
    let made = server.request("alice", "POST", "/v2/images", new).await.expect(201).json();
    let (stopping, stop) = watch::channel(false);
    let task = tokio::spawn(jobs::audit::run(server.app.clone(), stop));
    server.app.trail.bell.notify_one();
    while store_chain::has_unsealed(&server.app.db).await.unwrap() {
        tokio::task::yield_now().await;
    }
    let path = format!("/v2/images/{}/file", made["id"].as_str().unwrap());
    server.request("alice", "PUT", &path, b"some bytes".to_vec()).await.expect(204);
    for _ in 0..3 {
        server.request("alice", "GET", &path, ()).await.expect(200);
    }
    stopping.send(true).unwrap();
    task.await.unwrap();
    let app = &server.app;
    assert_eq!(count(app, "select cast(sum(ranges) as bigint) from audit_read").await, 3);
    assert_eq!(count(app, "select cast(sum(bytes) as bigint) from audit_read").await, 30);
    assert!(!store_chain::has_unsealed(&app.db).await.unwrap(), "the last events are sealed");
    let lease = "select lease_until from audit_lease where name = 'sealer'";
    assert_eq!(count(app, lease).await, 0, "another node may go on at once");
}

fn config_of(data: &Path) -> Config {
    let words = ["lendglassd", "migrate", "--data", data.to_str().unwrap()];
    let flags = Cli::try_parse_from(words).unwrap().command.flags().unwrap();
    Config::load(&flags, &Default::default(), None).unwrap()
}

fn verify(data: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lendglassd"))
        .args(["audit", "verify", "--data", data.to_str().unwrap()])
        .args(more)
        .output()
        .unwrap()
}

#[track_caller]
fn check(output: &Output, code: i32, parts: &[&str]) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}{errors}");
    for part in parts {
        assert!(format!("{text}{errors}").contains(part), "`{part}` is missing in {text}{errors}");
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn t_049_the_operator_verifies_beside_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    check(&verify(data, &[]), 1, &["there is no database"]);
    // This process is the running server: it holds the lock of the folder.
    let config = config_of(data);
    let ground = start::ground(&config).await.unwrap();
    let app = start::app(&config, ground, None).await.unwrap();
    let head = chain::round(&app.db, app.trail.key(), "one").await.unwrap().unwrap();
    let line = format!("head={head}");
    check(&verify(data, &[]), 0, &["whole: 1 events, places 1 to 1", &line]);
    check(&verify(data, &["--head", &head.to_string()]), 0, &[&line]);
    check(&verify(data, &["--head", "1:1:00"]), 1, &["rewritten: place 1"]);
    check(&verify(data, &["--head", "7:1:00"]), 1, &["cut off: the trail ends at place 1"]);
    check(&verify(data, &["--head", "x"]), 1, &["must be N:MAC"]);
    check(&verify(data, &["--from", "0"]), 2, &["--from"]);
    let tamper = "update audit set detail = 'nothing happened' where seq = 1";
    let tamper = std::sync::Arc::new(Statement::composed(tamper.to_owned()));
    app.db.write(move |tx| tx.execute(&tamper, &[])).await.unwrap();
    check(&verify(data, &[]), 1, &["altered: event", "NOT WHOLE: 1 findings", &line]);
}
