//! Reads blobs again, one after the other and one at a time in the whole installation.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::app::App;
use crate::service::scrub::{self, Round};

/// How often somebody looks whether a blob is due: who asks for one on another node waits so long. So
/// long it rests as well after a blob that could not be read: a store that is away has many of them.
const POLL: Duration = Duration::from_secs(1);
/// How long it rests after trouble with the database.
const REST: Duration = Duration::from_secs(30);

/// Runs until `stop` is true. What it is at then is begun anew when its next turn comes, after all
/// others.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = tokio::select! {
            round = scrub::round(&app) => match round {
                Ok(Round::Read) => continue,
                Ok(Round::Idle | Round::PutAside) => POLL,
                Err(error) => {
                    tracing::warn!(?error, "no blob is read again: the database is in trouble");
                    REST
                }
            },
            _ = stop.changed() => continue,
        };
        tokio::select! {
            () = app.scrub.notified() => {}
            () = sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}
