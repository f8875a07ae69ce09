//! The share machine as a page of the documentation: printed from `core::share::transition` for
//! every profile, and compared with what is committed. `LENDGLASS_BLESS=1` writes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lendglass_core::policy::Policy;
use lendglass_core::profile::Profile;
use lendglass_core::share::{Change, ShareEvent, ShareState, transition};

const INTRODUCTION: &str = "\
# The share machine

An image is offered to a recipient, a project or an account. The offer is a *share*, and it is in one
of three states: `pending` (offered, not answered), `accepted`, or `rejected`. No share is *not
shared*. What an event does depends on the state alone and on the rules of the project that owns the
image; it is decided in one place, `crates/core/src/share.rs`, from which a test writes this page.

| event | who | what it means |
|---|---|---|
| invite | the owner | offers the image, or offers it again |
| accept | the recipient | takes it |
| reject | the recipient | refuses it, or drops what was taken: leaving is a rejection |
| withdraw | the owner | takes it back; deleting the image withdraws all of its shares |
| reopen | the recipient | wants to answer later after all |
| lapse | time | the offer, or the access, was given until now |

*Visible, listed and usable are three questions.* Every live share makes the record visible by its id;
only an accepted one is listed; which ones may be used is the key `share.use_requires_acceptance`.
A word in capitals is the code of a refusal ([errors.md](errors.md)); *unchanged* means that the state
already is what was asked for, which is no error (Glance's own calls answer 409).
";

/// The events in the order of their columns.
const EVENTS: [ShareEvent; 6] = [
    ShareEvent::Invite,
    ShareEvent::Accept,
    ShareEvent::Reject,
    ShareEvent::Withdraw,
    ShareEvent::Reopen,
    ShareEvent::Lapse,
];

fn cell(from: Option<ShareState>, event: ShareEvent, policy: &Policy) -> String {
    match transition(from, event, policy) {
        Ok(Change::Unchanged) => "unchanged".to_owned(),
        Ok(Change::Removed) => "not shared".to_owned(),
        Ok(Change::To(state)) => state.as_str().to_owned(),
        Err(error) => error.code().as_str().to_owned(),
    }
}

fn table(policy: &Policy) -> String {
    let names: Vec<&str> = EVENTS.iter().map(|event| event.as_str()).collect();
    let mut out = format!("| from | {} |\n|---{}|\n", names.join(" | "), "|---".repeat(6));
    let origins = [None].into_iter().chain(ShareState::ALL.iter().copied().map(Some));
    for from in origins {
        let name = from.map_or("not shared", ShareState::as_str);
        let cells: Vec<String> = EVENTS.iter().map(|event| cell(from, *event, policy)).collect();
        let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
    }
    out
}

fn keys(policy: &Policy) -> String {
    let mut out = String::new();
    for key in [
        "share.acceptance",
        "share.reinvite_rejected",
        "share.use_requires_acceptance",
        "owner.may_remove_accepted",
        "recipient.may_remove",
        "recipient.may_reopen",
    ] {
        let _ = write!(out, "{}`{key} = {}`", separator(&out), policy.get(key).unwrap());
    }
    out
}

fn separator(before: &str) -> &'static str {
    if before.is_empty() { "" } else { ", " }
}

/// Profiles with the same rules share a table.
fn page() -> String {
    let mut groups: BTreeMap<usize, (Vec<&str>, String, String)> = BTreeMap::new();
    for (at, profile) in Profile::ALL.iter().enumerate() {
        let policy = profile.policy();
        let (table, keys) = (table(&policy), keys(&policy));
        let same = groups.values_mut().find(|(_, t, k)| *t == table && *k == keys);
        match same {
            Some((names, ..)) => names.push(profile.as_str()),
            None => {
                groups.insert(at, (vec![profile.as_str()], table, keys));
            }
        }
    }
    let mut out = INTRODUCTION.to_owned();
    for (names, table, keys) in groups.values() {
        let _ = write!(out, "\n## {}\n\n{keys}\n\n{table}", names.join(", "));
    }
    out
}

#[test]
fn docs_sharing_is_what_the_machine_does() {
    assert_eq!(EVENTS.len(), ShareEvent::ALL.len());
    crate::blessed::blessed("docs/sharing.md", &page());
}
