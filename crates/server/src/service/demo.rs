//! The demo world: people come from `world/demo.toml`, images and shares are made here, and all of
//! it goes again with [`purge`] (XC-10).

use lendglass_core::audit::{AuditEvent, AuditResult, AuditVerb};
use lendglass_core::image::{ContainerFormat, DiskFormat, Image, ImageKind};
use lendglass_core::recipient::Named;
use lendglass_core::share::ShareEvent;
use lendglass_core::tenant::{Caller, Credential, Role, Terms};
use lendglass_core::{AccountId, Code, Error, ImageId, ProjectId, RegionId, UserId};
use lendglass_store::list::{Filter, ImageQuery, Source, TextColumn};
use lendglass_store::user::{KnownUser, User};
use lendglass_store::{
    Db, Tx, audit as store_audit, credential as store_credential, image as store_image,
    list as store_list, policy as store_policy, session as store_session, setting as store_setting,
    tenant as store_tenant, upload as store_upload, user as store_user, vault as store_vault,
};

use crate::app::App;
use crate::service::audit::by_system;
use crate::service::image::NewImage;
use crate::service::share::{Answer, Invite, Mode};
use crate::service::vault::acceptance;
use crate::service::{image, reap, session, share, upload};

/// Accounts that the demo made, one id a line.
const ACCOUNTS: &str = "demo.accounts";
/// Set once the images are made.
const IMAGES: &str = "demo.images";
/// Images in one round of [`purge`].
const ROUND_IMAGES: u32 = 500;

/// The ids of all accounts: compared before and after the demo's people are added.
pub async fn accounts(db: &Db) -> Result<Vec<AccountId>, Error> {
    let accounts = store_tenant::read_accounts(db, None, None).await?;
    Ok(accounts.into_iter().map(|account| account.id).collect())
}

/// Remembers which accounts the demo made: only those are ever purged.
pub async fn remember_accounts(db: &Db, before: &[AccountId]) -> Result<(), Error> {
    let known = store_setting::get(db, ACCOUNTS).await?.unwrap_or_default();
    let mut ids: Vec<String> = known.lines().map(str::to_owned).collect();
    ids.extend(
        accounts(db).await?.iter().filter(|id| !before.contains(id)).map(ToString::to_string),
    );
    let text = ids.join("\n");
    db.write(move |tx| store_setting::put(tx, ACCOUNTS, &text)).await
}

/// Makes the demo's images and shares, unless they were made before: alice has golden images, bob
/// finds one waiting, one taken and one refused.
pub async fn make(app: &App) -> Result<(), Error> {
    if store_setting::get(&app.db, IMAGES).await?.is_some() {
        return Ok(());
    }
    let alice = person(app, "Acme", "alice", "project-a").await?;
    let bob = person(app, "Borealis", "bob", "project-b").await?;
    disk(app, &alice, "erp-golden", ImageKind::SystemDisk, "ERP 12, hardened").await?;
    let offered = disk(app, &alice, "web-base", ImageKind::SystemDisk, "nginx and TLS").await?;
    let taken = disk(app, &alice, "batch-worker", ImageKind::SystemDisk, "nightly jobs").await?;
    let refused = disk(app, &alice, "map-tiles", ImageKind::DataDisk, "tiles of 2026-10").await?;
    disk(app, &bob, "bobs-own", ImageKind::SystemDisk, "private to project-b").await?;
    for image in [&offered, &taken, &refused] {
        offer(app, &alice, image, &bob).await?;
    }
    answer(app, &bob, &taken, ShareEvent::Accept).await?;
    answer(app, &bob, &refused, ShareEvent::Reject).await?;
    app.db.write(|tx| store_setting::put(tx, IMAGES, "made")).await
}

/// The people whom a user of the demo may become, while the demo runs; their accounts are ones that
/// the demo made.
const PERSONAS: [(&str, &str); 2] = [("Acme", "alice"), ("Borealis", "bob")];

/// Whether the running demo made an account.
async fn is_of_demo(app: &App, account: &AccountId) -> Result<bool, Error> {
    if !app.settings.is_demo {
        return Ok(false);
    }
    let known = store_setting::get(&app.db, ACCOUNTS).await?.unwrap_or_default();
    Ok(known.lines().any(|id| id == account.as_str()))
}

/// The people whom a user may become; `None` for who is not of the demo.
pub async fn personas(app: &App, user: &User) -> Result<Option<Vec<&'static str>>, Error> {
    let is_known = is_of_demo(app, &user.account).await?;
    Ok(is_known.then(|| PERSONAS.iter().map(|(_, name)| *name).collect()))
}

/// One of the people whom a user may become. Errors: [`Code::NotAvailableHere`] for who is not of the
/// demo, [`Code::UserNotFound`] for a name that is none of them.
pub async fn persona(app: &App, user: &User, name: &str) -> Result<KnownUser, Error> {
    if !is_of_demo(app, &user.account).await? {
        return Err(Error::new(Code::NotAvailableHere).with("operation", "personas"));
    }
    let nobody =
        || Error::new(Code::UserNotFound).with("id", lendglass_core::text::shortened(name, 80));
    let (account, _) = PERSONAS.iter().find(|(_, known)| *known == name).ok_or_else(nobody)?;
    let account = store_tenant::read_account_by_name(&app.db, account).await?.ok_or_else(nobody)?;
    if !is_of_demo(app, &account.id).await? {
        return Err(nobody());
    }
    store_user::read_by_name(&app.db, &account.id, name).await?.ok_or_else(nobody)
}

/// The secret of a link that signs alice in once.
pub async fn sign_in_link(app: &App) -> Result<String, Error> {
    let alice = person(app, "Acme", "alice", "project-a").await?;
    session::link(&app.db, &alice.user, app.clock.now()).await
}

async fn person(app: &App, account: &str, user: &str, project: &str) -> Result<Caller, Error> {
    let lost = |what: &str| Error::internal(format!("the demo has no {what}"));
    let account = store_tenant::read_account_by_name(&app.db, account).await?;
    let account = account.ok_or_else(|| lost("account"))?;
    let user = store_user::read_by_name(&app.db, &account.id, user).await?;
    let user = user.ok_or_else(|| lost("user"))?.user;
    let project = store_tenant::read_project_by_name(&app.db, &account.id, project).await?;
    let project = project.ok_or_else(|| lost("project"))?.project;
    Ok(Caller {
        user: user.id,
        user_name: user.name,
        project: project.id,
        account: account.id,
        region: project.region.ok_or_else(|| lost("region"))?,
        role: Role::Admin,
        permissions: Default::default(),
        is_operator: false,
        is_service: false,
        credential: Credential::Token,
        source: "demo".to_owned(),
        request_id: String::new(),
        terms: Terms::default(),
    })
}

async fn disk(
    app: &App,
    owner: &Caller,
    name: &str,
    kind: ImageKind,
    description: &str,
) -> Result<Image, Error> {
    let new = NewImage {
        name: Some(name.to_owned()),
        kind: Some(kind),
        disk_format: Some(DiskFormat::Raw),
        container_format: Some(ContainerFormat::Bare),
        tags: vec!["demo".to_owned()],
        properties: [("description".to_owned(), description.to_owned())].into(),
        ..NewImage::default()
    };
    let record = image::create(app, owner, new).await?;
    let bytes = bootable_disk(&format!("hello from {name}\r\n"));
    let length = u64::try_from(bytes.len()).ok();
    let mut receiving = upload::begin(app, owner, &record.id, length).await?;
    receiving.receive(&bytes).await?;
    receiving.finish().await
}

async fn offer(app: &App, owner: &Caller, image: &Image, to: &Caller) -> Result<(), Error> {
    let named = Named { text: to.project.to_string(), kind: None };
    share::invite(app, owner, Invite::one(image.id.clone(), named)).await?.only().map(|_| ())
}

async fn answer(app: &App, who: &Caller, image: &Image, event: ShareEvent) -> Result<(), Error> {
    let images = vec![image.id.clone()];
    let answer =
        Answer { images, event, recipient: None, vault: None, mode: Mode::All, dry_run: false };
    share::answer(app, who, answer).await?.only().map(|_| ())
}

/// Code of a boot sector, written for this demo: sets the segment, writes the text behind it to the
/// first serial port byte by byte as the port is ready, then halts.
const BOOT_CODE: [u8; 34] = [
    0xfa, // cli
    0x31, 0xc0, // xor ax, ax
    0x8e, 0xd8, // mov ds, ax
    0xbe, 0x22, 0x7c, // mov si, text (0x7c00 + 34)
    0xac, // next: lodsb
    0x84, 0xc0, // test al, al
    0x74, 0x12, // jz halt
    0x88, 0xc3, // mov bl, al
    0xba, 0xfd, 0x03, // wait: mov dx, 0x3fd (line status)
    0xec, // in al, dx
    0xa8, 0x20, // test al, 0x20 (transmitter empty)
    0x74, 0xf8, // jz wait
    0x88, 0xd8, // mov al, bl
    0xba, 0xf8, 0x03, // mov dx, 0x3f8 (data)
    0xee, // out dx, al
    0xeb, 0xe9, // jmp next
    0xf4, // halt: hlt
    0xeb, 0xfd, // jmp halt
];
/// Size of a demo disk: small enough to be nothing, large enough to be a disk.
const DISK_BYTES: usize = 64 * 1024;
/// The first byte of the partition table; the text must end before it.
const PARTITIONS_AT: usize = 446;

/// A disk that boots on any PC without an operating system and says `text` on its serial line.
pub fn bootable_disk(text: &str) -> Vec<u8> {
    let mut disk = vec![0_u8; DISK_BYTES];
    disk[..BOOT_CODE.len()].copy_from_slice(&BOOT_CODE);
    let room = PARTITIONS_AT - BOOT_CODE.len() - 1;
    for (place, byte) in disk[BOOT_CODE.len()..].iter_mut().zip(text.bytes().take(room)) {
        *place = byte;
    }
    // One active partition of type 0xda (data without a file system) over the rest of the disk.
    disk[PARTITIONS_AT] = 0x80;
    disk[PARTITIONS_AT + 4] = 0xda;
    disk[PARTITIONS_AT + 8] = 1;
    let sectors = u32::try_from(DISK_BYTES / 512 - 1).unwrap_or(1);
    disk[PARTITIONS_AT + 12..PARTITIONS_AT + 16].copy_from_slice(&sectors.to_le_bytes());
    disk[510] = 0x55;
    disk[511] = 0xaa;
    disk
}

/// Removes what the demo made: its accounts with their users, projects and images, also those that
/// visitors made in them. Answers the number of images. Nothing happens where there was no demo.
pub async fn purge(app: &App) -> Result<usize, Error> {
    let known = store_setting::get(&app.db, ACCOUNTS).await?.unwrap_or_default();
    let mut removed = 0;
    for account in known.lines().map(AccountId::trusted) {
        let projects = projects(app, &account).await?;
        for project in &projects {
            for region in &app.regions {
                removed += purge_images(app, &region.id, project).await?;
            }
        }
        let owned = app.clone();
        app.db.write(move |tx| purge_account(tx, &owned, &account)).await?;
    }
    app.db
        .write(|tx| {
            store_tenant::delete_empty_regions(tx)?;
            store_setting::remove(tx, IMAGES)?;
            store_setting::remove(tx, ACCOUNTS)
        })
        .await?;
    while reap::round(app).await? > 0 {}
    Ok(removed)
}

async fn projects(app: &App, account: &AccountId) -> Result<Vec<ProjectId>, Error> {
    let account = account.clone();
    app.db.write(move |tx| store_tenant::projects_of_account(tx, &account)).await
}

async fn purge_images(app: &App, region: &RegionId, project: &ProjectId) -> Result<usize, Error> {
    let mut removed = 0;
    for is_hidden in [false, true] {
        loop {
            let query = ImageQuery {
                region: region.clone(),
                sources: vec![Source::Everything],
                is_hidden,
                filters: vec![Filter::Text(TextColumn::Owner, vec![project.to_string()])],
                order: Vec::new(),
                after: None,
                limit: ROUND_IMAGES,
                now: app.clock.now(),
            };
            let images = store_list::images(&app.db, &query).await?;
            if images.is_empty() {
                break;
            }
            for image in images {
                let (owned, id) = (app.clone(), image.id);
                app.db.write(move |tx| purge_image(tx, &owned, &id)).await?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

fn purge_image(tx: &mut Tx<'_>, app: &App, id: &ImageId) -> Result<(), Error> {
    let Some(image) = store_image::lock(tx, id)? else { return Ok(()) };
    store_upload::cancel_of_image(tx, id)?;
    let policy = store_policy::effective_in(tx, &app.policy, &image.region, &image.owner)?;
    acceptance::release_image(tx, &image, &policy, false)?;
    store_upload::release_image(tx, id)?;
    let now = app.clock.now();
    store_image::delete(tx, &image, now)?;
    let event = by_system(&image, AuditVerb::ImageDelete, now).with_detail("demo purged");
    store_audit::insert(tx, &app.ids.hex(), &event)
}

fn purge_account(tx: &mut Tx<'_>, app: &App, account: &AccountId) -> Result<(), Error> {
    for project in store_tenant::projects_of_account(tx, account)? {
        store_user::take_all_in(tx, &project)?;
        store_credential::delete_all_of_project(tx, &project)?;
        store_vault::delete_all_of_project(tx, &project)?;
        store_tenant::delete_project(tx, &project)?;
    }
    for user in store_user::of_account(tx, account)? {
        store_credential::delete_all_of_user(tx, &user)?;
        store_session::forget_user(tx, &user)?;
        store_user::delete(tx, &user)?;
    }
    store_tenant::delete_account(tx, account)?;
    let event = AuditEvent {
        at: app.clock.now(),
        verb: AuditVerb::IdentityChange,
        region: RegionId::trusted(""),
        user: UserId::trusted("system"),
        project: ProjectId::trusted(""),
        account: account.clone(),
        counterpart: None,
        target: account.to_string(),
        detail: "demo purged".to_owned(),
        result: AuditResult::Done,
        source: String::new(),
        request_id: String::new(),
    };
    store_audit::insert(tx, &app.ids.hex(), &event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_disk_is_a_disk_that_says_its_text() {
        let disk = bootable_disk("hello\r\n");
        assert_eq!(disk.len(), DISK_BYTES);
        assert_eq!(&disk[BOOT_CODE.len()..BOOT_CODE.len() + 8], b"hello\r\n\0");
        assert_eq!(&disk[510..512], &[0x55, 0xaa]);
        let mut inspector = lendglass_disk::Inspector::new(None);
        inspector.feed(&disk).unwrap();
        assert_eq!(inspector.finish().unwrap().format, lendglass_disk::Format::Mbr);
    }
}
