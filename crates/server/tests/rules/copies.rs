//! Copies in other regions (RG-02, T-046, T-047), and jobs that are cancelled (XC-02).

use futures_util::TryStreamExt as _;
use lendglass_core::image::{Image, ImageKind, ImageStatus};
use lendglass_core::job::{Job, JobState};
use lendglass_core::share::ShareState;
use lendglass_core::tenant::{Assigned, Credential, Project, Role};
use lendglass_core::{BlobId, Code, Error, ImageId, JobId, ProjectId, RegionId};
use lendglass_server::jobs;
use lendglass_server::service::copy::{CopyWish, copy};
use lendglass_server::service::download::{self, Bytes};
use lendglass_server::service::job::{self, JobFilter};
use lendglass_server::service::{image, replicate, share};
use lendglass_store::blob::{DigestAlgo, DigestPlan, Intake, Locator};
use lendglass_store::job::{self as store_job, Claim};
use lendglass_store::upload::Copy;
use lendglass_store::user::Assignment;
use lendglass_store::{
    Statement, copy as store_copy, params, tenant as store_tenant, user as store_user,
};
use serde_json::json;

use crate::cloud::{BYTES, Cloud, STORE_BYTES, caller, offer, refused};
use crate::support::{B, D};

stories! {
    lendglass "lendglass":
        rg_02_an_image_is_copied_and_shared_there,
        rg_02_the_owner_of_the_copy_is_named_or_the_only_one,
        rg_02_accepted_images_are_copied_and_others_are_not,
        rg_02_a_dry_run_copies_nothing,
        t_046_the_sixth_copy_of_a_project_waits,
        t_047_a_broken_copy_goes_on_where_it_was,
        t_047_what_is_not_what_it_says_is_not_kept,
        t_047_a_copy_whose_end_is_gone_fails_for_good,
        xc_02_a_waiting_job_is_cancelled,
        xc_02_a_running_copy_is_cancelled_and_undone,
        xc_02_jobs_are_found_by_state_kind_and_image;
}

const MIB: usize = 1 << 20;

impl Cloud {
    /// A new project in r2 of a person's account, in which he has a role.
    pub async fn project_in_r2(&self, person: &str, role: Role) -> String {
        let (id, caller) = (self.app.ids.hex(), caller(person));
        let project = Project {
            id: ProjectId::trusted(&id),
            account: caller.account.clone(),
            name: format!("there {id}"),
            description: String::new(),
            region: Some(RegionId::trusted("r2")),
            is_discoverable: false,
            is_enabled: true,
        };
        let given = Assignment {
            user: caller.user,
            project: project.id.clone(),
            assigned: Assigned::Role(role),
        };
        let now = self.app.clock.now();
        let write = move |tx: &mut lendglass_store::Tx<'_>| {
            store_tenant::insert_project(tx, &project, now)?;
            store_user::grant(tx, &given, now)
        };
        assert!(self.app.db.write(write).await.unwrap());
        id
    }

    pub async fn copy(
        &self,
        person: &str,
        source: &ImageId,
        project: Option<&str>,
    ) -> Result<(Image, JobId), Error> {
        copy(&self.app, &caller(person), wish(source, project)).await
    }

    /// The bytes of a copy in r2, as its owner reads them.
    pub async fn read_there(&self, id: &ImageId) -> Vec<u8> {
        let mut owner = caller("alice");
        owner.project = self.record(id).await.owner;
        owner.region = RegionId::trusted("r2");
        let Bytes::Disk(_, disk) = download::open(&self.app, &owner, id).await.unwrap() else {
            panic!("the copy has no bytes")
        };
        let size = disk.size_bytes();
        let frames = disk.read(&self.app, &(0..size)).await.unwrap();
        let frames = frames.stream(&self.app.buffers, 0..size);
        frames.try_collect::<Vec<_>>().await.unwrap().concat()
    }

    /// Bytes that the store of r2 holds.
    async fn stored_there(&self) -> u64 {
        let blobs = self.app.blobs(&RegionId::trusted("r2")).unwrap();
        STORE_BYTES - blobs.free_bytes().await.unwrap()
    }

    async fn job(&self, id: &JobId) -> Job {
        job::show(&self.app, &caller("alice"), id).await.unwrap()
    }

    /// Claims a copy as a process that is about to die.
    async fn claim_mover(&self) -> Option<Claim> {
        let now = self.app.clock.now();
        self.app.db.write(move |tx| store_job::claim_mover(tx, "dead", 3600, 5, now)).await.unwrap()
    }

    /// What a run leaves that dies after its first note: `bytes` of a new blob.
    async fn half(&self, claim: &Claim, target: &ImageId, bytes: &[u8]) -> Copy {
        let region = RegionId::trusted("r2");
        let (locator, plan) =
            (Locator::random(), DigestPlan { md5: true, algo: DigestAlgo::Sha512 });
        let copy = Copy {
            blob: BlobId::trusted(self.app.ids.hex()),
            region: region.clone(),
            locator: locator.as_str().to_owned(),
        };
        let (blobs, pool) = (self.app.blobs(&region).unwrap(), &self.app.buffers);
        let intake = Intake::resume(blobs, pool, &locator, plan, u64::MAX, 0).await.unwrap();
        let mut intake = intake.unwrap();
        intake.write(bytes).await.unwrap();
        let durable = intake.checkpoint().await.unwrap();
        assert_eq!(durable, bytes.len() as u64);
        let (job, target, written) = (claim.job.id.clone(), target.clone(), copy.clone());
        let now = self.app.clock.now();
        let write = move |tx: &mut lendglass_store::Tx<'_>| {
            store_copy::begin(tx, &job, &target, &written, now)?;
            store_copy::note(tx, &job, &written.blob, durable)
        };
        assert!(self.app.db.write(write).await.unwrap());
        copy
    }

    /// The blob of an image's only disk.
    async fn blob(&self, id: &ImageId) -> String {
        static BLOB: Statement =
            Statement::new("select blob_id from image_disk where image_id = $1");
        let rows = self.app.db.read(&BLOB, params![id]).await.unwrap();
        rows.into_iter().next().unwrap().read().text().unwrap()
    }
}

fn wish(source: &ImageId, project: Option<&str>) -> CopyWish {
    CopyWish {
        source: source.clone(),
        region: RegionId::trusted("r2"),
        project: project.map(ProjectId::trusted),
        name: None,
    }
}

/// Bytes without a short period.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at / 257 + at) as u8).collect()
}

async fn rg_02_an_image_is_copied_and_shared_there(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let there = cloud.project_in_r2("alice", Role::Member).await;
    let path = format!("/api/v1/images/{sys1}/copy");
    let body = json!({"region": "r2", "name": "sys1 there", "description": "for r2"});
    let made = cloud.request("alice", "POST", &path, body).await.expect(202).json();
    assert_eq!((&made["status"], &made["project"]), (&json!("importing"), &json!(there)));
    let target = ImageId::trusted(made["image"].as_str().unwrap());
    assert_eq!(cloud.record(&target).await.properties["description"], "for r2");
    let open = store_job::making(&cloud.app.db, &[&target]).await.unwrap();
    assert_eq!(open.get(&target), Some(&0), "how far it is can be told there");
    cloud.settle().await;
    assert!(store_job::making(&cloud.app.db, &[&target]).await.unwrap().is_empty());
    let path = format!("/api/v1/jobs/{}", made["job"].as_str().unwrap());
    let job = cloud.request("alice", "GET", &path, ()).await.expect(200).json();
    let shown = [&job["kind"], &job["state"], &job["progress_percent"], &job["image"]];
    assert_eq!(shown, [&json!("image_copy"), &json!("succeeded"), &json!(100), &made["image"]]);
    assert_eq!(job["source"], json!(sys1.as_str()));

    let id = ImageId::trusted(made["image"].as_str().unwrap());
    let (copy, source) = (cloud.record(&id).await, cloud.record(&sys1).await);
    assert_eq!(copy.name.as_deref(), Some("sys1 there"));
    assert_eq!((copy.status, copy.size_bytes), (ImageStatus::Active, source.size_bytes));
    assert_eq!((&copy.digests, copy.source_image.as_ref()), (&source.digests, Some(&sys1)));
    assert_ne!(cloud.blob(&id).await, cloud.blob(&sys1).await, "bytes of its own");
    assert_eq!(cloud.read_there(&id).await, BYTES);

    // Another region is reached by the copy and by nothing else.
    let mut mine = caller("alice");
    let refused = cloud.invite("alice", offer(&[&sys1], &[D])).await.unwrap();
    assert!(!refused.is_done);
    (mine.project, mine.region) = (ProjectId::trusted(&there), RegionId::trusted("r2"));
    assert!(share::invite(&cloud.app, &mine, offer(&[&id], &[D])).await.unwrap().is_done);
    assert_eq!(cloud.accept("dave", &id).await, "accepted");
    assert_eq!(cloud.received("dave", ShareState::Accepted).await, [id]);
}

async fn rg_02_the_owner_of_the_copy_is_named_or_the_only_one(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let ask = async |project: Option<&str>| refused(cloud.copy("alice", &sys1, project).await);
    assert_eq!(ask(None).await, Code::CopyProjectNeeded);
    assert_eq!(ask(Some(D)).await, Code::ProjectNotFound, "alice has no role there");
    assert_eq!(ask(Some("nowhere")).await, Code::ProjectNotFound);
    let here = caller("alice").project.to_string();
    assert_eq!(ask(Some(&here)).await, Code::TenantNotInRegion);

    let first = cloud.project_in_r2("alice", Role::Member).await;
    let (copy, _) = cloud.copy("alice", &sys1, None).await.unwrap();
    assert_eq!(copy.owner.as_str(), first);
    let second = cloud.project_in_r2("alice", Role::Member).await;
    let error = cloud.copy("alice", &sys1, None).await.unwrap_err();
    assert_eq!((error.code(), error.fact("count")), (Code::CopyProjectNeeded, Some("2")));
    cloud.copy("alice", &sys1, Some(&second)).await.unwrap();

    let reads = cloud.project_in_r2("alice", Role::Reader).await;
    assert_eq!(ask(Some(&reads)).await, Code::RoleTooWeak);
    let mut narrow = caller("alice");
    narrow.credential = Credential::ApplicationCredential;
    let of = |wish: CopyWish| copy_as(cloud, narrow.clone(), wish);
    assert_eq!(of(wish(&sys1, Some(&first))).await, Code::ProjectNotFound, "bound to its project");
    assert_eq!(of(wish(&sys1, None)).await, Code::CopyProjectNeeded);
    let mut home = wish(&sys1, Some(&here));
    home.region = RegionId::trusted("r1");
    assert_eq!(copy_as(cloud, caller("alice"), home.clone()).await, Code::InvalidValue);
    home.region = RegionId::trusted("r9");
    assert_eq!(copy_as(cloud, caller("alice"), home).await, Code::RegionNotFound);
    cloud.settle().await;
}

async fn copy_as(cloud: &Cloud, caller: lendglass_core::tenant::Caller, wish: CopyWish) -> Code {
    refused(copy(&cloud.app, &caller, wish).await)
}

async fn rg_02_accepted_images_are_copied_and_others_are_not(cloud: &Cloud) {
    let there = cloud.project_in_r2("bob", Role::Member).await;
    let sys1 = cloud.image("alice", "sys1").await;
    let ask = async |id: &ImageId| refused(cloud.copy("bob", id, Some(&there)).await);
    assert_eq!(ask(&sys1).await, Code::ImageNotFound);
    cloud.share("alice", &sys1, B).await;
    assert_eq!(ask(&sys1).await, Code::ShareNotAccepted);
    cloud.accept("bob", &sys1).await;
    let (copy, _) = cloud.copy("bob", &sys1, Some(&there)).await.unwrap();
    cloud.settle().await;
    assert_eq!(cloud.record(&copy.id).await.status, ImageStatus::Active);
    assert_eq!(cloud.read_there(&copy.id).await, BYTES);
    // The owner reads in the trail what became of his image.
    let told = "select cast(count(*) as bigint) from audit where verb = 'image.copy' \
                and counterpart_id is not null";
    assert_eq!(cloud.count(told).await, 1);

    let queued = cloud.queued("bob", "empty", ImageKind::SystemDisk).await;
    assert_eq!(ask(&queued).await, Code::ImageNotActive);
    cloud.change(&sys1, |image| image.kind = ImageKind::FullServer).await;
    assert_eq!(ask(&sys1).await, Code::FullImageNoReplicate);
    cloud.change(&sys1, |image| image.kind = ImageKind::SystemDisk).await;
    cloud.set(None, "recipient.may_replicate", "false").await;
    assert_eq!(ask(&sys1).await, Code::RecipientMayNotReplicate);
}

async fn rg_02_a_dry_run_copies_nothing(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.project_in_r2("alice", Role::Member).await;
    let path = format!("/api/v1/images/{sys1}/copy?dry_run=true");
    cloud.request("alice", "POST", &path, json!({"region": "r2"})).await.expect(200);
    assert_eq!(cloud.count("select cast(count(*) as bigint) from job").await, 0);
    assert_eq!(cloud.count("select cast(count(*) as bigint) from image").await, 1);
}

async fn t_046_the_sixth_copy_of_a_project_waits(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let there = cloud.project_in_r2("alice", Role::Member).await;
    for _ in 0..6 {
        cloud.copy("alice", &sys1, Some(&there)).await.unwrap();
    }
    let claimers = (0..12).map(|_| {
        let (db, now) = (cloud.app.db.clone(), cloud.app.clock.now());
        tokio::spawn(async move {
            db.write(move |tx| store_job::claim_mover(tx, "dead", 3600, 5, now)).await
        })
    });
    let mut claimed = 0;
    for claimer in claimers.collect::<Vec<_>>() {
        claimed += usize::from(claimer.await.unwrap().unwrap().is_some());
    }
    // Of claims at the same time some may come back empty.
    while cloud.claim_mover().await.is_some() {
        claimed += 1;
    }
    assert_eq!(claimed, 5);
    let in_state = async |state| {
        let filter = JobFilter { state: Some(state), ..JobFilter::default() };
        job::list(&cloud.app, &caller("alice"), &filter, None, None).await.unwrap().len()
    };
    assert_eq!((in_state(JobState::Running).await, in_state(JobState::Ready).await), (5, 1));
    // Another project's copy does not wait for them, and short jobs wait for no copy.
    let sys2 = cloud.image("bob", "sys2").await;
    let bobs = cloud.project_in_r2("bob", Role::Member).await;
    let (_, id) = cloud.copy("bob", &sys2, Some(&bobs)).await.unwrap();
    let (replica, _) =
        replicate::replicate(&cloud.app, &caller("alice"), &sys1, None).await.unwrap();
    cloud.settle().await;
    let ended = job::show(&cloud.app, &caller("bob"), &id).await.unwrap();
    assert_eq!(ended.state, JobState::Succeeded);
    assert_eq!(cloud.record(&replica.id).await.status, ImageStatus::Active);
    assert_eq!(in_state(JobState::Ready).await, 1);
    jobs::end_leases(&cloud.app).await.unwrap();
    cloud.settle().await;
    assert_eq!((in_state(JobState::Succeeded).await, in_state(JobState::Ready).await), (7, 0));
}

async fn t_047_a_broken_copy_goes_on_where_it_was(cloud: &Cloud) {
    let content = bytes(3 * MIB + 77);
    let there = cloud.project_in_r2("alice", Role::Member).await;
    let source = cloud.queued("alice", "large", ImageKind::DataDisk).await;
    cloud.fill("alice", &source, &content).await.unwrap();
    let (copy, id) = cloud.copy("alice", &source, Some(&there)).await.unwrap();
    let claim = cloud.claim_mover().await.unwrap();
    let half = cloud.half(&claim, &copy.id, &content[..2 * MIB]).await;
    jobs::end_leases(&cloud.app).await.unwrap();
    cloud.settle().await;
    assert_eq!(cloud.job(&id).await.state, JobState::Succeeded);
    assert_eq!(cloud.blob(&copy.id).await, half.blob.as_str(), "the same blob, made whole");
    assert_eq!(cloud.read_there(&copy.id).await, content);
    assert_eq!(cloud.stored_there().await, content.len() as u64);
    assert_eq!(cloud.record(&copy.id).await.digests, cloud.record(&source).await.digests);

    // A process that stops gives its jobs back, and the next one finds them.
    let (copy, id) = cloud.copy("alice", &source, Some(&there)).await.unwrap();
    let (stopping, stop) = tokio::sync::watch::channel(false);
    let runner = tokio::spawn(jobs::run(cloud.app.clone(), stop));
    stopping.send(true).unwrap();
    runner.await.unwrap();
    assert_ne!(cloud.job(&id).await.state, JobState::Running);
    cloud.settle().await;
    assert_eq!(cloud.read_there(&copy.id).await, content);
}

async fn t_047_what_is_not_what_it_says_is_not_kept(cloud: &Cloud) {
    let content = bytes(2 * MIB + 5);
    let there = cloud.project_in_r2("alice", Role::Member).await;
    let source = cloud.queued("alice", "large", ImageKind::DataDisk).await;
    cloud.fill("alice", &source, &content).await.unwrap();

    // What an earlier run has left is spoilt: the copy is made anew.
    let (copy, id) = cloud.copy("alice", &source, Some(&there)).await.unwrap();
    let claim = cloud.claim_mover().await.unwrap();
    let half = cloud.half(&claim, &copy.id, &vec![7; MIB]).await;
    jobs::end_leases(&cloud.app).await.unwrap();
    cloud.settle().await;
    let waits = cloud.job(&id).await;
    assert_eq!((waits.state, waits.failure), (JobState::Ready, Some(Code::Unavailable)));
    jobs::end_leases(&cloud.app).await.unwrap();
    cloud.settle().await;
    assert_eq!(cloud.job(&id).await.state, JobState::Succeeded);
    assert_ne!(cloud.blob(&copy.id).await, half.blob.as_str());
    assert_eq!(cloud.read_there(&copy.id).await, content);
    let stored = cloud.stored_there().await;
    assert_eq!(stored, content.len() as u64);

    // The source itself is spoilt.
    let spoil = |image: &mut Image| image.digests.as_mut().unwrap().value_hex = "0".repeat(128);
    cloud.change(&source, spoil).await;
    let (copy, id) = cloud.copy("alice", &source, Some(&there)).await.unwrap();
    cloud.settle().await;
    let failed = cloud.job(&id).await;
    assert_eq!((failed.state, failed.failure), (JobState::Failed, Some(Code::BlobDamaged)));
    assert_eq!(cloud.record(&copy.id).await.status, ImageStatus::Error);
    assert_eq!(cloud.stored_there().await, stored, "nothing is kept");
}

async fn t_047_a_copy_whose_end_is_gone_fails_for_good(cloud: &Cloud) {
    let there = cloud.project_in_r2("alice", Role::Member).await;
    let source = cloud.image("alice", "source").await;
    let (copy, id) = cloud.copy("alice", &source, Some(&there)).await.unwrap();
    let claim = cloud.claim_mover().await.unwrap();
    cloud.half(&claim, &copy.id, &[]).await;
    let mut owner = caller("alice");
    (owner.project, owner.region) = (ProjectId::trusted(&there), RegionId::trusted("r2"));
    image::delete(&cloud.app, &owner, &copy.id).await.unwrap();
    // Who runs it finds out.
    let renewed = cloud.app.db.write(move |tx| store_job::renew(tx, &claim, 60, 50)).await;
    assert!(!renewed.unwrap());
    jobs::end_leases(&cloud.app).await.unwrap();
    cloud.settle().await;
    let failed = cloud.job(&id).await;
    assert_eq!((failed.state, failed.failure), (JobState::Failed, Some(Code::JobCancelled)));

    let (copy, id) = cloud.copy("alice", &source, Some(&there)).await.unwrap();
    cloud.delete("alice", &source).await.unwrap();
    cloud.settle().await;
    let failed = cloud.job(&id).await;
    assert_eq!(failed.failure, Some(Code::ImageNotFound));
    assert_eq!(failed.error().unwrap().facts(), [("id", source.to_string())]);
    assert_eq!(cloud.record(&copy.id).await.status, ImageStatus::Error);
    assert_eq!(cloud.stored_there().await, 0);
}

async fn xc_02_a_waiting_job_is_cancelled(cloud: &Cloud) {
    let source = cloud.image("alice", "source").await;
    let there = cloud.project_in_r2("alice", Role::Member).await;
    let (copy, id) = cloud.copy("alice", &source, Some(&there)).await.unwrap();
    let (replica, second) =
        replicate::replicate(&cloud.app, &caller("alice"), &source, None).await.unwrap();
    let path = |id: &JobId| format!("/api/v1/jobs/{id}/cancel");
    cloud.request("bob", "POST", &path(&id), ()).await.expect(404);
    cloud.request("rita", "POST", &path(&id), ()).await.expect(403);
    cloud.request("alice", "POST", &format!("{}?dry_run=true", path(&id)), ()).await.expect(200);
    for (job, record) in [(&id, &copy.id), (&second, &replica.id)] {
        let ended = cloud.request("alice", "POST", &path(job), ()).await.expect(200).json();
        assert_eq!(
            (&ended["state"], &ended["failure"]["code"]),
            (&json!("failed"), &json!("JOB_CANCELLED"))
        );
        assert_eq!(cloud.record(record).await.status, ImageStatus::Error);
        let again = cloud.request("alice", "POST", &path(job), ()).await.expect(409).json();
        assert_eq!(again["code"], "JOB_ENDED");
    }
    cloud.settle().await;
    assert_eq!(cloud.stored_there().await, 0);
    assert_eq!(cloud.record(&copy.id).await.status, ImageStatus::Error);
    let told = "select cast(count(*) as bigint) from audit where verb = 'job.cancel'";
    assert_eq!(cloud.count(told).await, 2);
}

async fn xc_02_a_running_copy_is_cancelled_and_undone(cloud: &Cloud) {
    let source = cloud.image("alice", "source").await;
    let there = cloud.project_in_r2("alice", Role::Member).await;
    let (copy, id) = cloud.copy("alice", &source, Some(&there)).await.unwrap();
    let claim = cloud.claim_mover().await.unwrap();
    cloud.half(&claim, &copy.id, &bytes(2 * MIB)).await;
    assert_eq!(cloud.stored_there().await, 2 * MIB as u64);
    job::cancel(&cloud.app, &caller("alice"), &id).await.unwrap();
    // Who runs it finds out.
    let renewed = cloud.app.db.write(move |tx| store_job::renew(tx, &claim, 60, 50)).await;
    assert!(!renewed.unwrap());
    cloud.settle().await;
    assert_eq!(cloud.stored_there().await, 0);
    let failed = cloud.job(&id).await;
    assert_eq!((failed.state, failed.failure), (JobState::Failed, Some(Code::JobCancelled)));
    assert_eq!(cloud.record(&copy.id).await.status, ImageStatus::Error);
}

async fn xc_02_jobs_are_found_by_state_kind_and_image(cloud: &Cloud) {
    let there = cloud.project_in_r2("alice", Role::Member).await;
    let (sys1, sys2) = (cloud.image("alice", "sys1").await, cloud.image("alice", "sys2").await);
    cloud.share("alice", &sys1, B).await;
    let (copy, _) = cloud.copy("alice", &sys2, Some(&there)).await.unwrap();
    let found = async |query: String| {
        let path = format!("/api/v1/jobs?{query}");
        let page = cloud.request("alice", "GET", &path, ()).await.expect(200).json();
        let kinds = page["jobs"].as_array().unwrap().iter();
        kinds.map(|job| job["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("state=ready".into()).await, ["image_copy"]);
    assert_eq!(found("kind=share".into()).await, ["share"]);
    assert_eq!(found(format!("image={sys1}")).await, ["share"]);
    assert_eq!(found(format!("image={sys2}&state=ready")).await, ["image_copy"]);
    assert_eq!(found(format!("image={}", copy.id)).await, ["image_copy"]);
    assert_eq!(found("kind=share&state=failed".into()).await, [""; 0]);
    let refused = cloud.request("alice", "GET", "/api/v1/jobs?kind=moon", ()).await.expect(400);
    assert_eq!(refused.json()["code"], "INVALID_VALUE");
    cloud.settle().await;
}
