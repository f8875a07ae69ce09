//! Running a job that moves bytes: the work and its heartbeat, side by side, until one of them ends.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use lendglass_core::Error;
use lendglass_core::job::JobWork;
use lendglass_store::job::{self as store_job, Claim};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::give_back;
use crate::app::App;
use crate::service::copy::{self, Progress};

/// How often the lease is renewed, at least, and how long a cancelled job may go on.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How often the progress is looked at, and written where it is another: what somebody who watches a bar
/// wants of a job that is over soon.
const LOOK: Duration = Duration::from_millis(250);

/// Jobs of this sort at one time in this process: one for each core, as each keeps one digest busy,
/// and at least two, so that a large one does not stand before all others.
pub(super) fn most_of_node() -> usize {
    available_parallelism().map_or(2, NonZero::get).max(2)
}

/// Runs a claimed job to its end, or until `stop` is true or the job is lost.
pub(super) async fn run(app: App, claim: Claim, stop: watch::Receiver<bool>) {
    let progress = Progress::default();
    let outcome = tokio::select! {
        done = work(&app, &claim, &progress) => done,
        lost = keep(&app, &claim, &progress) => Err(lost),
        () = stopped(stop) => return release(&app, claim).await,
    };
    let (job, kind) = (claim.job.id.clone(), claim.job.work.kind());
    let ended = match outcome {
        Ok(()) => {
            tracing::info!(%job, kind, "a job is done");
            Ok(())
        }
        Err(error) => {
            let given_back = give_back(&app, claim, error).await;
            given_back.and(copy::sweep(&app, &progress).await)
        }
    };
    if let Err(error) = ended {
        tracing::warn!(%job, kind, ?error, "a job is left to its lease");
    }
}

async fn work(app: &App, claim: &Claim, progress: &Progress) -> Result<(), Error> {
    match &claim.job.work {
        JobWork::ImageCopy { source, target, .. } => {
            copy::run(app, claim, (source, target), progress).await
        }
        JobWork::Share { .. } | JobWork::ImageReplicate { .. } | JobWork::ServerImage { .. } => {
            Err(Error::internal("a short job was given to a mover"))
        }
    }
}

/// Renews the lease until it is lost; answers why.
async fn keep(app: &App, claim: &Claim, progress: &Progress) -> Error {
    let lease_seconds = app.settings.job_lease_seconds;
    let lease = Duration::from_secs(u64::from(lease_seconds));
    let heartbeat = HEARTBEAT.min(lease / 4);
    let mut ticks = interval(LOOK.min(heartbeat / 2));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The claim itself was the first beat.
    ticks.tick().await;
    let mut renewed_at = Instant::now();
    let mut written = claim.job.progress_percent;
    loop {
        ticks.tick().await;
        let (claim, percent) = (claim.clone(), progress.percent().max(written));
        if percent == written && renewed_at.elapsed() < heartbeat {
            continue;
        }
        let beat = app.db.write(move |tx| store_job::renew(tx, &claim, lease_seconds, percent));
        match beat.await {
            Ok(true) => {
                renewed_at = Instant::now();
                written = percent;
            }
            Ok(false) => return copy::lost(),
            // The database may be away for a while, but well within the lease.
            Err(error) if renewed_at.elapsed() > lease / 2 => return error,
            Err(error) => tracing::warn!(?error, "a lease could not be renewed"),
        }
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // Nobody is left to say it where the channel is closed.
    if stop.wait_for(|is_stopping| *is_stopping).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Another process, or the next one, goes on at once.
async fn release(app: &App, claim: Claim) {
    if let Err(error) = app.db.write(move |tx| store_job::release(tx, &claim)).await {
        tracing::warn!(?error, "a job is left to its lease");
    }
}
