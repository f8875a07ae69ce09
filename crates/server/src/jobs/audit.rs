//! The tasks behind the audit trail: sealing, forwarding, writing what reads were counted. Each goes
//! at its own pace, so that a slow receiver never holds up the seals.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::app::App;
use crate::drivers::syslog::Target;
use crate::service::audit::{chain, forward, reads};

/// How long the sealer sleeps when nobody rings: an event is sealed within a second of its commit.
const POLL: Duration = Duration::from_millis(500);
/// How often counted reads are written.
const FLUSH_EVERY: Duration = Duration::from_secs(60);
/// How long the forwarder waits after a failure, at most.
const PAUSE_MOST: Duration = Duration::from_secs(30);

/// Runs until `stop` is true; then writes and seals what is left.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let owner = app.ids.hex();
    let forwarding = async {
        if let Some(target) = &app.settings.audit_syslog {
            forward_loop(&app, target, &owner, stop.clone()).await;
        }
    };
    tokio::join!(seal_loop(&app, &owner, stop.clone()), flush_loop(&app, stop.clone()), forwarding);
    flush(&app).await;
    seal(&app, &owner).await;
    if let Err(error) = chain::release(&app.db, &owner).await {
        tracing::info!(?error, "the next sealer has to wait for the end of a lease");
    }
}

async fn seal_loop(app: &App, owner: &str, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        seal(app, owner).await;
        tokio::select! {
            () = app.trail.bell.notified() => {}
            () = sleep(POLL) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn seal(app: &App, owner: &str) {
    if let Err(error) = chain::round(&app.db, app.trail.key(), owner).await {
        tracing::error!(target: "audit", ?error, "the audit trail is not sealed");
    }
}

async fn flush_loop(app: &App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = sleep(FLUSH_EVERY) => flush(app).await,
            _ = stop.changed() => {}
        }
    }
}

async fn flush(app: &App) {
    if let Err(error) = reads::flush(app).await {
        tracing::warn!(?error, "counted reads wait in memory");
    }
}

async fn forward_loop(app: &App, target: &Target, owner: &str, mut stop: watch::Receiver<bool>) {
    let mut pause = POLL;
    while !*stop.borrow() {
        match forward::round(&app.db, target, owner).await {
            Ok(_) => pause = POLL,
            Err(error) => {
                tracing::warn!(target: "audit", ?error, "events wait to be forwarded");
                pause = (pause * 2).min(PAUSE_MOST);
            }
        }
        tokio::select! {
            () = sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}
