//! Sharing images: a set of accounts for each image, and two verbs of its owner's.

use lendglass_core::job::Outcome;
use lendglass_core::policy::RecipientKind;
use lendglass_core::recipient::Named;
use lendglass_core::share::{Recipient, ShareState};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};
use serde_json::{Value, json};

use super::image::find_one;
use super::{Call, Coded, Refusal, words};
use crate::service::alias;
use crate::service::share::{self, Invite, Mode, Report, Withdraw};
use crate::wire::common::{invalid, seconds_text};

/// `ModifyImageSharePermission`.
pub(super) async fn modify(mut call: Call) -> Result<Value, Refusal> {
    let image = call.input.required("ImageId")?;
    let accounts = call.input.required_texts("AccountIds")?;
    let permission = call.input.required("Permission")?;
    std::mem::take(&mut call.input).finish()?;
    let image = find_one(&call, &image).await?;
    match permission.as_str() {
        "SHARE" => invite(&call, image, &accounts).await?,
        "CANCEL" => withdraw(&call, image, &accounts).await?,
        other => return Err(invalid("Permission", other, "SHARE or CANCEL").into()),
    }
    Ok(json!({}))
}

/// An account's number is decimal.
fn check_accounts(accounts: &[String]) -> Result<(), Refusal> {
    let is_number = |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match accounts.iter().find(|account| !is_number(account)) {
        None => Ok(()),
        Some(account) => {
            let reason = "it is not a decimal number";
            let error = invalid("AccountIds", &shortened(account, 80), reason);
            Err(Refusal::from(error).or(words::NUMBERS))
        }
    }
}

/// Offers an image to accounts, all or none of them.
pub(super) async fn invite(
    call: &Call,
    image: ImageId,
    accounts: &[String],
) -> Result<(), Refusal> {
    check_accounts(accounts)?;
    if accounts.is_empty() {
        return Err(Error::new(Code::MissingField).with("field", "AccountIds").into());
    }
    let named =
        |account: &String| Named { text: account.clone(), kind: Some(RecipientKind::Account) };
    let request = Invite {
        images: vec![image],
        recipients: accounts.iter().map(named).collect(),
        mode: Mode::All,
        note: None,
        lapses_at: None,
        ends_at: None,
        acknowledge: true,
        dry_run: false,
    };
    let report = share::invite(&call.app, &call.caller, request).await?;
    let is_new = |outcome: &Outcome| !matches!(outcome, Outcome::Already(_));
    let is_any_new = report.results.iter().any(|pair| is_new(&pair.outcome));
    settled(report)?;
    if is_any_new {
        return Ok(());
    }
    Err(Error::new(Code::AlreadyShared).with("recipient", accounts.join(", ")).into())
}

/// Takes an image back from accounts, their projects' shares included. An empty list takes nothing back.
pub(super) async fn withdraw(
    call: &Call,
    image: ImageId,
    accounts: &[String],
) -> Result<(), Refusal> {
    check_accounts(accounts)?;
    let given = alias::given(&call.app, &call.caller, &image).await?;
    let mut recipients = Vec::new();
    for account in accounts {
        let of_account = given.iter().filter(|(_, uid)| uid == account);
        let of_account: Vec<Named> = of_account.map(|(one, _)| named(&one.recipient)).collect();
        if of_account.is_empty() {
            return Err(Error::new(Code::NotShared).with("recipient", account).into());
        }
        recipients.extend(of_account);
    }
    if recipients.is_empty() {
        return Ok(());
    }
    let (images, recipients) = (vec![image], Some(recipients));
    let request = Withdraw { images, recipients, mode: Mode::All, dry_run: false };
    settled(share::withdraw(&call.app, &call.caller, request).await?)
}

fn named(recipient: &Recipient) -> Named {
    let (text, kind) = match recipient {
        Recipient::Project(id) => (id.to_string(), RecipientKind::Project),
        Recipient::Account(id) => (id.to_string(), RecipientKind::Account),
    };
    Named { text, kind: Some(kind) }
}

/// The vendor tells of one refusal a call.
fn settled(report: Report) -> Result<(), Refusal> {
    let refused = report.results.into_iter().find_map(|pair| match pair.outcome {
        Outcome::Refused(error) => Some(error),
        Outcome::Now(_) | Outcome::Already(_) | Outcome::Removed => None,
    });
    refused.map_or(Ok(()), Err).coded(&[])
}

/// `DescribeImageSharePermission`: each account once, since when; those who have refused are not
/// shared with.
pub(super) async fn describe(mut call: Call) -> Result<Value, Refusal> {
    let image = call.input.required("ImageId")?;
    std::mem::take(&mut call.input).finish()?;
    let image = find_one(&call, &image).await?;
    let rows = accounts_of(&call, &image).await?;
    let row =
        |(account, since): (String, String)| json!({"AccountId": account, "CreatedTime": since});
    Ok(json!({"SharePermissionSet": rows.into_iter().map(row).collect::<Vec<_>>()}))
}

/// The accounts that an own image is shared with, each once, with the time since when.
pub(super) async fn accounts_of(
    call: &Call,
    image: &ImageId,
) -> Result<Vec<(String, String)>, Refusal> {
    let given = alias::given(&call.app, &call.caller, image).await?;
    let mut rows: Vec<(String, String)> = Vec::new();
    for (share, account) in given {
        let is_known = rows.iter().any(|(known, _)| *known == account);
        if share.state != ShareState::Rejected && !is_known {
            rows.push((account, seconds_text(share.created_at)));
        }
    }
    Ok(rows)
}
