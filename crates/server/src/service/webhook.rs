//! Webhooks: who else is told, over HTTP (AP-08).
//!
//! A webhook belongs to a project in a region and hears what the project's inbox and its account's are
//! told, from its making on. The notices are the outbox: a delivery that is not acknowledged is sent
//! again, in order, so each arrives at least once.

use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::limits::{
    EVENTS_AT_ONCE, WEBHOOK_ATTEMPTS, WEBHOOK_HOLD_SECONDS, WEBHOOK_URL_BYTES, WEBHOOKS_OF_PROJECT,
};
use lendglass_core::notice::{NoticeKind, Position, Side};
use lendglass_core::permission::Action;
use lendglass_core::tenant::Caller;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, Timestamp, webhook as rules};
use lendglass_store::notice::Wanted;
use lendglass_store::{
    Tx, audit as store_audit, image as store_image, notice as store_notice,
    webhook as store_webhook,
};
use url::{Host, Url};

use crate::app::App;
use crate::drivers::identity::new_secret;
use crate::drivers::messenger::Message;
use crate::service::notice::{self, Told};

pub use lendglass_store::webhook::{Claim, Webhook};

/// What is asked of a new webhook.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Whom it tells.
    pub url: String,
    /// What it wants; empty means all.
    pub kinds: Vec<NoticeKind>,
}

/// What is changed of a webhook; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    /// Whom it tells.
    pub url: Option<String>,
    /// What it wants; empty means all.
    pub kinds: Option<Vec<NoticeKind>>,
    /// Whether it tells anything. Switching it on forgets former failures; what was told meanwhile is
    /// delivered now.
    pub is_enabled: Option<bool>,
}

/// Makes a webhook; answers it with its secret, which nobody is shown again.
///
/// Errors: those of [`Caller::may`], [`Code::WebhookUrlRefused`], [`Code::WebhookQuota`].
pub async fn create(
    app: &App,
    caller: &Caller,
    new: NewWebhook,
) -> Result<(Webhook, String), Error> {
    caller.may(Action::WebhooksManage)?;
    check_url(app, &new.url)?;
    let (id, secret, now) = (app.ids.hex(), new_secret(), app.clock.now());
    let sealed_secret = app.identity.seal().seal(&purpose(&id), secret.as_bytes())?;
    let hook = Webhook {
        id,
        project: caller.project.clone(),
        account: caller.account.clone(),
        region: caller.region.clone(),
        url: new.url,
        kinds: new.kinds,
        sealed_secret,
        is_enabled: true,
        sent: Position::default(),
        attempts: 0,
        next_try_at: now,
        failure: None,
        failed_at: None,
        delivered_at: None,
        created_at: now,
        updated_at: now,
    };
    let (owned, mine) = (app.clone(), caller.clone());
    let made = app.change(caller, move |tx| create_in(tx, &owned, &mine, &hook)).await?;
    Ok((made, secret))
}

fn create_in(tx: &mut Tx<'_>, app: &App, caller: &Caller, new: &Webhook) -> Result<Webhook, Error> {
    store_image::lock_project(tx, &new.project)?;
    let there = store_webhook::list_in(tx, &new.project, &new.region)?.len();
    if there >= WEBHOOKS_OF_PROJECT as usize {
        return Err(Error::new(Code::WebhookQuota).with("max", WEBHOOKS_OF_PROJECT));
    }
    let mut hook = new.clone();
    let inboxes = notice::inboxes(&hook.project, &hook.account, &hook.region);
    for (side, inbox) in Side::BOTH.into_iter().zip(&inboxes) {
        hook.sent = hook.sent.with(side, store_notice::ends_in(tx, inbox)?.last);
    }
    store_webhook::insert(tx, &hook)?;
    note(tx, app, caller, &hook.id, "webhook.create")?;
    Ok(hook)
}

fn note(tx: &mut Tx<'_>, app: &App, caller: &Caller, id: &str, detail: &str) -> Result<(), Error> {
    let verb = AuditVerb::IdentityChange;
    let event = AuditEvent::by(caller, app.clock.now(), verb, id).with_detail(detail);
    store_audit::insert(tx, &app.ids.hex(), &event)
}

/// What a secret is sealed for: it opens for this webhook only.
fn purpose(id: &str) -> String {
    format!("webhook:{id}")
}

/// Refuses what can never be delivered to; names are looked up at each delivery, and checked then.
fn check_url(app: &App, text: &str) -> Result<(), Error> {
    let refused = |reason: &str| {
        let error = Error::new(Code::WebhookUrlRefused).with("url", shortened(text, 200));
        Err(error.with("reason", reason))
    };
    if text.len() > WEBHOOK_URL_BYTES {
        return refused("it is too long");
    }
    let Ok(url) = Url::parse(text) else { return refused("it is not a URL") };
    if !matches!(url.scheme(), "http" | "https") {
        return refused("it must begin with http:// or https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("it must not hold a user or a password");
    }
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        Some(Host::Domain(_)) => None,
        None => return refused("it names no host"),
    };
    if address.is_some_and(|address| !rules::is_public(address))
        && !app.settings.webhooks_allow_private
    {
        return refused("it is not on the public internet");
    }
    Ok(())
}

fn not_found(id: &str) -> Error {
    Error::new(Code::WebhookNotFound).with("id", shortened(id, 80))
}

/// A webhook of the caller's project; else [`Code::WebhookNotFound`]. Only for those who
/// manage webhooks: its URL may be a secret in itself.
pub async fn show(app: &App, caller: &Caller, id: &str) -> Result<Webhook, Error> {
    caller.may(Action::WebhooksManage)?;
    let found = store_webhook::get(&app.db, id, &caller.project, &caller.region).await?;
    found.ok_or_else(|| not_found(id))
}

/// The webhooks of the caller's project in the request's region, oldest first.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Webhook>, Error> {
    caller.may(Action::WebhooksManage)?;
    store_webhook::list(&app.db, &caller.project, &caller.region).await
}

/// Changes a webhook.
///
/// Errors: those of [`Caller::may`], [`Code::WebhookNotFound`], [`Code::WebhookUrlRefused`].
pub async fn update(
    app: &App,
    caller: &Caller,
    id: &str,
    change: WebhookChange,
) -> Result<Webhook, Error> {
    caller.may(Action::WebhooksManage)?;
    if let Some(url) = &change.url {
        check_url(app, url)?;
    }
    let (owned, mine, id) = (app.clone(), caller.clone(), id.to_owned());
    app.change(caller, move |tx| update_in(tx, &owned, &mine, &id, &change)).await
}

fn update_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    id: &str,
    change: &WebhookChange,
) -> Result<Webhook, Error> {
    store_image::lock_project(tx, &caller.project)?;
    let found = store_webhook::get_in(tx, id, &caller.project, &caller.region)?;
    let mut hook = found.ok_or_else(|| not_found(id))?;
    let now = app.clock.now();
    if let Some(url) = &change.url {
        hook.url.clone_from(url);
    }
    if let Some(kinds) = &change.kinds {
        hook.kinds.clone_from(kinds);
    }
    hook.is_enabled = change.is_enabled.unwrap_or(hook.is_enabled);
    if change.is_enabled == Some(true) {
        hook.attempts = 0;
        hook.failure = None;
        hook.failed_at = None;
    }
    hook.next_try_at = now;
    hook.updated_at = now;
    store_webhook::update(tx, &hook)?;
    note(tx, app, caller, id, "webhook.update")?;
    Ok(hook)
}

/// Removes a webhook.
pub async fn delete(app: &App, caller: &Caller, id: &str) -> Result<(), Error> {
    caller.may(Action::WebhooksManage)?;
    let (owned, mine, id) = (app.clone(), caller.clone(), id.to_owned());
    app.change(caller, move |tx| {
        if !store_webhook::delete(tx, &id, &mine.project, &mine.region)? {
            return Err(not_found(&id));
        }
        note(tx, &owned, &mine, &id, "webhook.delete")
    })
    .await
}

/// What the bodies of a webhook are signed with.
fn secret(app: &App, hook: &Webhook) -> Result<Vec<u8>, Error> {
    app.identity.seal().unseal(&purpose(&hook.id), &hook.sealed_secret)
}

/// Sends one body to a webhook, signed; what went wrong is a text for its owner. `delivery` is the same
/// each time the same thing is sent.
pub async fn deliver(
    app: &App,
    hook: &Webhook,
    delivery: &str,
    event: &str,
    body: Vec<u8>,
) -> Result<(), String> {
    let secret = secret(app, hook).map_err(|error| {
        tracing::error!(webhook = hook.id, because = error.internal_text(), "no secret");
        "the secret does not open".to_owned()
    })?;
    let message = Message {
        url: &hook.url,
        secret: &secret,
        at_seconds: app.clock.now().seconds(),
        delivery,
        event,
        body,
    };
    app.messenger.post(message, app.settings.webhooks_allow_private).await
}

/// Takes the next webhook that has something to deliver, for `lease_seconds`.
pub async fn claim(app: &App, lease_seconds: u32) -> Result<Option<Claim>, Error> {
    let owned = app.clone();
    app.db.write(move |tx| store_webhook::claim(tx, lease_seconds, owned.clock.now())).await
}

/// What is next for a webhook.
#[derive(Clone, Debug)]
pub enum Next {
    /// This, and the position behind it.
    Deliver(Position, Box<Told>),
    /// Nothing that it wants, up to here.
    Pass(Position),
    /// Nothing before this time.
    Wait(Timestamp),
}

/// What is next for a webhook that was claimed, in the order in which it was told.
pub async fn next(app: &App, hook: &Webhook) -> Result<Next, Error> {
    let inboxes = notice::inboxes(&hook.project, &hook.account, &hook.region);
    let wanted = Wanted { limit: EVENTS_AT_ONCE, ..Wanted::default() };
    let mut found = Vec::new();
    for (side, inbox) in Side::BOTH.into_iter().zip(&inboxes) {
        let stored = store_notice::after(&app.db, inbox, hook.sent.of(side), wanted).await?;
        found.push(stored.into_iter().map(|one| (side, one)).collect());
    }
    let now = app.clock.now();
    let ripe = now.plus_seconds(-WEBHOOK_HOLD_SECONDS);
    let mut position = hook.sent;
    for (side, stored) in notice::merged(found, |a, b| a.notice.at <= b.notice.at) {
        let due = stored.notice.at.plus_seconds(WEBHOOK_HOLD_SECONDS);
        let behind = position.with(side, stored.number);
        if stored.notice.at > ripe {
            return Ok(if position == hook.sent { Next::Wait(due) } else { Next::Pass(position) });
        }
        if hook.kinds.is_empty() || hook.kinds.contains(&stored.notice.kind) {
            let told = notice::named(app, &hook.account, vec![(side, stored)]).await?.pop();
            let told = told.ok_or_else(|| Error::internal("a notice vanished"))?;
            return Ok(Next::Deliver(behind, Box::new(told)));
        }
        position = behind;
    }
    if position != hook.sent {
        return Ok(Next::Pass(position));
    }
    // Numbers were taken, and the notices are trimmed already: go on behind them.
    let mut end = position;
    for (side, inbox) in Side::BOTH.into_iter().zip(&inboxes) {
        end =
            end.with(side, store_notice::ends(&app.db, inbox).await?.trimmed_to.max(end.of(side)));
    }
    let later = now.plus_seconds(WEBHOOK_HOLD_SECONDS);
    Ok(if end == position { Next::Wait(later) } else { Next::Pass(end) })
}

/// Notes that everything up to a position was delivered (or, where nothing was, passed over); `None`
/// where somebody else has the webhook by now.
pub async fn sent(
    app: &App,
    mut claim: Claim,
    to: Position,
    is_delivered: bool,
) -> Result<Option<Claim>, Error> {
    let now = app.clock.now();
    let delivered_at = is_delivered.then_some(now);
    let mine = claim.clone();
    let stands = app.db.write(move |tx| store_webhook::sent(tx, &mine, to, delivered_at)).await?;
    claim.webhook.sent = to;
    claim.webhook.attempts = 0;
    Ok(stands.then_some(claim))
}

/// Notes a failed delivery. It is tried again later, and after [`WEBHOOK_ATTEMPTS`] in a row the
/// webhook is switched off; its owner reads why.
pub async fn failed(app: &App, mut claim: Claim, why: &str) -> Result<(), Error> {
    let now = app.clock.now();
    let hook = &mut claim.webhook;
    hook.attempts += 1;
    hook.failure = Some(shortened(why, 200));
    hook.failed_at = Some(now);
    hook.next_try_at = now.plus_seconds(rules::pause_seconds(hook.attempts));
    hook.is_enabled = hook.attempts < WEBHOOK_ATTEMPTS;
    if !hook.is_enabled {
        tracing::warn!(webhook = hook.id, why, "a webhook was switched off");
    }
    app.db.write(move |tx| store_webhook::failed(tx, &claim)).await.map(|_| ())
}

/// Gives a webhook back until there may be something for it.
pub async fn release(app: &App, claim: Claim, until: Timestamp) -> Result<(), Error> {
    app.db.write(move |tx| store_webhook::release(tx, &claim, until)).await.map(|_| ())
}
