//! The tables: what is written is read, leases and fences hold, a blob dies with its last use. One
//! suite, run by both engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::cloned_ref_to_slice_refs, reason = "a list of one reads as a list")]

mod support;

use std::collections::BTreeMap;

use lendglass_core::image::{
    ContainerFormat, Digests, DiskFormat, Encryption, Image, ImageKind, ImageStatus, Visibility,
};
use lendglass_core::job::{Job, JobState, JobWork, Outcome, PairResult};
use lendglass_core::quota::ShareUsage;
use lendglass_core::share::{Recipient, Share, ShareEvent, ShareState};
use lendglass_core::tenant::{Caller, Credential, Role};
use lendglass_core::{
    AccountId, BlobId, Code, Error, ImageId, JobId, ProjectId, RegionId, Timestamp, UserId,
};
use lendglass_store::db::Location;
use lendglass_store::upload::{Copy, Upload};
use lendglass_store::{Db, Statement, Tx, image, job, params, share, upload};
use support::{ENGINES, Fresh, fresh};

/// Only other suites open a database twice.
const _: fn(&Fresh) -> &Location = |fresh| &fresh.location;

const NOW: Timestamp = Timestamp(1_000_000_000);

fn caller(project: &str, account: &str) -> Caller {
    Caller {
        user: UserId::trusted("u"),
        user_name: "u".to_owned(),
        project: ProjectId::trusted(project),
        account: AccountId::trusted(account),
        region: RegionId::trusted("r1"),
        role: Role::Member,
        permissions: Default::default(),
        is_operator: false,
        is_service: false,
        credential: Credential::Token,
        source: String::new(),
        request_id: String::new(),
        terms: Default::default(),
    }
}

fn digests() -> Digests {
    Digests { md5_hex: Some("m".repeat(32)), algo: "sha512".to_owned(), value_hex: "d".repeat(128) }
}

/// An image with every field set.
fn full_image(id: &str) -> Image {
    Image {
        id: ImageId::trusted(id),
        region: RegionId::trusted("r1"),
        owner: ProjectId::trusted("A"),
        name: Some("镜像 'one' \"two\" \\ %_".to_owned()),
        kind: ImageKind::DataDisk,
        status: ImageStatus::Deactivated,
        visibility: Visibility::Shared,
        is_hidden: true,
        is_protected: true,
        is_published: true,
        disk_format: Some(DiskFormat::Vmdk),
        container_format: Some(ContainerFormat::Ova),
        min_disk_gib: 40,
        min_ram_mib: 2048,
        size_bytes: Some(1 << 40),
        virtual_size_bytes: Some(1 << 41),
        digests: Some(digests()),
        encryption: Encryption::OwnKey,
        tags: vec!["b".to_owned(), "a".to_owned(), "标签".to_owned()],
        properties: BTreeMap::from([
            ("os_distro".to_owned(), "debian".to_owned()),
            ("x".to_owned(), "{\"a\": [1]}".to_owned()),
        ]),
        is_from_backup: true,
        rank: 0,
        source_image: Some(ImageId::trusted("source")),
        shares: 3,
        created_at: Timestamp(1_000_000_123),
        updated_at: Timestamp(1_000_000_456),
    }
}

/// A private record with nothing that may be left out.
fn bare_image(id: &str) -> Image {
    Image {
        name: None,
        kind: ImageKind::SystemDisk,
        status: ImageStatus::Queued,
        visibility: Visibility::Private,
        is_hidden: false,
        is_protected: false,
        is_published: false,
        disk_format: None,
        container_format: None,
        size_bytes: None,
        virtual_size_bytes: None,
        digests: None,
        encryption: Encryption::None,
        tags: Vec::new(),
        properties: BTreeMap::new(),
        is_from_backup: false,
        rank: 0,
        source_image: None,
        shares: 0,
        ..full_image(id)
    }
}

async fn insert(db: &Db, image: &Image) {
    let image = image.clone();
    db.write(move |tx| image::insert(tx, &image, &format!("img-{}", image.id))).await.unwrap();
}

async fn show(db: &Db, id: &str) -> Option<Image> {
    let shown = image::show(db, &ImageId::trusted(id), &caller("A", "x")).await.unwrap();
    shown.map(|(image, _)| image)
}

async fn each<F, T>(story: F)
where
    F: Fn(Fresh) -> T,
    T: Future<Output = ()>,
{
    for engine in ENGINES {
        story(fresh(engine).await).await;
    }
}

async fn count(db: &Db, text: &str) -> i64 {
    let statement = Statement::composed(text.to_owned());
    let rows = db.read(&statement, params![]).await.unwrap();
    let row = rows.into_iter().next().unwrap();
    let mut columns = row.read();
    columns.int().unwrap()
}

// --- images --------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_read_as_it_was_written() {
    each(|fresh| async move {
        let db = &fresh.db;
        let (full, bare) = (full_image("full"), bare_image("bare"));
        insert(db, &full).await;
        insert(db, &bare).await;
        assert_eq!(show(db, "full").await, Some(full.clone()));
        assert_eq!(show(db, "bare").await, Some(bare.clone()));
        assert_eq!(show(db, "none").await, None);
        // From everything to nothing and back.
        let id = full.id.clone();
        let emptied = Image {
            is_from_backup: full.is_from_backup,
            rank: 0,
            created_at: full.created_at,
            ..bare_image("full")
        };
        for (before, after) in [(full.clone(), emptied.clone()), (emptied, full)] {
            let written = after.clone();
            db.write(move |tx| image::update(tx, &before, &written)).await.unwrap();
            assert_eq!(show(db, id.as_str()).await, Some(after));
        }
        assert_eq!(image::check_access(db).await.unwrap(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_image_leaves_its_id_and_nothing_else() {
    each(|fresh| async move {
        let db = &fresh.db;
        let full = full_image("full");
        insert(db, &full).await;
        let gone = full.clone();
        db.write(move |tx| image::delete(tx, &gone, NOW)).await.unwrap();
        assert_eq!(show(db, "full").await, None);
        for table in ["image", "image_tag", "image_property", "image_access"] {
            let rows = format!("select cast(count(*) as bigint) from {table}");
            assert_eq!(count(db, &rows).await, 0, "{table}");
        }
        let id = full.id;
        assert!(db.write(move |tx| image::is_taken(tx, &id)).await.unwrap());
        let id = ImageId::trusted("other");
        assert!(!db.write(move |tx| image::is_taken(tx, &id)).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_check_finds_what_is_missing_and_what_is_too_many() {
    static DROP: Statement = Statement::new("delete from image_access where principal = 'all'");
    static ADD: Statement = Statement::new(
        "insert into image_access (region_id, principal, is_hidden, created_at, image_id, via, \
         ends_at) values ('r1', 'p:nobody', 0, 1, 'bare', 'own', 0)",
    );
    each(|fresh| async move {
        let db = &fresh.db;
        insert(db, &bare_image("bare")).await;
        assert!(image::check_access(db).await.unwrap().is_empty());
        db.write(|tx| tx.execute(&DROP, &[])).await.unwrap();
        db.write(|tx| tx.execute(&ADD, &[])).await.unwrap();
        let wrong = image::check_access(db).await.unwrap();
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].starts_with("missing") && wrong[1].starts_with("too many"), "{wrong:?}");
        db.write(|tx| image::rebuild_access(tx, &ImageId::trusted("bare"))).await.unwrap();
        assert!(image::check_access(db).await.unwrap().is_empty());
    })
    .await;
}

// --- shares --------------------------------------------------------------------------------------

fn a_share(recipient: Recipient, state: ShareState) -> Share {
    Share {
        image: ImageId::trusted("bare"),
        recipient,
        owner: ProjectId::trusted("A"),
        region: RegionId::trusted("r1"),
        state,
        note: None,
        lapses_at: None,
        ends_at: None,
        accepted_digest: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn project(id: &str) -> Recipient {
    Recipient::Project(ProjectId::trusted(id))
}

fn account(id: &str) -> Recipient {
    Recipient::Account(AccountId::trusted(id))
}

async fn put(db: &Db, shares: &[Share]) {
    let shares = shares.to_vec();
    db.write(move |tx| shares.iter().try_for_each(|one| share::put(tx, one))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_is_read_as_it_was_written() {
    each(|fresh| async move {
        let db = &fresh.db;
        let shared = Image { visibility: Visibility::Shared, ..bare_image("bare") };
        insert(db, &shared).await;
        let full = Share {
            note: Some("nimm 'es' <b>".to_owned()),
            lapses_at: Some(Timestamp(NOW.0 + 5)),
            ends_at: Some(Timestamp(NOW.0 + 7)),
            accepted_digest: Some("sha512:d".to_owned()),
            updated_at: Timestamp(NOW.0 + 9),
            ..a_share(project("B"), ShareState::Accepted)
        };
        // One id may be a project's and an account's.
        let other = a_share(account("B"), ShareState::Rejected);
        put(db, &[full.clone(), other.clone()]).await;
        let id = ImageId::trusted("bare");
        let all = share::of_image(db, &id).await.unwrap();
        assert_eq!(all.len(), 2);
        assert!(all.contains(&full) && all.contains(&other));
        let changed = Share { state: ShareState::Pending, ends_at: None, ..full.clone() };
        put(db, &[changed.clone()]).await;
        let (read, by_id) = db
            .write(move |tx| {
                let id = ImageId::trusted("bare");
                Ok((share::get(tx, &id, &project("B"))?, share::by_recipient_id(tx, &id, "B")?))
            })
            .await
            .unwrap();
        assert_eq!(read, Some(changed.clone()));
        assert_eq!(by_id, [changed.clone(), other.clone()], "the project's first");
        let own = share::of_caller(db, &caller("B", "y"), &[id.clone()]).await.unwrap();
        assert_eq!(own, [changed.clone()]);
        let shown = image::show(db, &id, &caller("C", "B")).await.unwrap().unwrap();
        assert_eq!(shown.1, [other], "the account's share, to any project of it");
        db.write(move |tx| share::delete(tx, &changed)).await.unwrap();
        assert_eq!(share::of_image(db, &id).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_live_shares_count_and_the_others_are_swept() {
    each(|fresh| async move {
        let db = &fresh.db;
        let shared = Image { visibility: Visibility::Shared, ..bare_image("bare") };
        insert(db, &shared).await;
        let at = |seconds| Some(NOW.plus_seconds(seconds));
        let shares = [
            a_share(project("P1"), ShareState::Pending),
            Share { lapses_at: at(10), ..a_share(project("P2"), ShareState::Pending) },
            Share { ends_at: at(10), ..a_share(project("P3"), ShareState::Accepted) },
            // An offer that was answered lapses no more.
            Share { lapses_at: at(10), ..a_share(project("P4"), ShareState::Accepted) },
            Share { ends_at: at(10), ..a_share(project("P5"), ShareState::Rejected) },
        ];
        put(db, &shares).await;
        let usage = |seconds| {
            let now = NOW.plus_seconds(seconds);
            db.write(move |tx| share::usage(tx, &ImageId::trusted("bare"), now))
        };
        let before = ShareUsage { pending: 2, accepted: 2, rejected: 1 };
        let after = ShareUsage { pending: 1, accepted: 1, rejected: 0 };
        assert_eq!(usage(9).await.unwrap(), before);
        assert_eq!(usage(10).await.unwrap(), after);
        assert!(share::timed_out(db, NOW.plus_seconds(9), 100).await.unwrap().is_empty());
        assert_eq!(share::timed_out(db, NOW.plus_seconds(10), 100).await.unwrap().len(), 3);
        assert_eq!(share::timed_out(db, NOW.plus_seconds(10), 2).await.unwrap().len(), 2);
        let pending = |project: &'static str, seconds| async move {
            let now = NOW.plus_seconds(seconds);
            let caller = caller(project, "none");
            share::count_received(
                db,
                (&caller.project, &caller.account, &caller.region),
                ShareState::Pending,
                now,
                5,
            )
            .await
            .unwrap()
        };
        assert_eq!((pending("P1", 10).await, pending("P2", 9).await), (1, 1));
        assert_eq!(pending("P2", 10).await, 0);
    })
    .await;
}

// --- uploads and blobs ---------------------------------------------------------------------------

fn an_upload(image: &str) -> Upload {
    Upload {
        id: format!("upload-{image}"),
        image: ImageId::trusted(image),
        copy: Copy {
            blob: BlobId::trusted(format!("blob-{image}")),
            region: RegionId::trusted("r1"),
            locator: format!("blobs/{image}"),
        },
        fence: 1,
    }
}

async fn begin(db: &Db, image: &str) -> Upload {
    insert(db, &bare_image(image)).await;
    let upload = an_upload(image);
    let begun = upload.clone();
    db.write(move |tx| upload::begin(tx, &begun, 3600, NOW)).await.unwrap();
    upload
}

async fn in_tx<T, F>(db: &Db, upload: &Upload, change: F) -> T
where
    T: Send + 'static,
    F: Fn(&mut Tx<'_>, &Upload) -> Result<T, Error> + Send + 'static,
{
    let upload = upload.clone();
    db.write(move |tx| change(tx, &upload)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_belongs_to_who_holds_its_fence() {
    each(|fresh| async move {
        let db = &fresh.db;
        let mine = begin(db, "one").await;
        assert!(in_tx(db, &mine, |tx, mine| upload::renew(tx, mine, 3600)).await);
        let none = db.write(|tx| upload::seize(tx, 60)).await.unwrap();
        assert_eq!(none, None, "a lease that runs is nobody else's");
        db.write(upload::end_leases).await.unwrap();
        let theirs = db.write(|tx| upload::seize(tx, 60)).await.unwrap().unwrap();
        assert_eq!(theirs, Upload { fence: 2, ..mine.clone() });
        assert!(!in_tx(db, &mine, |tx, mine| upload::renew(tx, mine, 3600)).await);
        assert!(!in_tx(db, &mine, upload::take).await);
        assert_eq!(db.write(|tx| upload::seize(tx, 60)).await.unwrap(), None);
        assert!(in_tx(db, &theirs, upload::take).await);
        assert!(!in_tx(db, &theirs, upload::take).await, "it is taken once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_upload_is_seized_by_one() {
    each(|fresh| async move {
        let db = &fresh.db;
        for n in 0..5 {
            begin(db, &format!("image{n}")).await;
        }
        db.write(upload::end_leases).await.unwrap();
        let seizers = (0..12).map(|_| {
            let db = db.clone();
            tokio::spawn(async move { db.write(|tx| upload::seize(tx, 3600)).await })
        });
        let mut seized = Vec::new();
        for seizer in seizers.collect::<Vec<_>>() {
            seized.extend(seizer.await.unwrap().unwrap());
        }
        while let Some(upload) = db.write(|tx| upload::seize(tx, 3600)).await.unwrap() {
            seized.push(upload);
        }
        let mut ids: Vec<String> = seized.into_iter().map(|upload| upload.id).collect();
        ids.sort();
        let expected: Vec<String> = (0..5).map(|n| format!("upload-image{n}")).collect();
        assert_eq!(ids, expected);
    })
    .await;
}

async fn dying(db: &Db) -> Vec<upload::Copy> {
    upload::dying(db, &RegionId::trusted("r1"), 10).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_dies_with_its_last_use_and_gains_none_after() {
    each(|fresh| async move {
        let db = &fresh.db;
        let first = begin(db, "one").await;
        insert(db, &bare_image("two")).await;
        insert(db, &bare_image("three")).await;
        in_tx(db, &first, |tx, first| {
            upload::take(tx, first)?;
            upload::fill(tx, &first.copy.blob, &first.image, 0, 7, &digests())
        })
        .await;
        let use_by = |image: &'static str| {
            in_tx(db, &first, move |tx, first| {
                upload::add_use(tx, &first.copy.blob, &ImageId::trusted(image), 0)
            })
        };
        let release = |image: &'static str| {
            in_tx(db, &first, move |tx, _| upload::release_image(tx, &ImageId::trusted(image)))
        };
        assert!(use_by("two").await);
        for image in ["one", "two"] {
            let disks = upload::disks(db, &ImageId::trusted(image)).await.unwrap();
            assert_eq!(disks, [first.copy.clone()]);
        }
        release("one").await;
        assert!(dying(db).await.is_empty(), "two uses it");
        release("two").await;
        assert_eq!(dying(db).await, [first.copy.clone()]);
        assert!(!use_by("three").await, "a dying blob gains no use");
        in_tx(db, &first, |tx, first| upload::forget(tx, &first.copy.blob)).await;
        for table in ["blob", "blob_copy", "blob_use", "image_disk"] {
            let rows = format!("select cast(count(*) as bigint) from {table}");
            assert_eq!(count(db, &rows).await, 0, "{table}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_filled_once_and_a_cancelled_one_never() {
    each(|fresh| async move {
        let db = &fresh.db;
        let one = begin(db, "one").await;
        in_tx(db, &one, |tx, one| upload::cancel_of_image(tx, &one.image)).await;
        assert_eq!(dying(db).await, [one.copy.clone()]);
        let fill = |upload: &Upload| {
            let upload = upload.clone();
            db.write(move |tx| upload::fill(tx, &upload.copy.blob, &upload.image, 0, 7, &digests()))
        };
        assert_eq!(fill(&one).await.unwrap_err().code(), Code::Internal);
        let two = begin(db, "two").await;
        fill(&two).await.unwrap();
        assert_eq!(fill(&two).await.unwrap_err().code(), Code::Internal);
        in_tx(db, &two, |tx, two| upload::give_up(tx, &two.copy.blob)).await;
        assert_eq!(dying(db).await.len(), 1, "a used blob lives on");
    })
    .await;
}

// --- jobs ----------------------------------------------------------------------------------------

fn a_job(id: &str, work: JobWork, state: JobState) -> Job {
    Job {
        id: JobId::trusted(id),
        project: ProjectId::trusted("A"),
        user: UserId::trusted("u"),
        region: RegionId::trusted("r1"),
        work,
        state,
        progress_percent: 0,
        attempts: 0,
        failure: None,
        results: Vec::new(),
        created_at: NOW,
        updated_at: NOW,
    }
}

fn replicate() -> JobWork {
    let [source, target] = ["s", "t"].map(ImageId::trusted);
    JobWork::ImageReplicate { source, source_name: Some("source".to_owned()), target }
}

async fn write(db: &Db, written: &Job) {
    let written = written.clone();
    db.write(move |tx| job::insert(tx, &written)).await.unwrap();
}

async fn read(db: &Db, id: &str) -> Job {
    let (project, region) = (ProjectId::trusted("A"), RegionId::trusted("r1"));
    job::get(db, &JobId::trusted(id), &project, &region).await.unwrap().unwrap()
}

async fn claim(db: &Db, seconds: u32) -> Option<job::Claim> {
    db.write(move |tx| job::claim(tx, "me", seconds, NOW)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_read_as_it_was_written() {
    each(|fresh| async move {
        let db = &fresh.db;
        let result = |outcome, resolved| PairResult {
            image: ImageId::trusted("i"),
            recipient: "as 'written'".to_owned(),
            resolved,
            outcome,
        };
        let refusal = Error::new(Code::ShareTenantQuota).with("image", "镜像").with("max", 256);
        for event in ShareEvent::ALL {
            let id = format!("share-{}", event.as_str());
            let mut shared = a_job(&id, JobWork::Share { event: *event }, JobState::Succeeded);
            shared.progress_percent = 100;
            shared.results = vec![
                result(Outcome::Now(ShareState::Pending), Some(project("B"))),
                result(Outcome::Already(ShareState::Rejected), Some(account("y"))),
                result(Outcome::Removed, None),
                result(Outcome::Refused(refusal.clone()), None),
            ];
            write(db, &shared).await;
            assert_eq!(read(db, &id).await, shared);
        }
        assert!(claim(db, 60).await.is_none(), "finished work is nobody's");
        let waiting = a_job("replicate", replicate(), JobState::Ready);
        write(db, &waiting).await;
        assert_eq!(read(db, "replicate").await, waiting);
        for (project, region) in [("B", "r1"), ("A", "r2")] {
            let (project, region) = (ProjectId::trusted(project), RegionId::trusted(region));
            let other = job::get(db, &waiting.id, &project, &region).await.unwrap();
            assert_eq!(other, None, "a job is its project's, in its region");
        }
        let (project, region) = (ProjectId::trusted("A"), RegionId::trusted("r1"));
        let first = job::page(db, &project, &region, &Default::default(), None, 3).await.unwrap();
        let after = first.last().map(|last| (last.created_at, last.id.clone()));
        let rest = job::page(db, &project, &region, &Default::default(), after, 100).await.unwrap();
        let mut ids: Vec<String> = first.iter().chain(&rest).map(|j| j.id.to_string()).collect();
        assert_eq!(ids.len(), ShareEvent::ALL.len() + 1);
        assert!(ids.is_sorted_by(|a, b| a > b), "newest first, then by id: {ids:?}");
        ids.dedup();
        assert_eq!(ids.len(), ShareEvent::ALL.len() + 1);
        assert_eq!(job::open(db).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_belongs_to_who_holds_its_fence() {
    each(|fresh| async move {
        let db = &fresh.db;
        write(db, &a_job("one", replicate(), JobState::Ready)).await;
        let first = claim(db, 3600).await.unwrap();
        assert_eq!((first.job.state, first.job.attempts, first.fence), (JobState::Running, 1, 1));
        assert!(claim(db, 3600).await.is_none());
        let mine = first.clone();
        assert!(db.write(move |tx| job::renew(tx, &mine, 3600, 40)).await.unwrap());
        assert_eq!(read(db, "one").await.progress_percent, 40);
        db.write(job::end_leases).await.unwrap();
        let second = claim(db, 3600).await.unwrap();
        assert_eq!((second.job.attempts, second.fence), (2, 2));
        let late = first.clone();
        assert!(!db.write(move |tx| job::renew(tx, &late, 60, 99)).await.unwrap());
        let late = first.clone();
        assert!(!db.write(move |tx| job::finish(tx, &late, None, NOW)).await.unwrap());
        assert!(!db.write(move |tx| job::retry(tx, &first, Code::NoSpace, 0, NOW)).await.unwrap());
        // Given back with a delay it waits, and keeps the reason.
        let mine = second.clone();
        assert!(db.write(move |tx| job::retry(tx, &mine, Code::NoSpace, 3600, NOW)).await.unwrap());
        let waiting = read(db, "one").await;
        assert_eq!((waiting.state, waiting.failure), (JobState::Ready, Some(Code::NoSpace)));
        assert!(claim(db, 60).await.is_none(), "not before its time");
        db.write(job::end_leases).await.unwrap();
        let third = claim(db, 60).await.unwrap();
        assert!(db.write(move |tx| job::finish(tx, &third, None, NOW)).await.unwrap());
        let done = read(db, "one").await;
        assert_eq!(
            (done.state, done.progress_percent, done.failure),
            (JobState::Succeeded, 100, None)
        );
        assert_eq!(job::open(db).await.unwrap(), 0);
    })
    .await;
}
