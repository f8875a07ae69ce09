//! Who may be meant by names of recipients: many at once, in a handful of statements that are asked
//! together.

use std::collections::{BTreeMap, BTreeSet};

use lendglass_core::recipient::Candidates;
use lendglass_core::tenant::{Account, Project};
use lendglass_core::{AccountId, Error, ProjectId, RegionId};

use crate::db::{Question, Questions, Row, Statement, Tx, Value};
use crate::params;
use crate::tenant::{account_of, project_of};

static PROJECTS: Statement = Statement::new(
    "select id, account_id, name, description, region_id, is_discoverable, is_enabled \
     from project where id in {list}",
);
static ACCOUNTS: Statement = Statement::new(
    "select id, uid, email, name, is_enabled from account where id in {list} \
     union select id, uid, email, name, is_enabled from account where uid in {list} \
     union select id, uid, email, name, is_enabled from account where email in {second_list}",
);
/// The accounts that are meant, as in [`ACCOUNTS`].
macro_rules! accounts {
    () => {
        "select id from account where id in {list} \
         union select id from account where uid in {list} \
         union select id from account where email in {second_list}"
    };
}
static PROJECTS_OF: Statement = Statement::new(concat!(
    "select account_id, id from project where account_id in (",
    accounts!(),
    ") and is_enabled = 1 and (region_id = $3 or region_id is null) order by account_id, id",
));
static USERS: Statement = Statement::new("select id from account_user where id in {list}");
static SITES: Statement = Statement::new(concat!(
    "select s.account_id, s.site, \
     case when exists (select 1 from region_site r where r.region_id = $3) \
     and not exists (select 1 from region_site r where r.region_id = $3 and r.site = s.site) \
     then 0 else 1 end from account_site s where s.account_id in (",
    accounts!(),
    " union select account_id from project where id in {list})",
));

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&PROJECTS, &ACCOUNTS, &PROJECTS_OF, &USERS, &SITES];

/// Everything the store knows of recipients with these names in a region (ID-08), as
/// [`crate::tenant::read_candidates`] does for one.
pub fn of_all(
    names: &[&str],
    region: &RegionId,
) -> impl Questions<Answers = BTreeMap<String, Candidates>> + use<> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    // Nobody's name has a NUL, and PostgreSQL takes none.
    let possible: Vec<&String> = names.iter().filter(|name| !name.contains('\0')).collect();
    let lowered: Vec<String> = possible.iter().map(|name| name.to_lowercase()).collect();
    let (list, emails) = (Value::list(&possible), Value::list(&lowered));
    let in_region = || params![list.clone(), emails.clone(), region];
    let questions = (
        Question::new(&PROJECTS, params![list.clone()], |rows| read(rows, project_of)),
        Question::new(&ACCOUNTS, params![list.clone(), emails.clone()], |rows| {
            read(rows, account_of)
        }),
        Question::new(&USERS, params![list.clone()], |rows| read(rows, |row| row.read().text())),
        Question::new(&PROJECTS_OF, in_region(), |rows| read(rows, pair)),
        Question::new(&SITES, in_region(), |rows| read(rows, site)),
    );
    questions.then(move |(projects, accounts, users, members, sites)| {
        let known = Found {
            projects: projects.into_iter().map(|p| (p.id.to_string(), p)).collect(),
            accounts,
            users: users.into_iter().collect(),
            members,
            sites: sites.into_iter().collect(),
        };
        Ok(names.into_iter().map(|name| (name.clone(), known.of(&name))).collect())
    })
}

/// As [`of_all`], for one.
pub fn of(tx: &mut Tx<'_>, name: &str, region: &RegionId) -> Result<Candidates, Error> {
    let found = tx.ask(of_all(&[name], region))?.remove(name);
    found.ok_or_else(|| Error::internal("a recipient was not looked up"))
}

fn read<T>(rows: Vec<Row>, one: fn(Row) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    rows.into_iter().map(one).collect()
}

fn pair(row: Row) -> Result<(AccountId, ProjectId), Error> {
    let mut columns = row.read();
    Ok((AccountId::trusted(columns.text()?), ProjectId::trusted(columns.text()?)))
}

fn site(row: Row) -> Result<(AccountId, (String, bool)), Error> {
    let mut columns = row.read();
    Ok((AccountId::trusted(columns.text()?), (columns.text()?, columns.flag()?)))
}

/// What was found for all the names together.
struct Found {
    projects: BTreeMap<String, Project>,
    accounts: Vec<Account>,
    users: BTreeSet<String>,
    members: Vec<(AccountId, ProjectId)>,
    sites: BTreeMap<AccountId, (String, bool)>,
}

impl Found {
    fn of(&self, name: &str) -> Candidates {
        let project = self.projects.get(name).cloned();
        let account = self.account(name).cloned();
        let members = |account: &Account| {
            let of_it = self.members.iter().filter(|(holder, _)| *holder == account.id);
            of_it.map(|(_, project)| project.clone()).collect()
        };
        let holder = project.as_ref().map(|p| &p.account).or(account.as_ref().map(|a| &a.id));
        let site = holder.and_then(|holder| self.sites.get(holder)).cloned();
        let (site, is_region_offered) = site.unwrap_or((String::new(), true));
        Candidates {
            account_projects: account.as_ref().map(members).unwrap_or_default(),
            project,
            account,
            is_user: self.users.contains(name),
            site,
            is_region_offered,
        }
    }

    /// By its id, else by its number, else by its e-mail.
    fn account(&self, name: &str) -> Option<&Account> {
        let lowered = name.to_lowercase();
        let find = |fits: &dyn Fn(&Account) -> bool| self.accounts.iter().find(|a| fits(a));
        find(&|account| account.id.as_str() == name)
            .or_else(|| find(&|account| account.uid == name))
            .or_else(|| find(&|account| account.email.as_deref() == Some(&lowered)))
    }
}
