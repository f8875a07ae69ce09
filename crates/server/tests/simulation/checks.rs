//! What must hold after every history, and what of the tables the model knows.

use std::collections::BTreeMap;
use std::path::Path;

use lendglass_server::service::audit::{chain, verify};
use lendglass_server::service::list::{self, ListImages};
use lendglass_server::service::share_view;
use lendglass_store::{Statement, params};

use crate::cloud::Cloud;
use crate::history::{Act, CEILINGS, Number, What};
use crate::model::{Kind, Model, State, Status};
use crate::people::{OPERATOR, PEOPLE, Side, caller};
use crate::play::Ids;

/// Counts that must be 0 at any moment, beyond those of the stories.
const ALWAYS: &[(&str, &str)] = &[
    (
        "a share has no image",
        "select cast(count(*) as bigint) from share s where not exists \
         (select 1 from image i where i.id = s.image_id)",
    ),
    (
        "the visibility does not say whether there are shares",
        "select cast(count(*) as bigint) from image i where \
         (i.share_count > 0 and i.visibility <> 'shared') \
         or (i.share_count = 0 and i.visibility <> 'private')",
    ),
    (
        "the numbers of an inbox have gaps",
        "select cast(count(*) as bigint) from inbox b where b.last_number - b.trimmed_to <> \
         (select count(*) from notice n where n.recipient_kind = b.recipient_kind \
          and n.recipient_id = b.recipient_id and n.region_id = b.region_id) \
         or b.last_number <> (select coalesce(max(n.number), b.trimmed_to) from notice n \
          where n.recipient_kind = b.recipient_kind and n.recipient_id = b.recipient_id \
          and n.region_id = b.region_id)",
    ),
    (
        "a notice lies in no inbox",
        "select cast(count(*) as bigint) from notice n where not exists (select 1 from inbox b \
         where n.recipient_kind = b.recipient_kind and n.recipient_id = b.recipient_id \
         and n.region_id = b.region_id)",
    ),
    (
        "a backup is made into an image that is not there",
        "select cast(count(*) as bigint) from backup_image m where not exists \
         (select 1 from image i where i.id = m.image_id)",
    ),
    (
        "somebody is offered his own image",
        "select cast(count(*) as bigint) from share s where s.recipient_kind = 'project' \
         and s.recipient_id = s.owner_id",
    ),
    (
        "an image that is there has no event of its making, or two",
        "select cast(count(*) as bigint) from image i where i.source_image_id is null and 1 <> \
         (select count(*) from audit a where a.target = i.id and a.verb = 'image.create')",
    ),
    (
        "an image that is gone has no event of its end, or two",
        "select cast(count(*) as bigint) from image_gone g where 1 <> \
         (select count(*) from audit a where a.target = g.id and a.verb = 'image.delete')",
    ),
];

/// Counts that must be 0 when the jobs and the reaper have nothing left to do.
const AT_REST: &[(&str, &str)] = &[
    (
        "a job has not ended",
        "select cast(count(*) as bigint) from job where state in ('ready', 'running')",
    ),
    (
        "an image waits for a job",
        "select cast(count(*) as bigint) from image where status = 'importing'",
    ),
    ("a blob is dying", "select cast(count(*) as bigint) from blob where state = 'dying'"),
    (
        "a share outlives its time",
        "select cast(count(*) as bigint) from share where ends_at <= {now} \
         or (state = 'pending' and lapses_at <= {now})",
    ),
];

type Found = Result<(), String>;

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Found {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: {found:?}, but it should be {expected:?}"))
}

/// What must hold at any moment.
pub async fn always(cloud: &Cloud) -> Found {
    if let Some(wrong) = cloud.disagreements().await.first() {
        return Err(wrong.clone());
    }
    for (what, text) in ALWAYS {
        same(what, cloud.count(text).await, 0)?;
    }
    for (who, person) in PEOPLE.iter().enumerate().take(OPERATOR) {
        let counted = share_view::count_pending(&cloud.app, &caller(who)).await.unwrap();
        let now = cloud.app.clock.now().0;
        let rows = format!(
            "select cast(count(*) as bigint) from share s where s.state = 'pending' \
             and (s.recipient_id = '{}' or s.recipient_id = '{}') \
             and (s.lapses_at is null or s.lapses_at > {now}) \
             and (s.ends_at is null or s.ends_at > {now})",
            person.project, person.account
        );
        let rows = cloud.count(&rows).await;
        same(&format!("what waits for {}", person.name), i64::from(counted), rows)?;
    }
    Ok(())
}

/// What must hold when nothing is left to do; the trail is sealed for it.
pub async fn at_rest(cloud: &Cloud) -> Found {
    cloud.settle().await;
    always(cloud).await?;
    for (what, text) in AT_REST {
        let text = text.replace("{now}", &cloud.app.clock.now().0.to_string());
        same(what, cloud.count(&text).await, 0)?;
    }
    let app = &cloud.app;
    chain::round(&app.db, app.trail.key(), "sealer").await.unwrap();
    let verdict = verify::verify(&app.db, app.trail.key(), 1, None, app.clock.now()).await.unwrap();
    if !verdict.is_whole() {
        return Err(format!("the trail is broken: {:?}", verdict.findings));
    }
    let rows = cloud.count("select cast(count(*) as bigint) from audit").await;
    same("rows of the trail that are sealed", verdict.rows as i64, rows)
}

/// No ceiling is passed that held all the time: what a crowd's ground sets is never raised above that.
pub async fn ceilings(cloud: &Cloud, history: &[Act]) -> Found {
    let hands_over = history.iter().any(|act| matches!(act.what, What::HandOver { .. }));
    let is_set = |wanted: &str| {
        history.iter().any(|act| {
            let What::Policy { project: None, key, value: Some(_) } = act.what else {
                return false;
            };
            act.lane == 0 && key == wanted
        })
    };
    for (key, values) in CEILINGS {
        if !is_set(key) {
            continue;
        }
        let max: i64 = values[0].parse().unwrap();
        let is_of_owner = matches!(*key, "share.max_shared_images" | "private_image.quota");
        if is_of_owner && hands_over {
            continue;
        }
        let pending_counts = cloud.policy("operator", "share.pending_counts").await == "true";
        let counted = if pending_counts { "('accepted', 'pending')" } else { "('accepted')" };
        let now = cloud.app.clock.now().0;
        let of_kind = |kind: &str| {
            format!(
                "select coalesce(max(n), 0) from (select cast(count(*) as bigint) as n from share s \
                 join image i on i.id = s.image_id where i.kind = '{kind}' \
                 and s.state in {counted} and (s.ends_at is null or s.ends_at > {now}) \
                 and (s.state <> 'pending' or s.lapses_at is null or s.lapses_at > {now}) \
                 group by s.image_id) t"
            )
        };
        let text = match *key {
            "share.max_tenants.system" => of_kind("system"),
            "share.max_tenants.data" => of_kind("data"),
            "share.max_tenants.full_server" => of_kind("full_server"),
            "share.max_open_invitations" if pending_counts => continue,
            "share.max_open_invitations" => format!(
                "select coalesce(max(n), 0) from (select cast(count(*) as bigint) as n from share \
                 where state = 'pending' and (ends_at is null or ends_at > {now}) \
                 and (lapses_at is null or lapses_at > {now}) group by image_id) t"
            ),
            "share.max_shared_images" => {
                "select coalesce(max(n), 0) from (select cast(count(distinct image_id) as bigint) \
                 as n from share group by owner_id) t"
                    .to_owned()
            }
            _ => "select coalesce(max(n), 0) from (select cast(count(*) as bigint) as n \
                  from image group by owner_id) t"
                .to_owned(),
        };
        let found = cloud.count(&text).await;
        if found > max {
            return Err(format!("{key}: {found}, but it never was above {max}"));
        }
    }
    Ok(())
}

async fn rows(cloud: &Cloud, text: &'static str, columns: usize) -> Vec<Vec<String>> {
    let statement = Statement::composed(text.to_owned());
    let rows = cloud.app.db.read(&statement, params![]).await.unwrap();
    let read = |row: lendglass_store::Row| {
        let mut cells = row.read();
        (0..columns).map(|_| cells.text().unwrap()).collect()
    };
    rows.into_iter().map(read).collect()
}

fn side_words(side: Side) -> [String; 2] {
    let kind = match side {
        Side::Project(_) => "project",
        Side::Account(_) => "account",
    };
    [kind.to_owned(), side.id().to_owned()]
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::System => "system",
        Kind::Data => "data",
        Kind::Full => "full_server",
    }
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Queued => "queued",
        Status::Saving => "saving",
        Status::Active => "active",
        Status::Importing => "importing",
        Status::Error => "killed",
    }
}

/// What was refused of shares stands in the trail as well, once for each reason, and reads are counted
/// there: the model counts deeds.
pub const DEEDS: &str = "select cast(count(*) as bigint) from audit where verb <> 'image.download' \
                         and not (result = 'refused' and verb like 'share.%')";

/// Whether the tables hold what the model does.
pub async fn as_modelled(cloud: &Cloud, model: &Model, ids: &Ids, events_before: i64) -> Found {
    let events = cloud.count(DEEDS).await;
    same("events", events - events_before, model.events as i64)?;

    let mut expected: Vec<Vec<String>> = Vec::new();
    for (number, image) in &model.images {
        let shares = model.shares.keys().filter(|(of, _)| of == number).count();
        let words = [image.owner, kind_word(image.kind), status_word(image.status)];
        let mut row = vec![ids.image(*number).to_string()];
        row.extend(words.map(str::to_owned));
        row.push(shares.to_string());
        expected.push(row);
    }
    expected.sort();
    let text =
        "select id, owner_id, kind, status, cast(share_count as text) from image order by id";
    same("images", rows(cloud, text, 5).await, expected)?;

    let mut expected: Vec<Vec<String>> = Vec::new();
    for ((image, side), share) in &model.shares {
        let [kind, id] = side_words(*side);
        let state = share.state.word().to_owned();
        expected.push(vec![ids.image(*image).to_string(), kind, id, state, share.owner.to_owned()]);
    }
    expected.sort();
    let text = "select image_id, recipient_kind, recipient_id, state, owner_id from share \
                order by image_id, recipient_kind, recipient_id";
    same("shares", rows(cloud, text, 5).await, expected)?;

    let mut expected: Vec<Vec<String>> = Vec::new();
    for (number, vault) in &model.vaults {
        let [capacity, used] = [vault.capacity_gib as usize, model.used_gib(*number)];
        let id = ids.vault(*number).to_string();
        expected.push(vec![id, capacity.to_string(), used.to_string()]);
    }
    expected.sort();
    let text = "select v.id, cast(v.capacity_gib as text), cast(cast(coalesce((select \
                sum(b.size_gib) from backup b where b.vault_id = v.id), 0) as bigint) as text) \
                from vault v order by v.id";
    same("vaults", rows(cloud, text, 3).await, expected)?;

    let uses = cloud.count("select cast(count(*) as bigint) from blob_use").await;
    same("uses of blobs", uses, model.uses() as i64)?;
    lists_as_modelled(cloud, model, ids).await
}

/// Whether everybody lists what he owns and what he has accepted, and is told of what waits.
async fn lists_as_modelled(cloud: &Cloud, model: &Model, ids: &Ids) -> Found {
    for (who, person) in PEOPLE.iter().enumerate().take(OPERATOR) {
        let mut expected: BTreeMap<String, Number> = BTreeMap::new();
        for (number, image) in &model.images {
            let has = |side: Side| {
                let share = model.shares.get(&(*number, side));
                share.is_some_and(|share| {
                    let is_over = share.ends.is_some_and(|at| at <= model.now);
                    share.state == State::Accepted && !is_over
                })
            };
            if image.owner == person.project || person.sides().into_iter().any(has) {
                expected.insert(ids.image(*number).to_string(), *number);
            }
        }
        let request = ListImages { limit: Some(1000), ..ListImages::default() };
        let page = list::list(&cloud.app, &caller(who), &request).await.unwrap();
        let mut found: Vec<String> = page.images.iter().map(|image| image.id.to_string()).collect();
        found.sort();
        let what = format!("what {} lists", person.name);
        same(&what, found, expected.into_keys().collect())?;

        let waiting = share_view::count_pending(&cloud.app, &caller(who)).await.unwrap();
        let pending = model
            .shares
            .iter()
            .filter(|((_, side), share)| {
                let is_over = |at: Option<i64>| at.is_some_and(|at| at <= model.now);
                person.sides().contains(side)
                    && share.state == State::Pending
                    && !is_over(share.ends)
                    && !is_over(share.lapses)
            })
            .count();
        let what = format!("what {} is told that waits", person.name);
        same(&what, waiting as usize, pending)?;
    }
    Ok(())
}

/// Whether there are as many blobs as the model knows, as rows and as files, when nothing is left to do.
pub async fn blobs_as_modelled(cloud: &Cloud, model: &Model) -> Found {
    let expected = model.used_blobs().len();
    let blobs = cloud.count("select cast(count(*) as bigint) from blob").await;
    same("blobs", blobs, expected as i64)?;
    let store = cloud.home().store("r1").expect("a home that keeps blobs");
    same("files of blobs", files_below(&store), expected)
}

fn files_below(folder: &Path) -> usize {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}
