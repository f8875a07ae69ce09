//! Predefined tags: the operator's for everybody, an admin's for his project (T-048).

use std::collections::BTreeSet;

use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::limits::PREDEFINED_TAGS;
use lendglass_core::permission::Action;
use lendglass_core::tag::{self, PredefinedTag, TagScope};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ProjectId};
use lendglass_store::{Tx, audit as store_audit, image as store_image, tag as store_tag};

use crate::app::App;

/// What is predefined for the caller's project: the installation's tags first.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<PredefinedTag>, Error> {
    caller.may(Action::ImagesList)?;
    store_tag::read_of_project(&app.db, &caller.project).await
}

fn may_set(caller: &Caller, scope: TagScope) -> Result<(), Error> {
    match scope {
        TagScope::Installation => caller.needs_operator(),
        TagScope::Project => caller.may(Action::TagsManage),
    }
}

/// Predefines a key, in place of what was predefined for it. Tags that images carry already stay.
///
/// Errors: [`Code::OperatorOnly`] for the installation's; [`Code::InvalidValue`];
/// [`Code::PredefinedTagQuota`].
pub async fn set(
    app: &App,
    caller: &Caller,
    scope: TagScope,
    key: &str,
    values: Vec<String>,
    is_enforced: bool,
) -> Result<PredefinedTag, Error> {
    may_set(caller, scope)?;
    let tag = PredefinedTag {
        scope,
        key: key.to_owned(),
        values,
        is_enforced,
        set_by: caller.user.clone(),
        set_at: app.clock.now(),
    };
    tag.check()?;
    let (owned, mine, written) = (app.clone(), caller.clone(), tag.clone());
    app.change(caller, move |tx| set_in(tx, &owned, &mine, &written)).await?;
    Ok(tag)
}

fn set_in(tx: &mut Tx<'_>, app: &App, caller: &Caller, tag: &PredefinedTag) -> Result<(), Error> {
    // Whoever counts holds the lock of what is counted.
    store_image::lock_project(tx, &caller.project)?;
    store_tag::put(tx, tag, &caller.project)?;
    if store_tag::count(tx, tag.scope, &caller.project)? > PREDEFINED_TAGS {
        return Err(Error::new(Code::PredefinedTagQuota).with("max", PREDEFINED_TAGS));
    }
    let detail = format!(
        "scope={} values={} enforced={}",
        tag.scope.as_str(),
        tag.values.len(),
        tag.is_enforced
    );
    let event = AuditEvent::by(caller, tag.set_at, AuditVerb::TagsChange, &tag.key);
    store_audit::insert(tx, &app.ids.hex(), &event.with_detail(detail))
}

/// Forgets a key; [`Code::TagNotFound`] where it is not predefined.
pub async fn remove(app: &App, caller: &Caller, scope: TagScope, key: &str) -> Result<(), Error> {
    may_set(caller, scope)?;
    let (owned, mine, key) = (app.clone(), caller.clone(), key.to_owned());
    app.change(caller, move |tx| {
        if !store_tag::delete(tx, scope, &mine.project, &key)? {
            return Err(Error::new(Code::TagNotFound).with("tag", &key));
        }
        let event = AuditEvent::by(&mine, owned.clock.now(), AuditVerb::TagsChange, &key)
            .with_detail(format!("scope={} deleted", scope.as_str()));
        store_audit::insert(tx, &owned.ids.hex(), &event)
    })
    .await
}

/// Refuses tags that an image of `owner` gains and that are not among the enforced ones; what it
/// carried before stays.
pub(crate) fn check_gained(
    tx: &mut Tx<'_>,
    owner: &ProjectId,
    before: &[String],
    after: &[String],
) -> Result<(), Error> {
    let before: BTreeSet<&String> = before.iter().collect();
    let mut gained = after.iter().filter(|tag| !before.contains(tag)).peekable();
    if gained.peek().is_none() {
        return Ok(());
    }
    let predefined = store_tag::of_project(tx, owner)?;
    gained.try_for_each(|gained| tag::check_predefined(gained, &predefined))
}
