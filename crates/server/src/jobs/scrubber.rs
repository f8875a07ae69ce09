//! Reads blobs again, one after the other and one at a time in the whole installation.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::app::App;
use crate::service::scrub;

/// How often somebody looks whether a blob is due: who asks for one on another node waits so long.
const POLL: Duration = Duration::from_secs(1);
/// How long it rests after trouble: a store that is away does not come back sooner for being asked.
const REST: Duration = Duration::from_secs(30);

/// Runs until `stop` is true. What it is at then is begun anew by the next one.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = tokio::select! {
            round = scrub::round(&app) => match round {
                Ok(true) => continue,
                Ok(false) => POLL,
                Err(error) => {
                    tracing::warn!(?error, "a blob could not be read again");
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
