//! Backups: what a vault keeps, disk by disk; and the disks of images, which are described alike.

use lendglass_core::image::{DiskFormat, Image, ImageKind};
use lendglass_core::share::{Recipient, Share};
use lendglass_core::vault::{Backup, Disk, gib};
use lendglass_core::{BackupId, BlobId, Error, ImageId, ProjectId, RegionId, Timestamp, VaultId};

use crate::db::{Columns, Db, Row, Statement, Tx};
use crate::{params, upload};

/// The kind of holder that a backup is in `blob_use`.
const HOLDER: &str = "backup";

/// The columns of a backup `b` with the image made from it, in the order [`read`] takes them.
macro_rules! backup_select {
    ($where:literal) => {
        concat!(
            "select b.id, b.vault_id, b.project_id, b.region_id, b.name, b.source, b.size_gib, \
             b.from_image_id, b.held_kind, b.held_id, i.image_id, b.created_at \
             from backup b left join backup_image i on i.backup_id = b.id ",
            $where
        )
    };
}

/// The columns of a disk `d`, in the order [`read_disk`] takes them.
macro_rules! disk_select {
    ($from:literal) => {
        concat!(
            "select d.position, d.is_system, d.name, d.virtual_size_bytes, d.disk_format, \
             d.blob_id, k.size_bytes, k.digest_algo, k.digest_hex from ",
            $from
        )
    };
}

static INSERT: Statement = Statement::new(
    "insert into backup (id, vault_id, project_id, region_id, name, source, size_gib, \
     from_image_id, held_kind, held_id, created_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);
static PUT_DISK: Statement = Statement::new(
    "insert into backup_disk (backup_id, position, is_system, name, virtual_size_bytes, \
     disk_format, blob_id) values ($1, $2, $3, $4, $5, $6, $7)",
);
static DELETE: Statement = Statement::new("delete from backup where id = $1");
static HOLD: Statement =
    Statement::new("update backup set held_kind = $2, held_id = $3 where id = $1");
static ONE: Statement = Statement::new(backup_select!("where b.id = $1"));
static BY_SHARE: Statement = Statement::new(backup_select!(
    "where b.from_image_id = $1 and b.held_kind = $2 and b.held_id = $3"
));
static KEPT: Statement = Statement::new(backup_select!(
    "where b.vault_id = $1 and b.from_image_id = $2 and b.held_id is null order by b.id limit 1"
));
static HELD_OF_IMAGE: Statement = Statement::new(backup_select!(
    "where b.from_image_id = $1 and b.held_id is not null order by b.vault_id, b.id"
));
static OF_MADE_IMAGE: Statement = Statement::new(backup_select!("where i.image_id = $1"));
static PAGE: Statement = Statement::new(backup_select!(
    "where b.project_id = $1 and b.region_id = $2 and (b.created_at, b.id) < ($3, $4) \
     and ($5 = '' or b.vault_id = $5) and ($6 = '' or b.name = $6) \
     order by b.created_at desc, b.id desc limit $7"
));
static DISKS: Statement = Statement::new(disk_select!(
    "backup_disk d join blob k on k.id = d.blob_id where d.backup_id = $1 order by d.position"
));
static IMAGE_DISKS: Statement = Statement::new(disk_select!(
    "image_disk d join blob k on k.id = d.blob_id where d.image_id = $1 order by d.position"
));
static PUT_IMAGE: Statement =
    Statement::new("insert into backup_image (backup_id, image_id) values ($1, $2)");
static DROP_IMAGE: Statement = Statement::new("delete from backup_image where image_id = $1");
static DESCRIBE_DISK: Statement = Statement::new(
    "update image_disk set is_system = $3, name = $4, virtual_size_bytes = $5, disk_format = $6 \
     where image_id = $1 and position = $2",
);
static FROM_BACKUP: Statement = Statement::new("update image set is_from_backup = 1 where id = $1");

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &INSERT,
    &PUT_DISK,
    &DELETE,
    &HOLD,
    &ONE,
    &BY_SHARE,
    &KEPT,
    &HELD_OF_IMAGE,
    &OF_MADE_IMAGE,
    &PAGE,
    &DISKS,
    &IMAGE_DISKS,
    &PUT_IMAGE,
    &DROP_IMAGE,
    &DESCRIBE_DISK,
    &FROM_BACKUP,
];

/// Writes a backup with its disks and lets it use their blobs. The vault is locked; blobs are taken by
/// id. `false` where a blob is dying: the caller's transaction must not stand then.
pub fn insert(tx: &mut Tx<'_>, backup: &Backup, disks: &[Disk]) -> Result<bool, Error> {
    let held = backup.held_by.as_ref();
    tx.execute_later(
        &INSERT,
        params![
            &backup.id,
            &backup.vault,
            &backup.project,
            &backup.region,
            &backup.name,
            &backup.source,
            backup.size_gib,
            backup.from_image.as_ref(),
            held.map(Recipient::kind),
            held.map(Recipient::id),
            backup.created_at,
        ],
    )?;
    for disk in by_blob(disks) {
        if !upload::hold(tx, &disk.blob, HOLDER, backup.id.as_str())? {
            return Ok(false);
        }
        tx.execute_later(
            &PUT_DISK,
            params![
                &backup.id,
                disk.position,
                disk.is_system,
                disk.name.as_ref(),
                disk.virtual_size_bytes,
                disk.format.map(DiskFormat::as_str),
                &disk.blob,
            ],
        )?;
    }
    Ok(true)
}

/// Disks in the order in which their blobs are locked.
fn by_blob(disks: &[Disk]) -> Vec<&Disk> {
    let mut sorted: Vec<&Disk> = disks.iter().collect();
    sorted.sort_by(|a, b| a.blob.cmp(&b.blob));
    sorted
}

/// Deletes backups and ends their uses; blobs that nobody uses any more are left dying. Their vaults are
/// locked, and no image is made from them.
pub fn delete(tx: &mut Tx<'_>, backups: &[&BackupId]) -> Result<(), Error> {
    let holders: Vec<&str> = backups.iter().map(|id| id.as_str()).collect();
    upload::release_holders(tx, HOLDER, &holders)?;
    backups.iter().try_for_each(|id| tx.execute_later(&DELETE, params![*id]))
}

/// Says which share holds an accepted backup; `None`: none any more.
pub fn set_holder(
    tx: &mut Tx<'_>,
    id: &BackupId,
    held_by: Option<&Recipient>,
) -> Result<(), Error> {
    let (kind, holder) = (held_by.map(Recipient::kind), held_by.map(Recipient::id));
    tx.execute_later(&HOLD, params![id, kind, holder])
}

/// A backup.
pub async fn show(db: &Db, id: &BackupId) -> Result<Option<Backup>, Error> {
    let rows = db.read(&ONE, params![id]).await?;
    rows.into_iter().next().map(|row| read(&mut row.read())).transpose()
}

/// As [`show`], inside a transaction. Decisions lock its vault first and read it again.
pub fn get(tx: &mut Tx<'_>, id: &BackupId) -> Result<Option<Backup>, Error> {
    first(tx.query(&ONE, &params![id])?)
}

/// The backup that a share holds.
pub fn of_share(tx: &mut Tx<'_>, share: &Share) -> Result<Option<Backup>, Error> {
    let recipient = &share.recipient;
    first(tx.query(&BY_SHARE, &params![&share.image, recipient.kind(), recipient.id()])?)
}

/// A backup of `image` in a vault that was kept when its share ended.
pub fn kept(tx: &mut Tx<'_>, vault: &VaultId, image: &ImageId) -> Result<Option<Backup>, Error> {
    first(tx.query(&KEPT, &params![vault, image])?)
}

/// The backups that shares of an image hold, by vault.
pub fn held_of_image(tx: &mut Tx<'_>, image: &ImageId) -> Result<Vec<Backup>, Error> {
    let rows = tx.query(&HELD_OF_IMAGE, &params![image])?;
    rows.into_iter().map(|row| read(&mut row.read())).collect()
}

/// The backup that an image was made from.
pub fn of_made_image(tx: &mut Tx<'_>, image: &ImageId) -> Result<Option<Backup>, Error> {
    first(tx.query(&OF_MADE_IMAGE, &params![image])?)
}

/// A page of a project's backups, newest first, after the position `(created_at, id)`; of one vault
/// or of one name where these are given.
pub async fn page(
    db: &Db,
    project: &ProjectId,
    region: &RegionId,
    (vault, name): (Option<&VaultId>, Option<&str>),
    after: Option<(Timestamp, BackupId)>,
    limit: u32,
) -> Result<Vec<Backup>, Error> {
    let (at, id) = after.map_or((i64::MAX, "~".to_owned()), |(at, id)| (at.0, id.to_string()));
    let (vault, name) = (vault.map_or("", VaultId::as_str), name.unwrap_or_default());
    let rows = db.read(&PAGE, params![project, region, at, id, vault, name, limit]).await?;
    rows.into_iter().map(|row: Row| read(&mut row.read())).collect()
}

/// The disks of a backup, by position.
pub async fn disks(db: &Db, id: &BackupId) -> Result<Vec<Disk>, Error> {
    read_disks(db.read(&DISKS, params![id]).await?, None)
}

/// As [`disks`], inside a transaction.
pub fn disks_in(tx: &mut Tx<'_>, id: &BackupId) -> Result<Vec<Disk>, Error> {
    read_disks(tx.query(&DISKS, &params![id])?, None)
}

/// The disks of an image, by position; none while it has no bytes.
pub async fn disks_of_image(db: &Db, image: &Image) -> Result<Vec<Disk>, Error> {
    read_disks(db.read(&IMAGE_DISKS, params![&image.id]).await?, Some(image))
}

/// As [`disks_of_image`], inside a transaction.
pub fn disks_of_image_in(tx: &mut Tx<'_>, image: &Image) -> Result<Vec<Disk>, Error> {
    read_disks(tx.query(&IMAGE_DISKS, &params![&image.id])?, Some(image))
}

/// Gives a fresh record the disks of a backup: it is made from it from now on. The vault of the backup is
/// locked; blobs are taken by id. `false` where a blob is dying.
pub fn make_image(
    tx: &mut Tx<'_>,
    backup: &BackupId,
    image: &ImageId,
    disks: &[Disk],
) -> Result<bool, Error> {
    tx.execute_later(&PUT_IMAGE, params![backup, image])?;
    tx.execute_later(&FROM_BACKUP, params![image])?;
    for disk in by_blob(disks) {
        if !upload::add_use(tx, &disk.blob, image, disk.position)? {
            return Ok(false);
        }
        tx.execute_later(
            &DESCRIBE_DISK,
            params![
                image,
                disk.position,
                disk.is_system,
                disk.name.as_ref(),
                disk.virtual_size_bytes,
                disk.format.map(DiskFormat::as_str),
            ],
        )?;
    }
    Ok(true)
}

/// Lets an image that is about to be deleted be made from no backup any more.
pub fn forget_image(tx: &mut Tx<'_>, image: &ImageId) -> Result<(), Error> {
    tx.execute_later(&DROP_IMAGE, params![image])
}

fn first(rows: Vec<Row>) -> Result<Option<Backup>, Error> {
    rows.into_iter().next().map(|row| read(&mut row.read())).transpose()
}

fn read(columns: &mut Columns) -> Result<Backup, Error> {
    let id = BackupId::trusted(columns.text()?);
    let vault = VaultId::trusted(columns.text()?);
    let project = ProjectId::trusted(columns.text()?);
    let region = RegionId::trusted(columns.text()?);
    let name = columns.text()?;
    let source = columns.text()?;
    let size_gib = columns.opt_u64()?.unwrap_or(0);
    let from_image = columns.opt_text()?.map(ImageId::trusted);
    let held = columns.opt_text()?.zip(columns.opt_text()?);
    let held_by = held.and_then(|(kind, id)| Recipient::from_parts(&kind, &id));
    let image = columns.opt_text()?.map(ImageId::trusted);
    let created_at = columns.time()?;
    Ok(Backup {
        id,
        vault,
        project,
        region,
        name,
        source,
        size_gib,
        from_image,
        held_by,
        image,
        created_at,
    })
}

fn read_disks(rows: Vec<Row>, image: Option<&Image>) -> Result<Vec<Disk>, Error> {
    rows.into_iter().map(|row| read_disk(&mut row.read(), image)).collect()
}

/// Reads a disk; what its row leaves out is what the image, whose only disk it is then, says.
fn read_disk(columns: &mut Columns, image: Option<&Image>) -> Result<Disk, Error> {
    let position = columns.u32()?;
    let is_system = columns.opt_int()?;
    let name = columns.opt_text()?;
    let virtual_size = columns.opt_u64()?;
    let format = columns.opt_word(DiskFormat::parse)?;
    let blob = BlobId::trusted(columns.text()?);
    let stored_bytes = columns.opt_u64()?.unwrap_or(0);
    let digest = columns.opt_text()?.zip(columns.opt_text()?);
    let of_image = image.and_then(|image| image.virtual_size_bytes);
    let is_data = image.is_some_and(|image| image.kind == ImageKind::DataDisk);
    let virtual_size_bytes = virtual_size.or(of_image).unwrap_or(stored_bytes);
    Ok(Disk {
        position,
        is_system: is_system.map_or(position == 0 && !is_data, |flag| flag != 0),
        name: name.or_else(|| image.and_then(|image| image.name.clone())),
        size_gib: gib(virtual_size_bytes),
        virtual_size_bytes,
        stored_bytes,
        format: format.or_else(|| image.and_then(|image| image.disk_format)),
        digest: digest.map(|(algo, hex)| format!("{algo}:{hex}")),
        blob,
    })
}
