//! Sharing: the owner offers to one account a call and takes back from several, the recipient answers
//! for his own account.

use lendglass_core::job::Outcome;
use lendglass_core::policy::RecipientKind;
use lendglass_core::recipient::{self, Named};
use lendglass_core::share::{Recipient, ShareEvent};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId, VaultId};
use serde_json::{Value, json};

use super::error::{AGAIN, Failure, Reply};
use super::fields::Fields;
use super::list::{Page, paged};
use super::render::render_given;
use super::request::Asked;
use crate::service::contact::{self, Given};
use crate::service::share::{self, Answer, Invite, Mode, Report, Withdraw};

/// The largest page of recipients.
const PAGE_MAX: u32 = 50;
/// Accounts of one cancellation, as the vendor documents them.
pub const CANCEL_MAX: usize = 50;

/// The fields that name a recipient: today's, the former one, which had e-mails, and that of the hybrid
/// cloud.
const ACCOUNTS: [&str; 2] = ["destinationAccountID", "destinationUser"];
const PROJECT: &str = "destinationProjectID";

/// `POST /v4/image/shared-image/create`
pub async fn create(asked: Asked) -> Result<Reply, Failure> {
    let Asked { app, caller, fields } = asked;
    let image = fields.image()?;
    let recipient = named(&fields)?;
    let missing = || Error::new(Code::MissingField).with("field", ACCOUNTS[0]);
    let name = recipient.as_ref().map(|named| named.text.clone()).ok_or_else(missing)?;
    let request = Invite { recipients: recipient.into_iter().collect(), ..offer(image) };
    if is_unchanged(share::invite(&app, &caller, request).await?)? {
        return Err(Error::new(Code::AlreadyShared).with("recipient", name).into());
    }
    Ok(Reply(json!({})))
}

fn offer(image: ImageId) -> Invite {
    Invite {
        images: vec![image],
        recipients: Vec::new(),
        mode: Mode::All,
        note: None,
        lapses_at: None,
        ends_at: None,
        acknowledge: true,
        dry_run: false,
    }
}

/// The recipient that a call names. An account's id, number or e-mail in the first two fields; a
/// project only in the third.
fn named(fields: &Fields) -> Result<Option<Named>, Error> {
    for (name, kind) in [
        (ACCOUNTS[0], RecipientKind::Account),
        (ACCOUNTS[1], RecipientKind::Account),
        (PROJECT, RecipientKind::Project),
    ] {
        if let Some(text) = fields.text(name)? {
            recipient::check_shape(&text)?;
            return Ok(Some(Named { text, kind: Some(kind) }));
        }
    }
    Ok(None)
}

/// `POST /v4/image/shared-image/delete`: from the accounts that are named, or from all. One that may
/// not be taken back keeps all of them.
pub async fn cancel(asked: Asked) -> Result<Reply, Failure> {
    let Asked { app, caller, fields } = asked;
    let image = fields.image()?;
    // The SDK writes the name with a capital, the vendor's documents without.
    let is_all = match fields.flag("cancelAllSharedAccount")? {
        Some(flag) => flag,
        None => fields.flag("CancelAllSharedAccount")?.unwrap_or(false),
    };
    let recipients = match is_all {
        true => None,
        false => {
            let names = parse_names(&fields)?;
            let (_, given) = contact::given_to_change(&app, &caller, &image).await?;
            Some(of_accounts(&given, names))
        }
    };
    let (images, mode) = (vec![image], Mode::All);
    let request = Withdraw { images, recipients, mode, dry_run: false };
    is_unchanged(share::withdraw(&app, &caller, request).await?)?;
    Ok(Reply(json!({})))
}

/// Names parted by commas, at least one.
pub fn parse_names(fields: &Fields) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for field in [ACCOUNTS[0], ACCOUNTS[1], PROJECT] {
        let text = fields.text(field)?.unwrap_or_default();
        names.extend(recipient::split_ids(&text));
    }
    if names.is_empty() {
        return Err(Error::new(Code::MissingField).with("field", ACCOUNTS[0]));
    }
    if names.len() > CANCEL_MAX {
        let error = Error::new(Code::TooManyIds).with("count", names.len());
        return Err(error.with("max", CANCEL_MAX));
    }
    Ok(names)
}

/// The shares behind some names. An account's id means its shares with those of its projects; what else
/// names an account, its number or e-mail, and a project's id the service finds out.
fn of_accounts(given: &[Given], names: Vec<String>) -> Vec<Named> {
    let mut recipients = Vec::new();
    for name in names {
        let is_its =
            |one: &&Given| one.contact.as_ref().is_some_and(|c| c.account.as_str() == name);
        match given.iter().find(is_its) {
            Some(one) => recipients.extend(one.shares.iter().map(|s| exactly(&s.recipient))),
            None => recipients.push(Named { text: name, kind: None }),
        }
    }
    recipients
}

fn exactly(recipient: &Recipient) -> Named {
    let kind = match recipient {
        Recipient::Project(_) => RecipientKind::Project,
        Recipient::Account(_) => RecipientKind::Account,
    };
    Named { text: recipient.id().to_owned(), kind: Some(kind) }
}

/// `POST /v4/image/shared-image/accept`. A whole server may need a vault of the recipient: CTyun names
/// one in `repositoryID` where it makes such images.
pub async fn accept(asked: Asked) -> Result<Reply, Failure> {
    answer(asked, ShareEvent::Accept, AGAIN[0].2).await
}

/// `POST /v4/image/shared-image/reject`, which is also how an accepted image is given up.
pub async fn reject(asked: Asked) -> Result<Reply, Failure> {
    answer(asked, ShareEvent::Reject, AGAIN[1].2).await
}

async fn answer(asked: Asked, event: ShareEvent, again: &'static str) -> Result<Reply, Failure> {
    let Asked { app, caller, fields } = asked;
    let vault = fields.text("repositoryID")?;
    let unknown = |id: &str| Error::new(Code::VaultNotFound).with("id", shortened(id, 80));
    let parse = |id: String| VaultId::parse(&id).map_err(|_| unknown(&id));
    let request = Answer {
        images: vec![fields.image()?],
        event,
        recipient: None,
        vault: vault.map(parse).transpose()?,
        mode: Mode::All,
        dry_run: false,
    };
    if is_unchanged(share::answer(&app, &caller, request).await?)? {
        let state = if event == ShareEvent::Accept { "accepted" } else { "rejected" };
        let error = Error::new(Code::AnswerUnchanged).with("state", state);
        return Err(Failure { error, code: Some(again) });
    }
    Ok(Reply(json!({})))
}

/// Whether nothing had to be done. The vendor tells of one refusal a call.
fn is_unchanged(report: Report) -> Result<bool, Error> {
    let mut is_unchanged = true;
    for pair in report.results {
        match pair.outcome {
            Outcome::Refused(error) => return Err(error),
            Outcome::Already(_) => {}
            Outcome::Now(_) | Outcome::Removed => is_unchanged = false,
        }
    }
    Ok(is_unchanged)
}

/// `GET /v4/image/show-shared-list`: whom an own image is shared with, account by account.
pub async fn list(asked: Asked) -> Result<Reply, Failure> {
    let page = Page::parse(&asked.fields, PAGE_MAX)?;
    let image = asked.fields.image()?;
    let (seen, given) = contact::given(&asked.app, &asked.caller, &image).await?;
    let total = u32::try_from(given.len()).unwrap_or(u32::MAX);
    let some = given.iter().skip(page.offset()).take(page.size as usize);
    let owner = std::slice::from_ref(&seen.image.owner);
    let owners = contact::of_projects(&asked.app, &asked.caller, owner).await?;
    let source = owners.get(&seen.image.owner);
    let rows: Vec<Value> = some.map(|one| render_given(&seen.image, source, one)).collect();
    Ok(paged(page, total, rows))
}
