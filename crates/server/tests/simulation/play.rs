//! Plays acts on a real server.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use futures_util::TryStreamExt as _;
use lendglass_core::image::{ContainerFormat, DiskFormat, ImageKind};
use lendglass_core::share::ShareEvent;
use lendglass_core::tenant::Caller;
use lendglass_core::vault::{ObjectType, Protection};
use lendglass_core::{BackupId, Error, ImageId, ProjectId, VaultId};
use lendglass_server::app::App;
use lendglass_server::jobs;
use lendglass_server::service::backup::{NewBackup, ServerImage};
use lendglass_server::service::download::{self, Bytes};
use lendglass_server::service::image::{Edit, NewImage};
use lendglass_server::service::policy::{Changes, Scope};
use lendglass_server::service::share::{Answer, Invite, Mode, Report, Withdraw};
use lendglass_server::service::upload::Receiving;
use lendglass_server::service::vault::{NewVault, VaultEdit};
use lendglass_server::service::{
    backup, image, policy, replicate, rule, share, share_view, upload, vault,
};
use lendglass_store::job::{self as store_job, Claim};
use lendglass_store::{Db, Statement, Tx};

use crate::cloud::words;
use crate::history::{Act, How, Number, To, What};
use crate::model::Words;
use crate::people::{PEOPLE, caller, named};

/// The ids of what acts have made.
#[derive(Default)]
pub struct Ids {
    images: Mutex<BTreeMap<Number, ImageId>>,
    vaults: Mutex<BTreeMap<Number, VaultId>>,
    backups: Mutex<BTreeMap<Number, BackupId>>,
    undo: Mutex<BTreeMap<Number, String>>,
    /// Uploads under way, each with the process that it began with.
    receiving: Mutex<BTreeMap<Number, Receiving>>,
    /// What a process that does nothing has claimed.
    claims: Mutex<Vec<Claim>>,
}

fn known<T: Clone>(ids: &Mutex<BTreeMap<Number, T>>, number: Number) -> Option<T> {
    ids.lock().unwrap().get(&number).cloned()
}

fn note<T>(ids: &Mutex<BTreeMap<Number, T>>, number: Number, id: T) {
    ids.lock().unwrap().insert(number, id);
}

impl Ids {
    /// The image of an act; the id of none where there is none.
    pub fn image(&self, number: Number) -> ImageId {
        known(&self.images, number)
            .unwrap_or_else(|| ImageId::trusted(format!("00000000-0000-4000-8000-{number:012}")))
    }

    pub fn vault(&self, number: Number) -> VaultId {
        known(&self.vaults, number).unwrap_or_else(|| VaultId::trusted("0".repeat(32)))
    }

    fn backup(&self, number: Number) -> BackupId {
        known(&self.backups, number).unwrap_or_else(|| BackupId::trusted("0".repeat(32)))
    }

    fn images(&self, numbers: &[Number]) -> Vec<ImageId> {
        numbers.iter().map(|number| self.image(*number)).collect()
    }
}

/// A future that is dropped when it has been polled so often and is not done.
struct Few<F> {
    inner: Pin<Box<F>>,
    left: u32,
}

impl<F: Future> Future for Few<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.inner.as_mut().poll(context).map(Some)
    }
}

/// Plays an act on a node; `None` where nobody waited for its answer.
pub async fn play(app: &App, ids: &Ids, act: &Act) -> Option<Words> {
    match act.how {
        How::Plainly | How::Dry | How::StoreAway => Some(answered(app, ids, act).await),
        How::Dropped(polls) => Few { inner: Box::pin(answered(app, ids, act)), left: polls }.await,
        How::WithoutTrail => {
            rename(&app.db, "audit", "audit_away").await;
            let words = answered(app, ids, act).await;
            rename(&app.db, "audit_away", "audit").await;
            Some(words)
        }
    }
}

async fn rename(db: &Db, from: &str, to: &str) {
    let text = Statement::composed(format!("alter table {from} rename to {to}"));
    db.write(move |tx| tx.execute(&text, &[]).map(|_| ())).await.unwrap();
}

async fn answered(app: &App, ids: &Ids, act: &Act) -> Words {
    let mut caller = caller(act.who);
    caller.terms.is_dry_run = act.how == How::Dry;
    let done = done(app, ids, act, &caller).await;
    done.unwrap_or_else(|error| vec![error.code().as_str().to_owned()])
}

fn is_done<T>(_: T) -> Words {
    vec!["done".to_owned()]
}

fn told(ids: &Ids, act: &Act, report: Report) -> Words {
    if let Some(undo) = report.undo {
        note(&ids.undo, act.number, undo.token);
    }
    words(&report.results)
}

fn mode(partial: bool) -> Mode {
    if partial { Mode::Partial } else { Mode::All }
}

async fn done(app: &App, ids: &Ids, act: &Act, caller: &Caller) -> Result<Words, Error> {
    let number = act.number;
    match &act.what {
        What::Create { is_data } => {
            begin(app, ids, act, caller, *is_data).await?;
            finish(ids, number).await
        }
        What::Read { image } => read(app, caller, &ids.image(*image)).await,
        What::Begin { is_data } => begin(app, ids, act, caller, *is_data).await.map(is_done),
        What::Finish { of } => finish(ids, *of).await,
        What::LoseLeases => jobs::end_leases(app).await.map(is_done),
        What::Stall => stall(app, ids).await,
        What::Beat => beat(app, ids).await,
        // Who plays the history begins another process.
        What::Restart => jobs::end_leases(app).await.map(is_done),
        What::Invite { images, to, partial, note, lapses, ends } => {
            let now = app.clock.now();
            let request = Invite {
                images: ids.images(images),
                recipients: to.iter().map(|to| named(*to)).collect(),
                mode: mode(*partial),
                note: note.then(|| "look at this".to_owned()),
                lapses_at: lapses.map(|seconds| now.plus_seconds(seconds)),
                ends_at: ends.map(|seconds| now.plus_seconds(seconds)),
                acknowledge: true,
                dry_run: false,
            };
            share::invite(app, caller, request).await.map(|report| told(ids, act, report))
        }
        What::Answer { images, event, vault, partial } => {
            let images = ids.images(images);
            answer(app, ids, act, caller, (images, *event, *vault, *partial)).await
        }
        What::AnswerAll { event, vault } => {
            let images = share_view::pending_images(app, caller).await?;
            if images.is_empty() {
                return Ok(Vec::new());
            }
            answer(app, ids, act, caller, (images, *event, *vault, true)).await
        }
        What::Withdraw { images, from, partial } => {
            let all = |from: &Vec<To>| from.iter().map(|to| named(*to)).collect();
            let request = Withdraw {
                images: ids.images(images),
                recipients: from.as_ref().map(all),
                mode: mode(*partial),
                dry_run: false,
            };
            share::withdraw(app, caller, request).await.map(|report| told(ids, act, report))
        }
        What::Leave { image } => {
            let (image, own) = (ids.image(*image), caller.project.as_str());
            let report = share::leave(app, caller, &image, own).await?;
            Ok(told(ids, act, report))
        }
        What::Undo { of } => {
            let token = known(&ids.undo, *of).unwrap_or_else(|| "none".to_owned());
            share::undo(app, caller, &token).await.map(|report| words(&report.results))
        }
        What::Rule { owner, verdict, for_account } => match verdict {
            Some(verdict) => {
                rule::set(app, caller, owner.id(), *verdict, *for_account).await.map(is_done)
            }
            None => rule::remove(app, caller, owner.id(), *for_account).await.map(is_done),
        },
        What::Policy { project, key, value } => {
            let project = project.map(ProjectId::trusted);
            let changes = Changes {
                scope: project.map_or(Scope::Installation, Scope::Project),
                set: value.iter().map(|value| ((*key).to_owned(), (*value).to_owned())).collect(),
                unset: value.is_none().then(|| (*key).to_owned()).into_iter().collect(),
                dry_run: false,
            };
            policy::change(app, caller, changes).await.map(is_done)
        }
        What::Replicate { image } => {
            let made = replicate::replicate(app, caller, &ids.image(*image), None).await?;
            note(&ids.images, number, made.0.id);
            Ok(is_done(()))
        }
        What::Delete { image } => image::delete(app, caller, &ids.image(*image)).await.map(is_done),
        What::HandOver { image, to } => {
            let edit = Edit::Owner(ProjectId::trusted(PEOPLE[*to].project));
            image::update(app, caller, &ids.image(*image), vec![edit]).await.map(is_done)
        }
        What::Vault { gib } => {
            let new = NewVault {
                name: format!("vault {number}"),
                description: String::new(),
                capacity_gib: *gib,
                object_type: ObjectType::Server,
                protection: Protection::Backup,
            };
            note(&ids.vaults, number, vault::create(app, caller, new).await?.vault.id);
            Ok(is_done(()))
        }
        What::Resize { vault, gib } => {
            let edit = VaultEdit { capacity_gib: Some(*gib), ..VaultEdit::default() };
            vault::update(app, caller, &ids.vault(*vault), edit).await.map(is_done)
        }
        What::DropVault { vault } => {
            vault::delete(app, caller, &ids.vault(*vault)).await.map(is_done)
        }
        What::Backup { vault, disks } => {
            let (vault, disks) = (ids.vault(*vault), ids.images(disks));
            let new = NewBackup { vault, name: None, source: None, disks };
            note(&ids.backups, number, backup::create(app, caller, new).await?.backup.id);
            Ok(is_done(()))
        }
        What::DropBackup { backup } => {
            backup::delete(app, caller, &ids.backup(*backup)).await.map(is_done)
        }
        What::ServerImage { backup } => {
            let new = ServerImage::default();
            let (made, _) = backup::make_image(app, caller, &ids.backup(*backup), new).await?;
            note(&ids.images, number, made.id);
            Ok(is_done(()))
        }
        What::Step(seconds) | What::Jump(seconds) => {
            app.clock.step_seconds(*seconds);
            Ok(is_done(()))
        }
        What::Work => {
            while jobs::drain(app, &format!("worker {number}")).await? > 0 {}
            Ok(is_done(()))
        }
    }
}

async fn answer(
    app: &App,
    ids: &Ids,
    act: &Act,
    caller: &Caller,
    (images, event, vault, partial): (Vec<ImageId>, ShareEvent, Option<Number>, bool),
) -> Result<Words, Error> {
    let request = Answer {
        images,
        event,
        recipient: None,
        vault: vault.map(|number| ids.vault(number)),
        mode: mode(partial),
        dry_run: false,
    };
    let report = share::answer(app, caller, request).await?;
    Ok(told(ids, act, report))
}

/// What is uploaded by an act. Some blobs are written as they come, the others at the end.
fn content(number: Number) -> Vec<u8> {
    let times = if number.is_multiple_of(5) { 60_000 } else { 2 };
    format!("{number} is the number of the image. ").repeat(times).into_bytes()
}

async fn begin(
    app: &App,
    ids: &Ids,
    act: &Act,
    caller: &Caller,
    is_data: bool,
) -> Result<(), Error> {
    let new = NewImage {
        name: Some(format!("image {}", act.number)),
        kind: Some(if is_data { ImageKind::DataDisk } else { ImageKind::SystemDisk }),
        disk_format: Some(DiskFormat::Raw),
        container_format: Some(ContainerFormat::Bare),
        ..NewImage::default()
    };
    let id = image::create(app, caller, new).await?.id;
    note(&ids.images, act.number, id.clone());
    let mut receiving = upload::begin(app, caller, &id, None).await?;
    let bytes = content(act.number);
    receiving.receive(&bytes[..bytes.len() / 2]).await?;
    note(&ids.receiving, act.number, receiving);
    Ok(())
}

async fn finish(ids: &Ids, number: Number) -> Result<Words, Error> {
    let begun = ids.receiving.lock().unwrap().remove(&number);
    let Some(mut receiving) = begun else { return Ok(vec!["nothing".to_owned()]) };
    let bytes = content(number);
    receiving.receive(&bytes[bytes.len() / 2..]).await?;
    receiving.finish().await.map(is_done)
}

/// Reads an image whole, and says whose upload it is.
async fn read(app: &App, caller: &Caller, id: &ImageId) -> Result<Words, Error> {
    let Bytes::Disk(_, disk) = download::open(app, caller, id).await? else {
        return Ok(vec!["no bytes".to_owned()]);
    };
    let size = disk.size_bytes();
    let frames = disk.read(app, &(0..size)).await?.stream(&app.buffers, 0..size);
    let bytes = frames.try_collect::<Vec<_>>().await.map_err(download::blob_error)?.concat();
    let digits: String =
        bytes.iter().take_while(|byte| byte.is_ascii_digit()).map(|byte| *byte as char).collect();
    let is_whole = digits.parse().is_ok_and(|number| bytes == content(number));
    Ok(vec![if is_whole { format!("bytes of {digits}") } else { WRONG_BYTES.to_owned() }])
}

/// Never what a read may come to.
pub const WRONG_BYTES: &str = "wrong bytes";

async fn stall(app: &App, ids: &Ids) -> Result<Words, Error> {
    let lease_seconds = app.settings.job_lease_seconds;
    let mut count = 0;
    loop {
        let now = app.clock.now();
        let claim = app.db.write(move |tx| store_job::claim(tx, "stalled", lease_seconds, now));
        let Some(claim) = claim.await? else { return Ok(vec![format!("{count} jobs")]) };
        ids.claims.lock().unwrap().push(claim);
        count += 1;
    }
}

async fn beat(app: &App, ids: &Ids) -> Result<Words, Error> {
    let claims = ids.claims.lock().unwrap().clone();
    let lease_seconds = app.settings.job_lease_seconds;
    let mut words = Vec::new();
    for claim in claims {
        let renew = move |tx: &mut Tx<'_>| store_job::renew(tx, &claim, lease_seconds, 0);
        let word = if app.db.write(renew).await? { "kept" } else { "lost" };
        words.push(word.to_owned());
    }
    Ok(words)
}
