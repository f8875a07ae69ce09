//! Standing rules: from these owners accept, from those refuse (RC-20).

use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::limits::STANDING_RULES;
use lendglass_core::permission::Action;
use lendglass_core::share::{Recipient, StandingRule, Verdict};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error};
use lendglass_store::{Tx, audit as store_audit, rule as store_rule};

use crate::app::App;
use crate::service::tenant;

/// The rules of the caller's project and of his account, oldest first.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<StandingRule>, Error> {
    caller.may(Action::SharesList)?;
    store_rule::of_caller(&app.db, caller).await
}

/// Whose rule it is: the project's, or the account's for offers that go to the account.
fn side(caller: &Caller, is_for_account: bool) -> Recipient {
    if is_for_account {
        Recipient::Account(caller.account.clone())
    } else {
        Recipient::Project(caller.project.clone())
    }
}

/// Sets what is done with offers of an owner from now on, in place of an earlier rule about him; what
/// was offered before stays as it is. `owner` is the id of a project or of an account.
///
/// Errors: [`Code::TenantNotFound`], [`Code::RateLimited`] for too many wrong ids, [`Code::SelfShare`]
/// for a rule about oneself, [`Code::RuleQuota`].
pub async fn set(
    app: &App,
    caller: &Caller,
    owner: &str,
    verdict: Verdict,
    is_for_account: bool,
) -> Result<StandingRule, Error> {
    caller.may(Action::SharesRules)?;
    let owner = tenant::by_exact_id(app, caller, owner).await?;
    let recipient = side(caller, is_for_account);
    let own =
        [Recipient::Project(caller.project.clone()), Recipient::Account(caller.account.clone())];
    if own.contains(&owner) {
        return Err(Error::new(Code::SelfShare).with("id", owner.id()));
    }
    let rule = StandingRule {
        recipient,
        owner,
        verdict,
        set_by: caller.user.clone(),
        created_at: app.clock.now(),
    };
    let (owned, mine, written) = (app.clone(), caller.clone(), rule.clone());
    app.change(caller, move |tx| set_in(tx, &owned, &mine, &written)).await?;
    Ok(rule)
}

fn set_in(tx: &mut Tx<'_>, app: &App, caller: &Caller, rule: &StandingRule) -> Result<(), Error> {
    store_rule::put(tx, rule)?;
    let count = store_rule::count(tx, &rule.recipient)?;
    if count > STANDING_RULES {
        return Err(Error::new(Code::RuleQuota).with("max", STANDING_RULES));
    }
    let event = AuditEvent::by(caller, rule.created_at, AuditVerb::RuleChange, rule.owner.id())
        .with_detail(format!("for={} verdict={}", rule.recipient.kind(), rule.verdict.as_str()));
    store_audit::insert(tx, &app.ids.hex(), &event)
}

/// Forgets the rule about an owner; [`Code::RuleNotFound`] where there is none.
pub async fn remove(
    app: &App,
    caller: &Caller,
    owner: &str,
    is_for_account: bool,
) -> Result<(), Error> {
    caller.may(Action::SharesRules)?;
    let (owned, mine, owner) = (app.clone(), caller.clone(), owner.to_owned());
    let recipient = side(caller, is_for_account);
    app.change(caller, move |tx| {
        if !store_rule::delete(tx, &recipient, &owner)? {
            return Err(Error::new(Code::RuleNotFound).with("owner", &owner));
        }
        let now = owned.clock.now();
        let event = AuditEvent::by(&mine, now, AuditVerb::RuleChange, &owner)
            .with_detail(format!("for={} verdict=none", recipient.kind()));
        store_audit::insert(tx, &owned.ids.hex(), &event)
    })
    .await
}
