//! Standing rules: what a recipient does with an owner's offers before anybody looks (RC-20).

use std::collections::BTreeMap;

use lendglass_core::share::{Recipient, StandingRule, Verdict};
use lendglass_core::tenant::Caller;
use lendglass_core::{AccountId, Error, ProjectId, UserId};

use crate::db::{Db, Question, Row, Statement, Tx, Value};
use crate::params;

static OF_OWNER: Statement = Statement::new(
    "select recipient_kind, recipient_id, owner_kind, verdict from standing_rule \
     where recipient_id in {list} and ((owner_kind = 'project' and owner_id = $2) \
       or (owner_kind = 'account' and owner_id = $3))",
);
static OF_RECIPIENT: Statement = Statement::new(
    "select recipient_kind, recipient_id, owner_kind, owner_id, verdict, set_by, created_at \
     from standing_rule where (recipient_kind = 'project' and recipient_id = $1) \
     or (recipient_kind = 'account' and recipient_id = $2) \
     order by created_at, owner_kind, owner_id",
);
static COUNT: Statement = Statement::new(
    "select cast(count(*) as bigint) from standing_rule \
     where recipient_kind = $1 and recipient_id = $2",
);
static PUT: Statement = Statement::new(
    "insert into standing_rule \
     (recipient_kind, recipient_id, owner_kind, owner_id, verdict, set_by, created_at) \
     values ($1, $2, $3, $4, $5, $6, $7) \
     on conflict (recipient_kind, recipient_id, owner_kind, owner_id) do update set \
     verdict = excluded.verdict, set_by = excluded.set_by, created_at = excluded.created_at",
);
static DELETE: Statement = Statement::new(
    "delete from standing_rule where recipient_kind = $1 and recipient_id = $2 and owner_id = $3",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&OF_OWNER, &OF_RECIPIENT, &COUNT, &PUT, &DELETE];

/// What the recipients with these ids do with offers of an owner. A rule about his project goes before one about
/// his account.
pub fn of_owner(
    recipients: &[String],
    owner: &ProjectId,
    account: &AccountId,
) -> Question<BTreeMap<Recipient, Verdict>> {
    Question::new(&OF_OWNER, params![Value::list(recipients), owner, account], verdicts)
}

fn verdicts(rows: Vec<Row>) -> Result<BTreeMap<Recipient, Verdict>, Error> {
    let mut found: BTreeMap<Recipient, (bool, Verdict)> = BTreeMap::new();
    for row in rows {
        let mut columns = row.read();
        let recipient = recipient(&columns.text()?, &columns.text()?)?;
        let is_of_project = columns.text()? == "project";
        let verdict = columns.word(Verdict::parse)?;
        if is_of_project || !found.contains_key(&recipient) {
            found.insert(recipient, (is_of_project, verdict));
        }
    }
    Ok(found.into_iter().map(|(recipient, (_, verdict))| (recipient, verdict)).collect())
}

/// The rules of the caller's project and of his account, oldest first.
pub async fn of_caller(db: &Db, caller: &Caller) -> Result<Vec<StandingRule>, Error> {
    let rows = db.read(&OF_RECIPIENT, params![&caller.project, &caller.account]).await?;
    rows.into_iter().map(read).collect()
}

/// How many rules a recipient has.
pub fn count(tx: &mut Tx<'_>, recipient: &Recipient) -> Result<u32, Error> {
    match tx.query_opt(&COUNT, &params![recipient.kind(), recipient.id()])? {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// Sets a rule, in place of the one about the same owner.
pub fn put(tx: &mut Tx<'_>, rule: &StandingRule) -> Result<(), Error> {
    let (recipient, owner) = (&rule.recipient, &rule.owner);
    tx.execute_later(
        &PUT,
        params![
            recipient.kind(),
            recipient.id(),
            owner.kind(),
            owner.id(),
            rule.verdict.as_str(),
            &rule.set_by,
            rule.created_at,
        ],
    )
}

/// Forgets the rule about an owner; says whether there was one.
pub fn delete(tx: &mut Tx<'_>, of: &Recipient, owner: &str) -> Result<bool, Error> {
    Ok(tx.execute(&DELETE, &params![of.kind(), of.id(), owner])? > 0)
}

fn recipient(kind: &str, id: &str) -> Result<Recipient, Error> {
    Recipient::from_parts(kind, id)
        .ok_or_else(|| Error::internal(format!("unknown kind of recipient {kind:?}")))
}

fn read(row: Row) -> Result<StandingRule, Error> {
    let mut columns = row.read();
    Ok(StandingRule {
        recipient: recipient(&columns.text()?, &columns.text()?)?,
        owner: recipient(&columns.text()?, &columns.text()?)?,
        verdict: columns.word(Verdict::parse)?,
        set_by: UserId::trusted(columns.text()?),
        created_at: columns.time()?,
    })
}
