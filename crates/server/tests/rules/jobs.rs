//! Every kind of job may be run twice, and may die after every step.

use lendglass_core::image::{ImageStatus, Visibility};
use lendglass_core::job::{Job, JobState, JobWork};
use lendglass_core::tenant::Role;
use lendglass_core::{Code, JobId};
use lendglass_server::jobs;
use lendglass_server::service::backup::{self, ServerImage};
use lendglass_server::service::replicate::replicate;
use lendglass_server::service::{image, job};
use lendglass_store::{Statement, job as store_job, params};

use crate::cloud::{BYTES, Cloud, caller, offer};
use crate::support::B;

stories! {
    lendglass "lendglass":
        runs_twice_equals_once,
        killed_after_each_step_resumes,
        a_job_is_claimed_by_one,
        a_replica_of_what_is_gone_fails_for_good;
}

/// Every kind of work, with its story below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Share,
    ImageReplicate,
    ImageCopy,
    ServerImage,
}

const KINDS: [Kind; 4] = [Kind::Share, Kind::ImageReplicate, Kind::ImageCopy, Kind::ServerImage];

/// A new kind of work does not compile before it is here.
fn kind_of(work: &JobWork) -> Kind {
    match work {
        JobWork::Share { .. } => Kind::Share,
        JobWork::ImageReplicate { .. } => Kind::ImageReplicate,
        JobWork::ImageCopy { .. } => Kind::ImageCopy,
        JobWork::ServerImage { .. } => Kind::ServerImage,
    }
}

/// Writes a job of a kind, with what it works on.
async fn write(cloud: &Cloud, kind: Kind) -> JobId {
    let source = cloud.image("alice", "source").await;
    let id = match kind {
        Kind::Share => cloud.invite("alice", offer(&[&source], &[B])).await.unwrap().job.unwrap(),
        Kind::ImageReplicate => {
            replicate(&cloud.app, &caller("alice"), &source, None).await.unwrap().1
        }
        Kind::ImageCopy => {
            let there = cloud.project_in_r2("alice", Role::Member).await;
            cloud.copy("alice", &source, Some(&there)).await.unwrap().1
        }
        Kind::ServerImage => {
            let name = cloud.app.ids.hex();
            let kept = cloud.backup(&name, 1, 1).await;
            let (app, new) = (&cloud.app, ServerImage::default());
            backup::make_image(app, &caller("alice"), &kept, new).await.unwrap().1
        }
    };
    assert_eq!(kind_of(&show(cloud, &id).await.work), kind);
    id
}

/// Whether the work of a job is done, whole.
async fn is_done(cloud: &Cloud, job: &Job) -> bool {
    match &job.work {
        JobWork::Share { .. } => {
            let image = &job.results[0].image;
            cloud.members("alice", image).await == [(B.to_owned(), "pending")].into()
        }
        JobWork::ImageReplicate { target, .. } => {
            let copy = cloud.record(target).await;
            copy.status == ImageStatus::Active
                && copy.visibility == Visibility::Private
                && cloud.read("alice", target).await.unwrap() == BYTES
        }
        JobWork::ImageCopy { target, .. } => {
            let copy = cloud.record(target).await;
            copy.status == ImageStatus::Active
                && copy.region.as_str() == "r2"
                && cloud.read_there(target).await == BYTES
        }
        JobWork::ServerImage { target, .. } => {
            let made = cloud.record(target).await;
            made.status == ImageStatus::Active && made.is_from_backup
        }
    }
}

async fn show(cloud: &Cloud, id: &JobId) -> Job {
    job::show(&cloud.app, &caller("alice"), id).await.unwrap()
}

/// Everything a job could change.
async fn tables(cloud: &Cloud) -> Vec<String> {
    let mut tables = Vec::new();
    for text in [
        "select id, status, visibility, size_bytes, digest_hex, share_count, updated_at \
         from image order by id",
        "select image_id, position, blob_id from image_disk order by 1, 2",
        "select id, state, size_bytes from blob order by id",
        "select blob_id, holder_id from blob_use order by 1, 2",
        "select image_id, recipient_id, state, updated_at from share order by 1, 2",
        "select id, state, failure, progress_percent from job order by id",
    ] {
        let rows = cloud.app.db.read(&Statement::new(text), params![]).await.unwrap();
        tables.push(format!("{rows:?}"));
    }
    tables
}

async fn runs_twice_equals_once(cloud: &Cloud) {
    static AGAIN: Statement =
        Statement::new("update job set state = 'ready', run_at = 0, lease_until = 0");
    for kind in KINDS {
        let id = write(cloud, kind).await;
        cloud.settle().await;
        let done = show(cloud, &id).await;
        assert_eq!(done.state, JobState::Succeeded, "{kind:?}");
        assert!(is_done(cloud, &done).await, "{kind:?}");
        let once = tables(cloud).await;
        cloud.app.db.write(|tx| tx.execute(&AGAIN, &params![])).await.unwrap();
        cloud.settle().await;
        assert_eq!(tables(cloud).await, once, "{kind:?}");
        cloud.check().await;
    }
}

async fn killed_after_each_step_resumes(cloud: &Cloud) {
    for kind in KINDS {
        // Dead after the job was written: another process finds it.
        let id = write(cloud, kind).await;
        cloud.settle().await;
        let done = show(cloud, &id).await;
        assert_eq!(done.state, JobState::Succeeded, "{kind:?}");
        assert!(is_done(cloud, &done).await, "{kind:?}");

        // Dead after the claim: nobody runs it before the lease is over, then somebody does, and
        // the dead one ends nothing any more.
        let id = write(cloud, kind).await;
        let now = cloud.app.clock.now();
        let claim = cloud.app.db.write(move |tx| match kind {
            Kind::Share | Kind::ImageReplicate | Kind::ServerImage => {
                store_job::claim(tx, "dead", 3600, now)
            }
            Kind::ImageCopy => store_job::claim_mover(tx, "dead", 3600, 5, now),
        });
        let claim = claim.await.unwrap();
        let is_done_when_written = matches!(kind, Kind::Share | Kind::ServerImage);
        assert_eq!(claim.is_some(), !is_done_when_written, "{kind:?}");
        let Some(claim) = claim else {
            assert!(is_done(cloud, &show(cloud, &id).await).await);
            continue;
        };
        assert_eq!(claim.job.id, id);
        cloud.settle().await;
        assert_eq!(show(cloud, &id).await.state, JobState::Running, "{kind:?}");
        jobs::end_leases(&cloud.app).await.unwrap();
        cloud.settle().await;
        let done = show(cloud, &id).await;
        assert_eq!((done.state, done.attempts), (JobState::Succeeded, 2), "{kind:?}");
        assert!(is_done(cloud, &done).await, "{kind:?}");
        let late =
            cloud.app.db.write(move |tx| store_job::finish(tx, &claim, Some(Code::Internal), now));
        assert!(!late.await.unwrap(), "the fence has grown");
        assert_eq!(show(cloud, &id).await.failure, None);
    }
    // Work and end are one transaction, so that there is no step between them; what moves bytes dies
    // between its notes in `copies.rs`.
}

async fn a_job_is_claimed_by_one(cloud: &Cloud) {
    let mut written = Vec::new();
    for _ in 0..10 {
        written.push(write(cloud, Kind::ImageReplicate).await);
    }
    let now = cloud.app.clock.now();
    let claimers = (0..20).map(|n| {
        let db = cloud.app.db.clone();
        tokio::spawn(async move {
            db.write(move |tx| store_job::claim(tx, &format!("worker {n}"), 60, now)).await
        })
    });
    let mut claimed = Vec::new();
    for claimer in claimers.collect::<Vec<_>>() {
        claimed.extend(claimer.await.unwrap().unwrap().map(|claim| claim.job.id));
    }
    // Of claims at the same time some may come back empty; none comes twice.
    loop {
        let claim = cloud.app.db.write(move |tx| store_job::claim(tx, "last", 60, now)).await;
        let Some(claim) = claim.unwrap() else { break };
        claimed.push(claim.job.id);
    }
    claimed.sort();
    written.sort();
    assert_eq!(claimed, written);
    jobs::end_leases(&cloud.app).await.unwrap();
    cloud.settle().await;
}

async fn a_replica_of_what_is_gone_fails_for_good(cloud: &Cloud) {
    let source = cloud.image("alice", "source").await;
    let (copy, id) = replicate(&cloud.app, &caller("alice"), &source, None).await.unwrap();
    image::delete(&cloud.app, &caller("alice"), &source).await.unwrap();
    cloud.settle().await;
    let failed = show(cloud, &id).await;
    assert_eq!((failed.state, failed.failure), (JobState::Failed, Some(Code::ImageNotFound)));
    let missing = failed.error().unwrap();
    assert_eq!(missing.facts(), [("id", source.to_string())], "it says which of the two is gone");
    assert_eq!(cloud.record(&copy.id).await.status, ImageStatus::Error);
    cloud.delete("alice", &copy.id).await.unwrap();
    // Who deletes the target ends the job with it: nothing is left over either.
    let source = cloud.image("alice", "source").await;
    let (copy, id) = replicate(&cloud.app, &caller("alice"), &source, None).await.unwrap();
    cloud.delete("alice", &copy.id).await.unwrap();
    let ended = show(cloud, &id).await;
    assert_eq!((ended.state, ended.failure), (JobState::Failed, Some(Code::JobCancelled)));
    cloud.settle().await;
    assert_eq!(show(cloud, &id).await, ended);
    assert_eq!(cloud.read("alice", &source).await.unwrap(), BYTES);
}
