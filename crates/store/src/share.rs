//! Shares: one row for each image × recipient.

use std::collections::BTreeMap;

use lendglass_core::image::ImageKind;
use lendglass_core::limits::LAPSE_WARNING_SECONDS;
use lendglass_core::quota::ShareUsage;
use lendglass_core::share::{Recipient, Share, ShareState};
use lendglass_core::tenant::Caller;
use lendglass_core::{AccountId, Error, ImageId, ProjectId, RegionId, Timestamp};

use crate::db::{Columns, Db, Question, Row, Statement, Tx, Value};
use crate::params;

/// The columns of a share `s`, in the order [`read_opt`] takes them.
macro_rules! share_columns {
    () => {
        "s.image_id, s.recipient_kind, s.recipient_id, s.owner_id, s.region_id, s.state, s.note, \
         s.lapses_at, s.ends_at, s.accepted_digest, s.created_at, s.updated_at"
    };
}
pub(crate) use share_columns;

static OF_IMAGE: Statement = Statement::new(concat!(
    "select ",
    share_columns!(),
    " from share s where s.image_id = $1 order by s.created_at, s.recipient_kind, s.recipient_id"
));
static OF_IMAGES: Statement = Statement::new(concat!(
    "select ",
    share_columns!(),
    " from share s where s.image_id in {list} \
     order by s.created_at, s.recipient_kind, s.recipient_id"
));
/// Live shares of an image whose recipient fits a text: by its id, or by a name that the asker may know.
macro_rules! found_of_image {
    () => {
        " from share s left join project p on s.recipient_kind = 'project' \
         and p.id = s.recipient_id where s.image_id = $1 \
         and (s.ends_at is null or s.ends_at > $2) \
         and (s.state <> 'pending' or s.lapses_at is null or s.lapses_at > $2) \
         and (cast($3 as text) is null or s.state = $3) \
         and (cast($4 as text) is null or s.recipient_id = $4 \
           or (lower(p.name) like $5 escape '\\' \
             and (p.is_discoverable = 1 or p.account_id = $6 or $7 = 1)))"
    };
}
static FOUND_OF_IMAGE: Statement = Statement::new(concat!(
    "select ",
    share_columns!(),
    found_of_image!(),
    " and (s.created_at, s.recipient_kind, s.recipient_id) > ($8, $9, $10) \
     order by s.created_at, s.recipient_kind, s.recipient_id limit $11"
));
static COUNT_OF_IMAGE: Statement =
    Statement::new(concat!("select cast(count(*) as bigint)", found_of_image!()));
static ONE: Statement = Statement::new(concat!(
    "select ",
    share_columns!(),
    " from share s where s.image_id = $1 and s.recipient_kind = $2 and s.recipient_id = $3"
));
static BY_RECIPIENT_ID: Statement = Statement::new(concat!(
    "select ",
    share_columns!(),
    " from share s where s.image_id = $1 and s.recipient_id = $2 order by s.recipient_kind desc"
));
static USAGE: Statement = Statement::new(
    "select state, cast(count(*) as bigint) from share where image_id = $1 \
     and (ends_at is null or ends_at > $2) \
     and (state <> 'pending' or lapses_at is null or lapses_at > $2) group by state",
);
static SHARED_IMAGES: Statement = Statement::new(
    "select cast(count(distinct image_id) as bigint) from share \
     where owner_id = $1 and region_id = $2",
);
static PUT: Statement = Statement::new(
    "insert into share (image_id, recipient_kind, recipient_id, owner_id, region_id, state, note, \
     lapses_at, ends_at, accepted_digest, created_at, updated_at, image_created_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
     (select created_at from image where id = $1)) \
     on conflict (image_id, recipient_kind, recipient_id) do update set \
     owner_id = excluded.owner_id, state = excluded.state, note = excluded.note, \
     lapses_at = excluded.lapses_at, ends_at = excluded.ends_at, \
     accepted_digest = excluded.accepted_digest, created_at = excluded.created_at, \
     updated_at = excluded.updated_at, is_warned = 0, is_full_told = 0, \
     reminded_at = null",
);
static DELETE: Statement = Statement::new(
    "delete from share where image_id = $1 and recipient_kind = $2 and recipient_id = $3",
);
static OF_CALLER: Statement = Statement::new(concat!(
    "select ",
    share_columns!(),
    " from share s where s.image_id in {list} \
     and ((s.recipient_kind = 'project' and s.recipient_id = $2) \
       or (s.recipient_kind = 'account' and s.recipient_id = $3))"
));
static USAGE_OF: Statement = Statement::new(
    "select image_id, state, cast(count(*) as bigint) from share where image_id in {list} \
     and (ends_at is null or ends_at > $2) \
     and (state <> 'pending' or lapses_at is null or lapses_at > $2) group by image_id, state",
);
static AMONG: Statement = Statement::new(concat!(
    "select ",
    share_columns!(),
    " from share s where s.image_id in {list} and s.recipient_id in {second_list}"
));
static COUNT: Statement =
    Statement::new("select cast(count(*) as bigint) from share where image_id = $1");
static TELL_FULL: Statement = Statement::new(
    "update share set is_full_told = 1 where image_id = $1 and recipient_kind = $2 \
     and recipient_id = $3 and is_full_told = 0",
);
static RECEIVED_COUNT: Statement = Statement::new(
    "select cast(count(*) as bigint) from (select 1 as one from share s \
     join image i on i.id = s.image_id and i.visibility = 'shared' \
     where s.region_id = $3 and s.state = $4 \
     and ((s.recipient_kind = 'project' and s.recipient_id = $1) \
       or (s.recipient_kind = 'account' and s.recipient_id = $2)) \
     and (s.ends_at is null or s.ends_at > $5) \
     and (s.state <> 'pending' or s.lapses_at is null or s.lapses_at > $5) limit $6) t",
);
static GIVEN: Statement = Statement::new(concat!(
    "select i.name, i.kind, i.size_bytes, ",
    share_columns!(),
    " from share s join image i on i.id = s.image_id \
     where s.owner_id = $1 and s.region_id = $2 \
     and (s.image_id, s.recipient_kind, s.recipient_id) > ($3, $4, $5) \
     and (cast($6 as text) is null or s.state = $6) \
     and (s.ends_at is null or s.ends_at > $7) \
     and (s.state <> 'pending' or s.lapses_at is null or s.lapses_at > $7) \
     order by s.image_id, s.recipient_kind, s.recipient_id limit $8"
));
static REMINDED_AT: Statement = Statement::new(
    "select reminded_at from share \
     where image_id = $1 and recipient_kind = $2 and recipient_id = $3",
);
static REMIND: Statement = Statement::new(
    "update share set reminded_at = $4 \
     where image_id = $1 and recipient_kind = $2 and recipient_id = $3",
);
static LAPSING: Statement = Statement::new(concat!(
    "select ",
    share_columns!(),
    " from share s where s.is_warned = 0 and ( \
     (s.ends_at > $1 and s.ends_at <= $2 and s.ends_at - s.created_at > $3 \
       and s.state <> 'rejected') \
     or (s.state = 'pending' and s.lapses_at > $1 and s.lapses_at <= $2 \
       and s.lapses_at - s.created_at > $3)) order by s.image_id limit $4"
));
static TELL_LAPSING: Statement = Statement::new(
    "update share set is_warned = 1 where image_id = $1 and recipient_kind = $2 \
     and recipient_id = $3 and is_warned = 0",
);
static TIMED_OUT: Statement = Statement::new(concat!(
    "select ",
    share_columns!(),
    " from share s where s.ends_at <= $1 \
     or (s.lapses_at <= $1 and s.state = 'pending') order by s.image_id limit $2"
));

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &FOUND_OF_IMAGE,
    &COUNT_OF_IMAGE,
    &OF_IMAGE,
    &OF_IMAGES,
    &ONE,
    &BY_RECIPIENT_ID,
    &USAGE,
    &SHARED_IMAGES,
    &PUT,
    &DELETE,
    &OF_CALLER,
    &USAGE_OF,
    &AMONG,
    &COUNT,
    &TELL_FULL,
    &RECEIVED_COUNT,
    &GIVEN,
    &REMINDED_AT,
    &REMIND,
    &LAPSING,
    &TELL_LAPSING,
    &TIMED_OUT,
];

/// All shares of an image, oldest first.
pub async fn of_image(db: &Db, image: &ImageId) -> Result<Vec<Share>, Error> {
    read_all(db.read(&OF_IMAGE, params![image]).await?)
}

/// Which shares of an image.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// The image.
    pub image: &'a ImageId,
    /// In this state.
    pub state: Option<ShareState>,
    /// The recipient's id, or a part of its name.
    pub text: Option<&'a str>,
    /// Who asks: names that others keep to themselves find nothing.
    pub caller: &'a Caller,
    /// Decides which shares are live.
    pub now: Timestamp,
}

impl Found<'_> {
    fn values(&self) -> Vec<Value> {
        let pattern = self.text.map(|text| {
            let text = text.to_lowercase();
            let text = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            format!("%{text}%")
        });
        let state = self.state.map(ShareState::as_str);
        let Caller { account, is_operator, .. } = self.caller;
        params![self.image, self.now, state, self.text, pattern, account, *is_operator]
    }
}

/// A page of an image's shares, oldest first, after the one made then to that recipient.
pub async fn found_of_image(
    db: &Db,
    found: &Found<'_>,
    after: Option<&(Timestamp, Recipient)>,
    limit: u32,
) -> Result<Vec<Share>, Error> {
    let (at, kind, id) = match after {
        Some((at, recipient)) => (at.0, recipient.kind(), recipient.id()),
        None => (-1, "", ""),
    };
    let mut values = found.values();
    values.extend(params![at, kind, id, limit]);
    read_all(db.read(&FOUND_OF_IMAGE, values).await?)
}

/// How many there are.
pub async fn count_of_image(db: &Db, found: &Found<'_>) -> Result<u32, Error> {
    match db.read(&COUNT_OF_IMAGE, found.values()).await?.into_iter().next() {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// As [`of_image`], inside a transaction.
pub fn of_image_in(tx: &mut Tx<'_>, image: &ImageId) -> Result<Vec<Share>, Error> {
    read_all(tx.query(&OF_IMAGE, &params![image])?)
}

/// All shares of these images; those of one image oldest first.
pub fn of_images(images: &[ImageId]) -> Question<Vec<Share>> {
    Question::new(&OF_IMAGES, params![Value::list(images)], read_all)
}

/// The share of an image to a recipient.
pub fn get(
    tx: &mut Tx<'_>,
    image: &ImageId,
    recipient: &Recipient,
) -> Result<Option<Share>, Error> {
    let rows = tx.query(&ONE, &params![image, recipient.kind(), recipient.id()])?;
    Ok(read_all(rows)?.into_iter().next())
}

/// The shares of an image whose recipient has this id, the project's first: for dialects that do not
/// say the kind.
pub fn by_recipient_id(tx: &mut Tx<'_>, image: &ImageId, id: &str) -> Result<Vec<Share>, Error> {
    read_all(tx.query(&BY_RECIPIENT_ID, &params![image, id])?)
}

/// The live shares of an image by state. The image row is locked.
pub fn usage(tx: &mut Tx<'_>, image: &ImageId, now: Timestamp) -> Result<ShareUsage, Error> {
    let mut usage = ShareUsage::default();
    for row in tx.query(&USAGE, &params![image, now])? {
        let mut columns = row.read();
        let state = columns.word(ShareState::parse)?;
        add(&mut usage, state, columns.u32()?);
    }
    Ok(usage)
}

fn add(usage: &mut ShareUsage, state: ShareState, count: u32) {
    match state {
        ShareState::Pending => usage.pending += count,
        ShareState::Accepted => usage.accepted += count,
        ShareState::Rejected => usage.rejected += count,
    }
}

/// How many distinct images a project shares out in a region (SH-16). The project is locked.
pub fn shared_images(
    tx: &mut Tx<'_>,
    project: &ProjectId,
    region: &RegionId,
) -> Result<u32, Error> {
    match tx.query_opt(&SHARED_IMAGES, &params![project, region])? {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// As [`shared_images`], outside a transaction: for who asks before he acts.
pub async fn read_shared_images(
    db: &Db,
    project: &ProjectId,
    region: &RegionId,
) -> Result<u32, Error> {
    match db.read(&SHARED_IMAGES, params![project, region]).await?.into_iter().next() {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// The live shares of several images by state; an image without any is left out.
pub async fn usage_of(
    db: &Db,
    images: &[ImageId],
    now: Timestamp,
) -> Result<BTreeMap<ImageId, ShareUsage>, Error> {
    if images.is_empty() {
        return Ok(BTreeMap::new());
    }
    read_usages(db.read(&USAGE_OF, params![Value::list(images), now]).await?)
}

/// As [`usage_of`], inside a transaction; the images are locked.
pub fn usages(images: &[ImageId], now: Timestamp) -> Question<BTreeMap<ImageId, ShareUsage>> {
    Question::new(&USAGE_OF, params![Value::list(images), now], read_usages)
}

fn read_usages(rows: Vec<Row>) -> Result<BTreeMap<ImageId, ShareUsage>, Error> {
    let mut usages: BTreeMap<ImageId, ShareUsage> = BTreeMap::new();
    for row in rows {
        let mut columns = row.read();
        let usage = usages.entry(ImageId::trusted(columns.text()?)).or_default();
        let state = columns.word(ShareState::parse)?;
        add(usage, state, columns.u32()?);
    }
    Ok(usages)
}

/// A share that a project has given, with what a list shows of its image.
#[derive(Clone, Debug)]
pub struct GivenShare {
    /// The image's name.
    pub image_name: Option<String>,
    /// What the image holds.
    pub image_kind: ImageKind,
    /// The image's size.
    pub image_size_bytes: Option<u64>,
    /// The share.
    pub share: Share,
}

/// A page of the live shares a project has given in a region, over all its images, in the order of
/// image and recipient, after `after`.
pub async fn given(
    db: &Db,
    (owner, region): (&ProjectId, &RegionId),
    state: Option<ShareState>,
    after: Option<&(ImageId, Recipient)>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<GivenShare>, Error> {
    let (image, kind, id) = after.map_or(("", "", ""), |(image, recipient)| {
        (image.as_str(), recipient.kind(), recipient.id())
    });
    let state = state.map(ShareState::as_str);
    let values = params![owner, region, image, kind, id, state, now, limit];
    let mut given = Vec::new();
    for row in db.read(&GIVEN, values).await? {
        let mut columns = row.read();
        let (image_name, image_kind) = (columns.opt_text()?, columns.word(ImageKind::parse)?);
        let image_size_bytes = columns.opt_u64()?;
        if let Some(share) = read_opt(&mut columns)? {
            given.push(GivenShare { image_name, image_kind, image_size_bytes, share });
        }
    }
    Ok(given)
}

/// Writes a share, new or changed.
pub fn put(tx: &mut Tx<'_>, share: &Share) -> Result<(), Error> {
    put_all(tx, [share])
}

/// As [`put`], many in one go.
pub fn put_all<'a>(
    tx: &mut Tx<'_>,
    shares: impl IntoIterator<Item = &'a Share>,
) -> Result<(), Error> {
    let row = |share: &Share| {
        params![
            &share.image,
            share.recipient.kind(),
            share.recipient.id(),
            &share.owner,
            &share.region,
            share.state.as_str(),
            share.note.as_ref(),
            share.lapses_at,
            share.ends_at,
            share.accepted_digest.as_ref(),
            share.created_at,
            share.updated_at,
        ]
    };
    let mut calls = Vec::new();
    for share in shares {
        concerns_both(tx, share);
        calls.push((&PUT, row(share)));
    }
    tx.execute_many(&calls)
}

fn concerns_both(tx: &mut Tx<'_>, share: &Share) {
    tx.concerns((Recipient::Project(share.owner.clone()), share.region.clone()));
    tx.concerns((share.recipient.clone(), share.region.clone()));
}

/// Ends a share.
pub fn delete(tx: &mut Tx<'_>, share: &Share) -> Result<(), Error> {
    delete_all(tx, [share])
}

/// As [`delete`], many in one go.
pub fn delete_all<'a>(
    tx: &mut Tx<'_>,
    shares: impl IntoIterator<Item = &'a Share>,
) -> Result<(), Error> {
    let row = |share: &Share| params![&share.image, share.recipient.kind(), share.recipient.id()];
    let mut calls = Vec::new();
    for share in shares {
        concerns_both(tx, share);
        calls.push((&DELETE, row(share)));
    }
    tx.execute_many(&calls)
}

/// The shares of these images to recipients with these ids, live or not.
pub fn among(images: &[ImageId], ids: &[String]) -> Question<Vec<Share>> {
    Question::new(&AMONG, params![Value::list(images), Value::list(ids)], read_all)
}

/// How many shares an image has, live or not.
pub fn count(tx: &mut Tx<'_>, image: &ImageId) -> Result<u32, Error> {
    match tx.query_opt(&COUNT, &params![image])? {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// Notes that the owner was told that this offer cannot be accepted for want of room; false where he
/// was told before.
pub fn tell_full(tx: &mut Tx<'_>, share: &Share) -> Result<bool, Error> {
    let recipient = &share.recipient;
    let key = params![&share.image, recipient.kind(), recipient.id()];
    Ok(tx.execute(&TELL_FULL, &key)? > 0)
}

/// How many live shares in `state` a project and its account have in a region, counted up to `most`.
pub async fn count_received(
    db: &Db,
    (project, account, region): (&ProjectId, &AccountId, &RegionId),
    state: ShareState,
    now: Timestamp,
    most: u32,
) -> Result<u32, Error> {
    let values = params![project, account, region, state.as_str(), now, most];
    let rows = db.read(&RECEIVED_COUNT, values).await?;
    match rows.into_iter().next() {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// The shares of these images to the caller's project or account.
pub async fn of_caller(db: &Db, caller: &Caller, images: &[ImageId]) -> Result<Vec<Share>, Error> {
    if images.is_empty() {
        return Ok(Vec::new());
    }
    let values = params![Value::list(images), &caller.project, &caller.account];
    read_all(db.read(&OF_CALLER, values).await?)
}

/// As [`of_caller`], inside a transaction.
pub fn to_caller(caller: &Caller, images: &[ImageId]) -> Question<Vec<Share>> {
    let values = params![Value::list(images), &caller.project, &caller.account];
    Question::new(&OF_CALLER, values, read_all)
}

/// When the recipient of a share was last reminded of it.
pub fn reminded_at(tx: &mut Tx<'_>, share: &Share) -> Result<Option<Timestamp>, Error> {
    let recipient = &share.recipient;
    let key = params![&share.image, recipient.kind(), recipient.id()];
    match tx.query_opt(&REMINDED_AT, &key)? {
        Some(row) => row.read().opt_time(),
        None => Ok(None),
    }
}

/// Notes that the recipient of a share was reminded of it.
pub fn remind(
    tx: &mut Tx<'_>,
    image: &ImageId,
    recipient: &Recipient,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute_later(&REMIND, params![image, recipient.kind(), recipient.id(), now])
}

/// Live shares that end within [`LAPSE_WARNING_SECONDS`], were made longer ago than that before their
/// end, and of which nobody was told; at most `most`.
pub async fn lapsing(db: &Db, now: Timestamp, most: u32) -> Result<Vec<Share>, Error> {
    let until = now.plus_seconds(LAPSE_WARNING_SECONDS);
    read_all(db.read(&LAPSING, params![now, until, until.0 - now.0, most]).await?)
}

/// Notes that both sides were told that the share ends soon; false where they were before, or where
/// it is gone.
pub fn tell_lapsing(tx: &mut Tx<'_>, share: &Share) -> Result<bool, Error> {
    let recipient = &share.recipient;
    let key = params![&share.image, recipient.kind(), recipient.id()];
    Ok(tx.execute(&TELL_LAPSING, &key)? > 0)
}

/// Shares whose access has ended or whose offer has lapsed, at most `most`, for the sweeper.
pub async fn timed_out(db: &Db, now: Timestamp, most: u32) -> Result<Vec<Share>, Error> {
    read_all(db.read(&TIMED_OUT, params![now, most]).await?)
}

fn read_all(rows: Vec<Row>) -> Result<Vec<Share>, Error> {
    let mut shares = Vec::with_capacity(rows.len());
    for row in rows {
        shares.extend(read_opt(&mut row.read())?);
    }
    Ok(shares)
}

/// Reads the columns of `share_columns!`; `None` where a left join found no share.
pub(crate) fn read_opt(columns: &mut Columns) -> Result<Option<Share>, Error> {
    let Some(image) = columns.opt_text()? else { return Ok(None) };
    let kind = columns.text()?;
    let id = columns.text()?;
    Ok(Some(Share {
        image: ImageId::trusted(image),
        recipient: Recipient::from_parts(&kind, &id)
            .ok_or_else(|| Error::internal(format!("unknown kind of recipient {kind:?}")))?,
        owner: ProjectId::trusted(columns.text()?),
        region: RegionId::trusted(columns.text()?),
        state: columns.word(ShareState::parse)?,
        note: columns.opt_text()?,
        lapses_at: columns.opt_time()?,
        ends_at: columns.opt_time()?,
        accepted_digest: columns.opt_text()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    }))
}
