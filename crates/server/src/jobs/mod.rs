//! The runner: claims jobs under a lease, runs them, and ends them in the transaction of their work.
//! Beside it the reaper makes its rounds.
//!
//! A job that dies with its process comes back when its lease is over; a fence keeps the former
//! owner from ending what somebody else runs by then. Nothing else keeps time: the runner sleeps
//! until it is rung or a poll is due.

pub mod audit;
pub mod courier;

use std::time::Duration;

use lendglass_core::job::JobWork;
use lendglass_core::{Code, Error, Kind};
use lendglass_store::job::Claim;
use lendglass_store::{Tx, audit_chain as store_chain, job as store_job, upload as store_upload};
use tokio::sync::watch;

use crate::app::App;
use crate::service::{reap, replicate};

/// How long one run of a job may take before another process may try.
const LEASE_SECONDS: u32 = 60;
/// Runs of a job before it fails for good.
const ATTEMPTS: u32 = 5;
/// How long the runner sleeps when nobody rings: other nodes' jobs and ended leases are found then.
const POLL: Duration = Duration::from_secs(1);

/// Takes back every lease of a former process. Only for an embedded database, which this process
/// alone has open; call it once, before serving.
pub async fn end_leases(app: &App) -> Result<(), Error> {
    app.db
        .write(|tx| {
            store_job::end_leases(tx)?;
            store_chain::end_leases(tx)?;
            lendglass_store::webhook::end_leases(tx)?;
            store_upload::end_leases(tx)
        })
        .await
}

/// Runs jobs and reaps until `stop` is true.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let owner = app.ids.hex();
    while !*stop.borrow() {
        if let Err(error) = drain(&app, &owner).await {
            tracing::warn!(?error, "the jobs wait: the database or the store is in trouble");
        }
        tokio::select! {
            () = app.work.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Runs every job that is due and one round of the reaper; says how many things were done.
pub async fn drain(app: &App, owner: &str) -> Result<usize, Error> {
    let mut done = 0;
    while let Some(claim) = claim(app, owner).await? {
        run_one(app, claim).await?;
        done += 1;
    }
    Ok(done + reap::round(app).await?)
}

async fn claim(app: &App, owner: &str) -> Result<Option<Claim>, Error> {
    let (owned, owner) = (app.clone(), owner.to_owned());
    app.db.write(move |tx| store_job::claim(tx, &owner, LEASE_SECONDS, owned.clock.now())).await
}

async fn run_one(app: &App, claim: Claim) -> Result<(), Error> {
    let kind = claim.job.work.kind();
    let (owned, mine) = (app.clone(), claim.clone());
    let outcome = app
        .db
        .write(move |tx| {
            work(tx, &owned, &mine.job.work)?;
            end(tx, &owned, &mine, None)
        })
        .await;
    let Err(error) = outcome else {
        tracing::info!(job = %claim.job.id, kind, "a job is done");
        return Ok(());
    };
    tracing::warn!(job = %claim.job.id, kind, ?error, "a job failed");
    let owned = app.clone();
    app.db.write(move |tx| give_back(tx, &owned, &claim, &error)).await
}

/// The work of each kind, in the transaction that ends the job.
fn work(tx: &mut Tx<'_>, app: &App, work: &JobWork) -> Result<(), Error> {
    match work {
        // Done within the transaction that wrote it.
        JobWork::Share { .. } => Ok(()),
        JobWork::ImageReplicate { source, target } => replicate::work(tx, app, source, target),
    }
}

/// What is left of the work of a job that failed for good.
fn abandon(tx: &mut Tx<'_>, app: &App, work: &JobWork) -> Result<(), Error> {
    match work {
        JobWork::Share { .. } => Ok(()),
        JobWork::ImageReplicate { target, .. } => replicate::fail(tx, app, target),
    }
}

fn end(tx: &mut Tx<'_>, app: &App, claim: &Claim, failure: Option<Code>) -> Result<(), Error> {
    if store_job::finish(tx, claim, failure, app.clock.now())? {
        return Ok(());
    }
    Err(Error::new(Code::Unavailable).because("the job was taken over by another process"))
}

/// Trouble that may pass is tried again, later each time; a refusal or the last attempt is the end.
fn give_back(tx: &mut Tx<'_>, app: &App, claim: &Claim, error: &Error) -> Result<(), Error> {
    let may_pass = matches!(error.kind(), Kind::Unavailable | Kind::Internal | Kind::NoSpace);
    if may_pass && claim.job.attempts < ATTEMPTS {
        let delay_seconds = 1 << claim.job.attempts;
        let now = app.clock.now();
        return store_job::retry(tx, claim, error.code(), delay_seconds, now).map(|_| ());
    }
    abandon(tx, app, &claim.job.work)?;
    store_job::finish(tx, claim, Some(error.code()), app.clock.now()).map(|_| ())
}
