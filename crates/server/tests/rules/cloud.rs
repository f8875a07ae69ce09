//! A cloud with its people, as the stories speak of it: alice owns, bob receives, carol is a
//! stranger, dave lives in another region.

use std::collections::BTreeMap;
use std::ops::Deref;

use lendglass_core::image::{ContainerFormat, DiskFormat, Image, ImageKind};
use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::policy::RecipientKind;
use lendglass_core::recipient::Named;
use lendglass_core::share::{Share, ShareEvent, ShareState};
use lendglass_core::tenant::{Caller, Credential, Project, Role};
use lendglass_core::{AccountId, Code, Error, ImageId, ProjectId, RegionId, UserId};
use lendglass_server::service::download::{self, Bytes};
use lendglass_server::service::image::NewImage;
use lendglass_server::service::share::{Answer, Invite, Mode, Report, Withdraw};
use lendglass_server::service::{image, list, share, share_view, upload};
use lendglass_server::{jobs, service};
use lendglass_store::policy::Scope;
use lendglass_store::{
    Statement, image as store_image, params, policy as store_policy, tenant as store_tenant,
};

#[path = "../support/disagreements.rs"]
mod disagreements;

pub use self::disagreements::DISAGREEMENTS;
use crate::support::{A, A2, B, B2, C, D, TestServer};

/// Bytes of an image that is `raw` whatever they are.
pub const BYTES: &[u8] = b"a small disk, but a disk";
/// What the stores of the tests hold at most.
pub const STORE_BYTES: u64 = 256 << 20;

/// A running server and the verbs of the stories.
pub struct Cloud {
    server: TestServer,
}

impl Deref for Cloud {
    type Target = TestServer;

    fn deref(&self) -> &TestServer {
        &self.server
    }
}

/// Stories of some profiles, each `async fn NAME(cloud: &Cloud)`, on both engines. Every one ends
/// with [`Cloud::check`].
macro_rules! stories {
    ($($module:ident $profile:literal: $($story:ident),* $(,)?;)*) => {$(
        mod $module {
            use crate::support;
            $(async fn $story(server: support::TestServer) {
                let cloud = crate::cloud::Cloud::of(server);
                super::$story(&cloud).await;
                cloud.check().await;
            })*
            support::on_both_engines!($profile: $($story),*);
        }
    )*};
}

/// Somebody of `world.toml`, as his credentials would make him. `bob@B2` is bob in his other
/// project; `nova` reads for bob.
pub fn caller(person: &str) -> Caller {
    let (project, account, region, role) = match person {
        "alice" => (A, "x", "r1", Role::Admin),
        "alice@A2" => (A2, "x", "r1", Role::Member),
        "rita" => (A, "x", "r1", Role::Reader),
        "bob" | "nova" => (B, "y", "r1", Role::Member),
        "bob@B2" => (B2, "y", "r1", Role::Member),
        "rob" => (B, "y", "r1", Role::Reader),
        "carol" => (C, "z", "r1", Role::Member),
        "dave" => (D, "w", "r2", Role::Member),
        "operator" => ("0000000000000000000000000000000a", "default", "r1", Role::Admin),
        _ => panic!("nobody is called {person}"),
    };
    Caller {
        user: UserId::trusted(person),
        user_name: person.to_owned(),
        project: ProjectId::trusted(project),
        account: AccountId::trusted(account),
        region: RegionId::trusted(region),
        role,
        permissions: Default::default(),
        is_operator: person == "operator",
        is_service: person == "nova",
        credential: Credential::Token,
        source: "test".to_owned(),
        request_id: "req-test".to_owned(),
        terms: Default::default(),
    }
}

/// A member of a project that [`Cloud::projects`] made.
pub fn member_of(project: &str) -> Caller {
    let mut caller = caller("carol");
    caller.project = ProjectId::trusted(project);
    caller.account = AccountId::trusted("many");
    caller
}

pub fn named(text: &str) -> Named {
    Named { text: text.to_owned(), kind: None }
}

/// An account, whatever the policy would take the id for.
pub fn account_named(text: &str) -> Named {
    Named { text: text.to_owned(), kind: Some(RecipientKind::Account) }
}

/// An offer of images to recipients, all or nothing.
pub fn offer(images: &[&ImageId], recipients: &[&str]) -> Invite {
    Invite {
        images: images.iter().map(|id| (*id).clone()).collect(),
        recipients: recipients.iter().map(|id| named(id)).collect(),
        mode: Mode::All,
        note: None,
        lapses_at: None,
        ends_at: None,
        acknowledge: true,
        dry_run: false,
    }
}

/// An answer for the caller's own project or account.
pub fn answer_of(images: &[&ImageId], event: ShareEvent) -> Answer {
    Answer {
        images: images.iter().map(|id| (*id).clone()).collect(),
        event,
        recipient: None,
        vault: None,
        mode: Mode::All,
        dry_run: false,
    }
}

/// A withdrawal from these recipients; from everybody where there are none.
pub fn withdrawal(images: &[&ImageId], recipients: &[&str]) -> Withdraw {
    let named: Vec<Named> = recipients.iter().map(|id| named(id)).collect();
    Withdraw {
        images: images.iter().map(|id| (*id).clone()).collect(),
        recipients: (!named.is_empty()).then_some(named),
        mode: Mode::All,
        dry_run: false,
    }
}

/// What came of each pair, in a word: `pending`, `already accepted`, `removed` or a code.
pub fn words(results: &[PairResult]) -> Vec<String> {
    let word = |result: &PairResult| match &result.outcome {
        Outcome::Now(state) => state.as_str().to_owned(),
        Outcome::Already(state) => format!("already {}", state.as_str()),
        Outcome::Removed => "removed".to_owned(),
        Outcome::Refused(error) => error.code().as_str().to_owned(),
    };
    results.iter().map(word).collect()
}

/// The code of a refusal.
#[track_caller]
pub fn refused<T>(result: Result<T, Error>) -> Code {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.code(),
    }
}

impl Cloud {
    pub fn of(server: TestServer) -> Cloud {
        Cloud { server }
    }

    /// An active system-disk image of a person.
    pub async fn image(&self, person: &str, name: &str) -> ImageId {
        self.image_of_kind(person, name, ImageKind::SystemDisk).await
    }

    pub async fn image_of_kind(&self, person: &str, name: &str, kind: ImageKind) -> ImageId {
        let id = self.queued(person, name, kind).await;
        self.fill(person, &id, BYTES).await.unwrap();
        id
    }

    /// A record without bytes.
    pub async fn queued(&self, person: &str, name: &str, kind: ImageKind) -> ImageId {
        let new = NewImage {
            name: Some(name.to_owned()),
            kind: Some(kind),
            disk_format: Some(DiskFormat::Raw),
            container_format: Some(ContainerFormat::Bare),
            ..NewImage::default()
        };
        image::create(&self.app, &caller(person), new).await.unwrap().id
    }

    /// Uploads bytes, from the first to the last.
    pub async fn fill(&self, person: &str, id: &ImageId, bytes: &[u8]) -> Result<Image, Error> {
        let mut receiving = upload::begin(&self.app, &caller(person), id, None).await?;
        receiving.receive(bytes).await?;
        receiving.finish().await
    }

    /// `count` active records of a person without bytes, written at once.
    pub async fn records(&self, person: &str, count: usize) -> Vec<ImageId> {
        let first = self.image(person, "first").await;
        let pattern = self.record(&first).await;
        image::delete(&self.app, &caller(person), &first).await.unwrap();
        let ids: Vec<String> = (0..count).map(|_| self.app.ids.uuid()).collect();
        let (written, source) = (ids.clone(), self.app.ids.clone());
        self.app
            .db
            .write(move |tx| {
                for (at, id) in written.iter().enumerate() {
                    let mut image = pattern.clone();
                    image.id = ImageId::trusted(id);
                    image.name = Some(format!("image {at}"));
                    store_image::insert(tx, &image, &source.tencent_image())?;
                }
                Ok(())
            })
            .await
            .unwrap();
        ids.into_iter().map(ImageId::trusted).collect()
    }

    /// `count` projects in r1, all of one further account.
    pub async fn projects(&self, count: usize) -> Vec<String> {
        let ids: Vec<String> = (0..count).map(|_| self.app.ids.hex()).collect();
        let (written, now) = (ids.clone(), self.app.clock.now());
        self.app
            .db
            .write(move |tx| {
                for id in &written {
                    let project = Project {
                        id: ProjectId::trusted(id),
                        account: AccountId::trusted("many"),
                        name: format!("project {id}"),
                        description: String::new(),
                        region: Some(RegionId::trusted("r1")),
                        is_discoverable: false,
                        is_enabled: true,
                    };
                    store_tenant::insert_project(tx, &project, now)?;
                }
                Ok(())
            })
            .await
            .unwrap();
        ids
    }

    /// The record, whoever may see it.
    pub async fn record(&self, id: &ImageId) -> Image {
        let shown = store_image::show(&self.app.db, id, &caller("operator")).await.unwrap();
        shown.expect("the image is there").0
    }

    /// Changes what no use case of this release changes.
    pub async fn change(&self, id: &ImageId, change: impl Fn(&mut Image) + Send + 'static) {
        let id = id.clone();
        self.app
            .db
            .write(move |tx| {
                let before = store_image::lock(tx, &id)?.expect("the image is there");
                let mut after = before.clone();
                change(&mut after);
                store_image::update(tx, &before, &after)
            })
            .await
            .unwrap();
    }

    /// Overrides a key of the policy for the installation, or for one project.
    pub async fn set(&self, project: Option<&str>, key: &'static str, value: &str) {
        self.app.policy.clone().set(key, value).unwrap();
        let project = project.map(ProjectId::trusted);
        let (value, now) = (value.to_owned(), self.app.clock.now());
        self.app
            .db
            .write(move |tx| {
                let scope = project.as_ref().map_or(Scope::Installation, Scope::Project);
                store_policy::put(tx, scope, key, &value, &UserId::trusted("operator"), now)
            })
            .await
            .unwrap();
    }

    pub async fn invite(&self, person: &str, request: Invite) -> Result<Report, Error> {
        share::invite(&self.app, &caller(person), request).await
    }

    /// Shares one image with one recipient; the word of the pair.
    pub async fn share(&self, person: &str, id: &ImageId, recipient: &str) -> String {
        let report = self.invite(person, offer(&[id], &[recipient])).await.unwrap();
        words(&report.results).remove(0)
    }

    /// Answers for the person's own project or account; the word of the pair.
    pub async fn answer(&self, person: &str, id: &ImageId, event: ShareEvent) -> String {
        let answer = answer_of(&[id], event);
        let report = share::answer(&self.app, &caller(person), answer).await.unwrap();
        words(&report.results).remove(0)
    }

    pub async fn accept(&self, person: &str, id: &ImageId) -> String {
        self.answer(person, id, ShareEvent::Accept).await
    }

    pub async fn reject(&self, person: &str, id: &ImageId) -> String {
        self.answer(person, id, ShareEvent::Reject).await
    }

    /// Takes a share back; the word of the first pair.
    pub async fn unshare(&self, person: &str, id: &ImageId, recipient: &str) -> String {
        let request = withdrawal(&[id], &[recipient]);
        let report = share::withdraw(&self.app, &caller(person), request).await.unwrap();
        words(&report.results).remove(0)
    }

    /// An image of alice's that bob has accepted.
    pub async fn accepted_image(&self, name: &str) -> ImageId {
        let id = self.image("alice", name).await;
        assert_eq!(self.share("alice", &id, B).await, "pending");
        assert_eq!(self.accept("bob", &id).await, "accepted");
        id
    }

    /// The shares of an image as a person sees them.
    pub async fn shares(&self, person: &str, id: &ImageId) -> Vec<Share> {
        share_view::of_image(&self.app, &caller(person), id).await.unwrap()
    }

    /// Recipient → state of an image's shares, as its owner sees them.
    pub async fn members(&self, person: &str, id: &ImageId) -> BTreeMap<String, &'static str> {
        let shares = self.shares(person, id).await;
        shares.iter().map(|s| (s.recipient.id().to_owned(), s.state.as_str())).collect()
    }

    /// The images somebody was offered, in a state.
    pub async fn received(&self, person: &str, state: ShareState) -> Vec<ImageId> {
        let caller = caller(person);
        let page = share_view::received(&self.app, &caller, Some(state), None, None).await;
        page.unwrap().shares.into_iter().map(|received| received.image.id).collect()
    }

    /// The images of the default list.
    pub async fn listed(&self, person: &str) -> Vec<ImageId> {
        let page = list::list(&self.app, &caller(person), &list::ListImages::default()).await;
        page.unwrap().images.into_iter().map(|image| image.id).collect()
    }

    pub async fn show(&self, person: &str, id: &ImageId) -> Result<Image, Error> {
        image::show(&self.app, &caller(person), id).await.map(|seen| seen.image)
    }

    pub async fn delete(&self, person: &str, id: &ImageId) -> Result<(), Error> {
        image::delete(&self.app, &caller(person), id).await
    }

    /// The bytes, as a person reads them.
    pub async fn read(&self, person: &str, id: &ImageId) -> Result<Vec<u8>, Error> {
        use futures_util::TryStreamExt as _;
        match download::open(&self.app, &caller(person), id).await? {
            Bytes::None(_) => Ok(Vec::new()),
            Bytes::Disk(_, disk) => {
                let size = disk.size_bytes();
                let reader = disk.read(&self.app, &(0..size)).await?;
                let frames = reader.stream(&self.app.buffers, 0..size);
                let frames: Vec<_> = frames.try_collect().await.unwrap();
                Ok(frames.concat())
            }
        }
    }

    /// Runs all jobs and the reaper until nothing is left to do.
    pub async fn settle(&self) {
        while jobs::drain(&self.app, "test").await.unwrap() > 0 {}
    }

    /// Bytes that the store of a region holds.
    pub async fn stored_bytes(&self) -> u64 {
        let blobs = self.app.blobs(&RegionId::trusted("r1")).unwrap();
        STORE_BYTES - blobs.free_bytes().await.unwrap()
    }

    /// The policy in force for a person's project.
    pub async fn policy(&self, person: &str, key: &str) -> String {
        let policy = service::policy::show(&self.app, &caller(person)).await.unwrap();
        policy.get(key).unwrap()
    }

    pub async fn count(&self, text: &str) -> i64 {
        let statement = Statement::composed(text.to_owned());
        let rows = self.app.db.read(&statement, params![]).await.unwrap();
        let row = rows.into_iter().next().unwrap();
        let mut columns = row.read();
        columns.int().unwrap()
    }

    /// Whether the tables agree with each other.
    pub async fn check(&self) {
        let wrong = self.disagreements().await;
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    /// Where the tables do not agree with each other.
    pub async fn disagreements(&self) -> Vec<String> {
        let listed = store_image::check_access(&self.app.db).await.unwrap();
        let mut wrong: Vec<String> =
            listed.into_iter().map(|row| format!("who lists what is wrong: {row}")).collect();
        for (what, text) in DISAGREEMENTS {
            if self.count(text).await != 0 {
                wrong.push((*what).to_owned());
            }
        }
        wrong
    }
}
