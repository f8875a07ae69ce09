//! The runner: claims jobs under a lease, runs them, and ends them in the transaction of their work.
//! Beside it the reaper makes its rounds.
//!
//! A job that dies with its process comes back when its lease is over; a fence keeps the former
//! owner from ending what somebody else runs by then. Nothing else keeps time: the runner sleeps
//! until it is rung or a poll is due.

pub mod audit;
pub mod courier;
mod mover;
pub mod scrubber;

use std::time::Duration;

use lendglass_core::job::JobWork;
use lendglass_core::limits::COPIES_OF_PROJECT;
use lendglass_core::{Error, Kind};
use lendglass_store::job::Claim;
use lendglass_store::{Tx, audit_chain as store_chain, job as store_job, upload as store_upload};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::service::{job, reap, replicate};

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
            lendglass_store::scrub::end_leases(tx)?;
            lendglass_store::webhook::end_leases(tx)?;
            store_upload::end_leases(tx)
        })
        .await
}

/// Runs jobs and reaps until `stop` is true. Jobs that move bytes run beside the others, a few at a
/// time, and are given back when the process stops.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let owner = app.ids.hex();
    let mut movers = JoinSet::new();
    while !*stop.borrow() {
        if let Err(error) = turn(&app, &owner, &mut movers, &stop).await {
            tracing::warn!(?error, "the jobs wait: the database or the store is in trouble");
        }
        tokio::select! {
            () = app.work.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            Some(_) = movers.join_next() => {}
            _ = stop.changed() => {}
        }
    }
    while movers.join_next().await.is_some() {}
}

/// Everything that is due: short jobs here, long ones in tasks of their own.
async fn turn(
    app: &App,
    owner: &str,
    movers: &mut JoinSet<()>,
    stop: &watch::Receiver<bool>,
) -> Result<(), Error> {
    let most = mover::most_of_node();
    while let Some(claim) = claim(app, owner, movers.len() < most).await? {
        if claim.job.work.moves_bytes() {
            movers.spawn(mover::run(app.clone(), claim, stop.clone()));
        } else {
            run_one(app, claim).await?;
        }
    }
    reap::round(app).await.map(|_| ())
}

/// Runs every job that is due, one after the other, and one round of the reaper; says how many
/// things were done.
pub async fn drain(app: &App, owner: &str) -> Result<usize, Error> {
    let (_never, stop) = watch::channel(false);
    let mut done = 0;
    while let Some(claim) = claim(app, owner, true).await? {
        if claim.job.work.moves_bytes() {
            mover::run(app.clone(), claim, stop.clone()).await;
        } else {
            run_one(app, claim).await?;
        }
        done += 1;
    }
    Ok(done + reap::round(app).await?)
}

/// A short job, else one that moves bytes where there is room for it.
async fn claim(app: &App, owner: &str, may_move: bool) -> Result<Option<Claim>, Error> {
    let (owned, owner) = (app.clone(), owner.to_owned());
    let claim = move |tx: &mut Tx<'_>| {
        let (now, lease) = (owned.clock.now(), owned.settings.job_lease_seconds);
        match store_job::claim(tx, &owner, lease, now)? {
            None if may_move => store_job::claim_mover(tx, &owner, lease, COPIES_OF_PROJECT, now),
            claimed => Ok(claimed),
        }
    };
    app.db.write(claim).await
}

async fn run_one(app: &App, claim: Claim) -> Result<(), Error> {
    let kind = claim.job.work.kind();
    let (owned, mine) = (app.clone(), claim.clone());
    let outcome = app
        .db
        .write(move |tx| {
            work(tx, &owned, &mine.job.work)?;
            job::end(tx, &owned, &mine, None)
        })
        .await;
    let Err(error) = outcome else {
        tracing::info!(job = %claim.job.id, kind, "a job is done");
        return Ok(());
    };
    give_back(app, claim, error).await
}

/// The work of each kind that needs no more than the transaction that ends the job.
fn work(tx: &mut Tx<'_>, app: &App, work: &JobWork) -> Result<(), Error> {
    match work {
        // Done within the transaction that wrote it.
        JobWork::Share { .. } | JobWork::ServerImage { .. } => Ok(()),
        JobWork::ImageReplicate { source, target, .. } => replicate::work(tx, app, source, target),
        JobWork::ImageCopy { .. } => Err(Error::internal("bytes do not move in a transaction")),
    }
}

/// Trouble that may pass is tried again, later each time; a refusal or the last attempt is the end.
async fn give_back(app: &App, claim: Claim, error: Error) -> Result<(), Error> {
    tracing::warn!(job = %claim.job.id, kind = claim.job.work.kind(), ?error, "a job failed");
    let owned = app.clone();
    app.db.write(move |tx| give_back_in(tx, &owned, &claim, &error)).await
}

fn give_back_in(tx: &mut Tx<'_>, app: &App, claim: &Claim, error: &Error) -> Result<(), Error> {
    if let Some(target) = claim.job.work.target() {
        // The record before the job, as who ends the job by doing it.
        lendglass_store::image::lock(tx, target)?;
    }
    let Some(attempts) = store_job::attempts(tx, claim)? else { return Ok(()) };
    let may_pass = matches!(error.kind(), Kind::Unavailable | Kind::Internal | Kind::NoSpace);
    if may_pass && attempts < ATTEMPTS {
        let delay_seconds = 1 << attempts;
        let now = app.clock.now();
        return store_job::retry(tx, claim, error.code(), delay_seconds, now).map(|_| ());
    }
    job::abandon(tx, app, &claim.job, error.code())?;
    job::end(tx, app, claim, Some(error.code()))
}
