//! Who acts: the people of `world.toml`, and members of four further projects.

use lendglass_core::policy::RecipientKind;
use lendglass_core::recipient::Named;
use lendglass_core::tenant::{Caller, Project, Role};
use lendglass_core::{AccountId, ProjectId, RegionId, UserId};
use lendglass_store::tenant as store_tenant;

use crate::cloud;
use crate::history::To;
use crate::support::{A, A2, B, B2, C, D, TestServer};

/// Somebody, with the project and the account he acts for.
pub struct Person {
    pub name: &'static str,
    pub project: &'static str,
    pub account: &'static str,
}

const fn person(name: &'static str, project: &'static str, account: &'static str) -> Person {
    Person { name, project, account }
}

/// The last one is the operator.
pub const PEOPLE: [Person; 10] = [
    person("alice", A, "x"),
    person("alice@A2", A2, "x"),
    person("bob", B, "y"),
    person("bob@B2", B2, "y"),
    person("carol", C, "z"),
    person("p1", "f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1", "many"),
    person("p2", "f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2", "many"),
    person("p3", "f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3", "many"),
    person("p4", "f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4", "many"),
    person("operator", "0000000000000000000000000000000a", "default"),
];
pub const OPERATOR: usize = PEOPLE.len() - 1;
const NOBODY: &str = "dededededededededededededededede";

/// A recipient, or an owner, in the model's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Project(&'static str),
    Account(&'static str),
}

impl Side {
    pub fn id(self) -> &'static str {
        match self {
            Side::Project(id) | Side::Account(id) => id,
        }
    }
}

impl Person {
    pub fn sides(&self) -> [Side; 2] {
        [Side::Project(self.project), Side::Account(self.account)]
    }
}

/// The account of a project.
pub fn account_of(project: &str) -> &'static str {
    PEOPLE.iter().find(|person| person.project == project).map_or("", |person| person.account)
}

/// Somebody, with every right that a project gives.
pub fn caller(who: usize) -> Caller {
    let person = &PEOPLE[who];
    let mut caller = if person.name.starts_with('p') {
        cloud::member_of(person.project)
    } else {
        cloud::caller(person.name)
    };
    caller.user = UserId::trusted(person.name);
    // Roles have stories of their own.
    caller.role = Role::Admin;
    caller
}

/// How an offer names somebody.
pub fn named(to: To) -> Named {
    match to {
        To::Known(Side::Project(id)) => cloud::named(id),
        To::Known(Side::Account(id)) => {
            Named { text: id.to_owned(), kind: Some(RecipientKind::Account) }
        }
        To::Elsewhere => cloud::named(D),
        To::Nobody => cloud::named(NOBODY),
    }
}

/// Writes the projects that `world.toml` does not have.
pub async fn settle(server: &TestServer) {
    let now = server.app.clock.now();
    let write = move |tx: &mut lendglass_store::Tx<'_>| {
        for person in PEOPLE.iter().filter(|person| person.name.starts_with('p')) {
            let project = Project {
                id: ProjectId::trusted(person.project),
                account: AccountId::trusted(person.account),
                name: person.name.to_owned(),
                description: String::new(),
                region: Some(RegionId::trusted("r1")),
                is_discoverable: false,
                is_enabled: true,
            };
            store_tenant::insert_project(tx, &project, now)?;
        }
        Ok(())
    };
    server.app.db.write(write).await.unwrap();
}
