//! Images: the record, its tags and properties, and who sees it.

use lendglass_core::image::{
    ContainerFormat, Digests, DiskFormat, Encryption, Image, ImageKind, ImageStatus, Visibility,
};
use lendglass_core::share::{Recipient, Share};
use lendglass_core::tenant::Caller;
use lendglass_core::{Error, ImageId, ProjectId, RegionId, Timestamp};

use crate::db::{Columns, Db, Question, Row, Statement, Tx, Value};
use crate::{params, share};

/// The columns of an image `i`, in the order [`read`] takes them.
macro_rules! image_columns {
    () => {
        "i.id, i.region_id, i.owner_id, i.name, i.kind, i.status, i.visibility, i.is_hidden, \
         i.is_protected, i.is_published, i.disk_format, i.container_format, i.min_disk_gib, \
         i.min_ram_mib, i.size_bytes, i.virtual_size_bytes, i.md5_hex, i.digest_algo, \
         i.digest_hex, i.encryption, i.tags, i.properties, i.is_from_backup, i.source_image_id, \
         i.list_rank, i.share_count, i.created_at, i.updated_at"
    };
}
pub(crate) use image_columns;

/// Images and those of their shares that concern a project, or its account.
macro_rules! with_shares_where {
    ($which:literal) => {
        concat!(
            "select ",
            image_columns!(),
            ", ",
            share::share_columns!(),
            " from image i left join share s on s.image_id = i.id \
             and ((s.recipient_kind = 'project' and s.recipient_id = $2) \
               or (s.recipient_kind = 'account' and s.recipient_id = $3)) where ",
            $which
        )
    };
}
static WITH_SHARES: Statement = Statement::new(with_shares_where!("i.id = $1"));
static ALL_WITH_SHARES: Statement =
    Statement::new(with_shares_where!("i.id in {list} order by i.id"));
static BY_ID: Statement =
    Statement::new(concat!("select ", image_columns!(), " from image i where i.id = $1"));
static LOCK: Statement = Statement::new("update image set id = id where id = $1");
static LOCK_ALL: Statement = Statement::new(concat!(
    "select ",
    image_columns!(),
    " from image i where i.id in {list} order by i.id {for_update}"
));
static OWNERS: Statement = Statement::new(
    "select distinct owner_id from image where id in {list} and region_id = $2 order by owner_id",
);
static IS_TAKEN: Statement = Statement::new(
    "select cast(count(*) as bigint) from \
     (select id from image where id = $1 union all select id from image_gone where id = $1) t",
);
static LOCK_PROJECT: Statement = Statement::new(
    "insert into project_lock (project_id) values ($1) \
     on conflict (project_id) do update set project_id = excluded.project_id",
);
static COUNT_OWNED: Statement = Statement::new(
    "select cast(count(*) as bigint) from image where owner_id = $1 and region_id = $2",
);
static INSERT: Statement = Statement::new(
    "insert into image (id, region_id, owner_id, name, name_folded, kind, status, visibility, \
     is_hidden, is_protected, is_published, disk_format, container_format, min_disk_gib, \
     min_ram_mib, size_bytes, virtual_size_bytes, md5_hex, digest_algo, digest_hex, encryption, \
     tags, properties, is_from_backup, source_image_id, share_count, tencent_id, created_at, \
     updated_at, list_rank) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
     $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)",
);
static UPDATE: Statement = Statement::new(
    "update image set owner_id = $2, name = $3, name_folded = $4, kind = $5, status = $6, \
     visibility = $7, is_hidden = $8, is_protected = $9, is_published = $10, disk_format = $11, \
     container_format = $12, min_disk_gib = $13, min_ram_mib = $14, size_bytes = $15, \
     virtual_size_bytes = $16, md5_hex = $17, digest_algo = $18, digest_hex = $19, \
     encryption = $20, tags = $21, properties = $22, source_image_id = $23, share_count = $24, \
     updated_at = $25, list_rank = $26 where id = $1",
);
static SETTLE: Statement = Statement::new(
    "update image set share_count = (select cast(count(*) as bigint) from share where image_id = $1), \
     visibility = $2, updated_at = $3 where id = $1",
);
static DELETE: Statement = Statement::new("delete from image where id = $1");
static GONE: Statement = Statement::new(
    "insert into image_gone (id, region_id, owner_id, deleted_at) values ($1, $2, $3, $4)",
);
static DROP_TAGS: Statement = Statement::new("delete from image_tag where image_id = $1");
static PUT_TAG: Statement = Statement::new("insert into image_tag (image_id, tag) values ($1, $2)");
static DROP_PROPERTIES: Statement =
    Statement::new("delete from image_property where image_id = $1");
static PUT_PROPERTY: Statement =
    Statement::new("insert into image_property (image_id, name, value) values ($1, $2, $3)");

/// What `image_access` must hold, from the rows it is made of.
macro_rules! access_rows {
    ($and_image:literal) => {
        concat!(
            "select i.region_id, 'p:' || i.owner_id as principal, i.is_hidden, i.created_at, \
             i.id, 'own' as via, 0 as ends_at, coalesce(i.name, '') as name \
             from image i where 1 = 1",
            $and_image,
            " union all select i.region_id, 'all', i.is_hidden, i.created_at, i.id, 'operator', 0, \
             coalesce(i.name, '') from image i where 1 = 1",
            $and_image,
            " union all select i.region_id, '*', i.is_hidden, i.created_at, i.id, 'public', 0, \
             coalesce(i.name, '') from image i where i.visibility = 'public'",
            $and_image,
            " union all select i.region_id, 'm', i.is_hidden, i.created_at, i.id, 'market', 0, \
             coalesce(i.name, '') from image i where i.is_published = 1",
            $and_image,
            " union all select i.region_id, 'c', i.is_hidden, i.created_at, i.id, 'community', 0, \
             coalesce(i.name, '') from image i where i.visibility = 'community'",
            $and_image,
            " union all select i.region_id, \
             case s.recipient_kind when 'project' then 's:' else 'a:' end || s.recipient_id, \
             i.is_hidden, i.created_at, i.id, 'share', coalesce(s.ends_at, 0), \
             coalesce(i.name, '') \
             from share s join image i on i.id = s.image_id \
             where s.state = 'accepted' and i.visibility = 'shared' and not \
             (s.recipient_kind = 'project' and s.recipient_id = i.owner_id)",
            $and_image,
        )
    };
}
static DROP_ACCESS: Statement = Statement::new("delete from image_access where image_id = $1");
static REBUILD_ACCESS: Statement = Statement::new(concat!(
    "insert into image_access \
     (region_id, principal, is_hidden, created_at, image_id, via, ends_at, name) ",
    access_rows!(" and i.id = $1"),
));
static EXPECTED_ACCESS: Statement =
    Statement::new(concat!(access_rows!(""), " order by 1, 2, 3, 4, 5",));
static ACTUAL_ACCESS: Statement = Statement::new(
    "select region_id, principal, is_hidden, created_at, image_id, via, ends_at, name \
     from image_access order by 1, 2, 3, 4, 5",
);
static DROP_PRINCIPAL: Statement = Statement::new(
    "delete from image_access where region_id = $1 and principal = $2 and is_hidden = $3 \
     and created_at = $4 and image_id = $5",
);
static PUT_PRINCIPAL: Statement = Statement::new(
    "insert into image_access \
     (region_id, principal, is_hidden, created_at, image_id, via, ends_at, name) \
     values ($1, $2, $3, $4, $5, 'share', $6, $7) \
     on conflict (region_id, principal, is_hidden, created_at, image_id) \
     do update set ends_at = excluded.ends_at",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &WITH_SHARES,
    &ALL_WITH_SHARES,
    &BY_ID,
    &LOCK,
    &LOCK_ALL,
    &OWNERS,
    &IS_TAKEN,
    &LOCK_PROJECT,
    &COUNT_OWNED,
    &INSERT,
    &UPDATE,
    &SETTLE,
    &DELETE,
    &GONE,
    &DROP_TAGS,
    &PUT_TAG,
    &DROP_PROPERTIES,
    &PUT_PROPERTY,
    &DROP_ACCESS,
    &REBUILD_ACCESS,
    &EXPECTED_ACCESS,
    &ACTUAL_ACCESS,
    &DROP_PRINCIPAL,
    &PUT_PRINCIPAL,
];

/// The image with the shares that concern `caller`, in one look-up. Decides nothing: pass it through
/// `core::access`.
pub async fn show(
    db: &Db,
    id: &ImageId,
    caller: &Caller,
) -> Result<Option<(Image, Vec<Share>)>, Error> {
    let rows = db.look_up(&WITH_SHARES, params![id, &caller.project, &caller.account]).await?;
    Ok(with_shares(rows)?.pop())
}

/// As [`show`] for many, in the order of their ids; ids that do not exist are left out.
pub async fn show_all(
    db: &Db,
    ids: &[ImageId],
    caller: &Caller,
) -> Result<Vec<(Image, Vec<Share>)>, Error> {
    let which = params![Value::list(ids), &caller.project, &caller.account];
    with_shares(db.read(&ALL_WITH_SHARES, which).await?)
}

/// As [`show`], inside a transaction and without a lock.
pub fn show_in(
    tx: &mut Tx<'_>,
    id: &ImageId,
    caller: &Caller,
) -> Result<Option<(Image, Vec<Share>)>, Error> {
    let rows = tx.query(&WITH_SHARES, &params![id, &caller.project, &caller.account])?;
    Ok(with_shares(rows)?.pop())
}

/// Each image once, with its shares; its rows stand together.
fn with_shares(rows: Vec<Row>) -> Result<Vec<(Image, Vec<Share>)>, Error> {
    let mut seen: Vec<(Image, Vec<Share>)> = Vec::new();
    for row in rows {
        let mut columns = row.read();
        let image = read(&mut columns)?;
        let share = share::read_opt(&mut columns)?;
        match seen.last_mut() {
            Some((last, shares)) if last.id == image.id => shares.extend(share),
            Some(_) | None => seen.push((image, share.into_iter().collect())),
        }
    }
    Ok(seen)
}

/// Locks the image row and reads it: what every decision about an image's state or counts starts
/// with.
pub fn lock(tx: &mut Tx<'_>, id: &ImageId) -> Result<Option<Image>, Error> {
    if tx.execute(&LOCK, &params![id])? == 0 {
        return Ok(None);
    }
    tx.query_opt(&BY_ID, &params![id])?.map(|row| read(&mut row.read())).transpose()
}

/// As [`lock`] for many, in the order of their ids; ids that do not exist are left out.
pub fn locked(ids: &[ImageId]) -> Question<Vec<Image>> {
    Question::new(&LOCK_ALL, params![Value::list(ids)], |rows| {
        rows.into_iter().map(|row| read(&mut row.read())).collect()
    })
}

/// Who owns those of these images that lie in a region, in the order of their ids.
pub fn owners(ids: &[ImageId], region: &RegionId) -> Question<Vec<ProjectId>> {
    Question::new(&OWNERS, params![Value::list(ids), region], |rows| {
        rows.into_iter().map(|row| row.read().text().map(ProjectId::trusted)).collect()
    })
}

/// Locks a project for a decision about its counts; makes the row on first use.
pub fn lock_project(tx: &mut Tx<'_>, project: &ProjectId) -> Result<(), Error> {
    tx.execute_later(&LOCK_PROJECT, params![project])
}

/// Whether an image has, or had, this id.
pub fn is_taken(tx: &mut Tx<'_>, id: &ImageId) -> Result<bool, Error> {
    match tx.query_opt(&IS_TAKEN, &params![id])? {
        Some(row) => Ok(row.read().int()? > 0),
        None => Ok(false),
    }
}

/// How many images a project owns in a region.
pub fn count_owned(tx: &mut Tx<'_>, project: &ProjectId, region: &RegionId) -> Result<u32, Error> {
    match tx.query_opt(&COUNT_OWNED, &params![project, region])? {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// As [`count_owned`], outside a transaction: for who asks before he acts.
pub async fn read_count_owned(
    db: &Db,
    project: &ProjectId,
    region: &RegionId,
) -> Result<u32, Error> {
    match db.read(&COUNT_OWNED, params![project, region]).await?.into_iter().next() {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// Writes a new record with its tags, properties and access rows.
pub fn insert(tx: &mut Tx<'_>, image: &Image, tencent_id: &str) -> Result<(), Error> {
    let digests = image.digests.as_ref();
    tx.execute_later(
        &INSERT,
        params![
            &image.id,
            &image.region,
            &image.owner,
            image.name.as_ref(),
            folded(image),
            image.kind.as_str(),
            image.status.as_str(),
            image.visibility.as_str(),
            image.is_hidden,
            image.is_protected,
            image.is_published,
            image.disk_format.map(DiskFormat::as_str),
            image.container_format.map(ContainerFormat::as_str),
            image.min_disk_gib,
            image.min_ram_mib,
            image.size_bytes,
            image.virtual_size_bytes,
            digests.and_then(|d| d.md5_hex.as_ref()),
            digests.map(|d| &d.algo),
            digests.map(|d| &d.value_hex),
            image.encryption.as_str(),
            tags_text(image),
            properties_text(image),
            image.is_from_backup,
            image.source_image.as_ref(),
            image.shares,
            tencent_id,
            image.created_at,
            image.updated_at,
            image.rank,
        ],
    )?;
    concerns_owner(tx, image);
    write_tags(tx, image)?;
    write_properties(tx, image)?;
    rebuild_access(tx, &image.id)
}

/// Writes what changed from `before` to `after`, with the tables that follow from it. The row is
/// locked.
pub fn update(tx: &mut Tx<'_>, before: &Image, after: &Image) -> Result<(), Error> {
    let digests = after.digests.as_ref();
    tx.execute_later(
        &UPDATE,
        params![
            &after.id,
            &after.owner,
            after.name.as_ref(),
            folded(after),
            after.kind.as_str(),
            after.status.as_str(),
            after.visibility.as_str(),
            after.is_hidden,
            after.is_protected,
            after.is_published,
            after.disk_format.map(DiskFormat::as_str),
            after.container_format.map(ContainerFormat::as_str),
            after.min_disk_gib,
            after.min_ram_mib,
            after.size_bytes,
            after.virtual_size_bytes,
            digests.and_then(|d| d.md5_hex.as_ref()),
            digests.map(|d| &d.algo),
            digests.map(|d| &d.value_hex),
            after.encryption.as_str(),
            tags_text(after),
            properties_text(after),
            after.source_image.as_ref(),
            after.shares,
            after.updated_at,
            after.rank,
        ],
    )?;
    concerns_owner(tx, before);
    concerns_owner(tx, after);
    if before.tags != after.tags {
        tx.execute_later(&DROP_TAGS, params![&after.id])?;
        write_tags(tx, after)?;
    }
    if before.properties != after.properties {
        tx.execute_later(&DROP_PROPERTIES, params![&after.id])?;
        write_properties(tx, after)?;
    }
    let listed = |image: &Image| {
        let name = image.name.clone();
        (image.owner.clone(), image.visibility, image.is_hidden, image.is_published, name)
    };
    if listed(before) != listed(after) {
        rebuild_access(tx, &after.id)?;
    }
    Ok(())
}

/// Writes how many shares an image has now, and the visibility that follows from it. The row is locked.
pub fn settle(tx: &mut Tx<'_>, before: &Image, after: &Image) -> Result<(), Error> {
    concerns_owner(tx, after);
    let visibility = after.visibility.as_str();
    tx.execute_later(&SETTLE, params![&after.id, visibility, after.updated_at])?;
    // Where there were no shares, or are none any more, those that came or went are all that is listed
    // otherwise than before: see `set_listed`.
    if before.visibility != after.visibility && before.shares > 0 && after.shares > 0 {
        rebuild_access(tx, &after.id)?;
    }
    Ok(())
}

/// Deletes a record and keeps its id from ever being free again. Shares, tags, properties and access
/// rows go with it; its blob uses are the caller's to release first.
pub fn delete(tx: &mut Tx<'_>, image: &Image, now: Timestamp) -> Result<(), Error> {
    concerns_owner(tx, image);
    tx.execute_later(&GONE, params![&image.id, &image.region, &image.owner, now])?;
    tx.execute_later(&DELETE, params![&image.id])
}

fn concerns_owner(tx: &mut Tx<'_>, image: &Image) {
    tx.concerns((Recipient::Project(image.owner.clone()), image.region.clone()));
}

/// Writes the access rows of an image anew.
pub fn rebuild_access(tx: &mut Tx<'_>, id: &ImageId) -> Result<(), Error> {
    tx.execute_later(&DROP_ACCESS, params![id])?;
    tx.execute_later(&REBUILD_ACCESS, params![id])
}

/// Lists images for recipients, or no longer (`false`): after these shares changed.
pub fn set_listed<'a>(
    tx: &mut Tx<'_>,
    changes: impl IntoIterator<Item = (&'a Image, &'a Share, bool)>,
) -> Result<(), Error> {
    let mut calls: Vec<(&Statement, Vec<Value>)> = Vec::new();
    for (image, share, is_listed) in changes {
        // The owner lists his image anyway; where recipients are not checked it may be offered to him.
        if share.recipient == Recipient::Project(image.owner.clone()) {
            continue;
        }
        let (principal, made) = (principal_of(share), image.created_at);
        let mut row = params![&image.region, &principal, image.is_hidden, made, &image.id];
        if is_listed && image.visibility == Visibility::Shared {
            let ends = share.ends_at.map_or(0, |at| at.0);
            row.extend(params![ends, image.name.as_deref().unwrap_or_default()]);
            calls.push((&PUT_PRINCIPAL, row));
        } else {
            calls.push((&DROP_PRINCIPAL, row));
        }
    }
    tx.execute_many(&calls)
}

fn principal_of(share: &Share) -> String {
    match &share.recipient {
        Recipient::Project(id) => format!("s:{id}"),
        Recipient::Account(id) => format!("a:{id}"),
    }
}

/// Whether `image_access` is what its sources say; the rows that are missing or too many. For tests
/// and for `lendglassd doctor`.
pub async fn check_access(db: &Db) -> Result<Vec<String>, Error> {
    let expected = db.read(&EXPECTED_ACCESS, params![]).await?;
    let actual = db.read(&ACTUAL_ACCESS, params![]).await?;
    let mut wrong = Vec::new();
    for row in &expected {
        if !actual.contains(row) {
            wrong.push(format!("missing {:?}", row.0));
        }
    }
    for row in &actual {
        if !expected.contains(row) {
            wrong.push(format!("too many {:?}", row.0));
        }
    }
    Ok(wrong)
}

fn write_tags(tx: &mut Tx<'_>, image: &Image) -> Result<(), Error> {
    let calls: Vec<_> = image.tags.iter().map(|tag| (&PUT_TAG, params![&image.id, tag])).collect();
    tx.execute_many(&calls)
}

fn write_properties(tx: &mut Tx<'_>, image: &Image) -> Result<(), Error> {
    let calls: Vec<(&Statement, Vec<Value>)> = image
        .properties
        .iter()
        .map(|(name, value)| (&PUT_PROPERTY, params![&image.id, name, value]))
        .collect();
    tx.execute_many(&calls)
}

fn folded(image: &Image) -> Option<String> {
    image.name.as_deref().map(lendglass_core::text::folded)
}

fn tags_text(image: &Image) -> String {
    serde_json::Value::from(image.tags.clone()).to_string()
}

fn properties_text(image: &Image) -> String {
    let object: serde_json::Map<String, serde_json::Value> =
        image.properties.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    serde_json::Value::from(object).to_string()
}

/// Reads the columns of `image_columns!`.
pub(crate) fn read(columns: &mut Columns) -> Result<Image, Error> {
    Ok(Image {
        id: ImageId::trusted(columns.text()?),
        region: RegionId::trusted(columns.text()?),
        owner: ProjectId::trusted(columns.text()?),
        name: columns.opt_text()?,
        kind: columns.word(ImageKind::parse)?,
        status: columns.word(ImageStatus::parse)?,
        visibility: columns.word(Visibility::parse)?,
        is_hidden: columns.flag()?,
        is_protected: columns.flag()?,
        is_published: columns.flag()?,
        disk_format: columns.opt_word(DiskFormat::parse)?,
        container_format: columns.opt_word(ContainerFormat::parse)?,
        min_disk_gib: columns.u32()?,
        min_ram_mib: columns.u32()?,
        size_bytes: columns.opt_u64()?,
        virtual_size_bytes: columns.opt_u64()?,
        digests: read_digests(columns)?,
        encryption: columns.word(Encryption::parse)?,
        tags: read_json(&columns.text()?)?,
        properties: read_json(&columns.text()?)?,
        is_from_backup: columns.flag()?,
        source_image: columns.opt_text()?.map(ImageId::trusted),
        rank: columns.u32()?,
        shares: columns.u32()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    })
}

fn read_digests(columns: &mut Columns) -> Result<Option<Digests>, Error> {
    let md5_hex = columns.opt_text()?;
    let algo = columns.opt_text()?;
    let value_hex = columns.opt_text()?;
    Ok(algo.zip(value_hex).map(|(algo, value_hex)| Digests { md5_hex, algo, value_hex }))
}

fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|e| Error::internal(format!("a JSON column is broken: {e}")))
}
