//! A world: regions, accounts, projects, users and access keys, described in one TOML file.
//!
//! [`apply`] adds what is missing and never changes what exists, passwords included. All of it is one
//! transaction: a file with an error changes nothing.

mod bootstrap;
mod file;

use std::collections::BTreeMap;
use std::fmt;

use lendglass_core::audit::{AuditEvent, AuditResult, AuditVerb};
use lendglass_core::limits::{NAME_CHARS, PASSWORD_BYTES};
use lendglass_core::tenant::{Account, Assigned, Project, Region};
use lendglass_core::{AccountId, Code, Error, ProjectId, RegionId, Timestamp, UserId};
use lendglass_store::clock::{Clock, IdSource};
use lendglass_store::credential::{self, AccessKey};
use lendglass_store::user::{self, Assignment, User};
use lendglass_store::{Db, Tx, audit, tenant};
use toml::Spanned;

use crate::drivers::identity::{Identity, access_key_purpose};
use file::{AccountEntry, Source, Text, UserEntry, World};

pub use bootstrap::{Bootstrapped, bootstrap};

/// What is needed to write a world, before there is an [`App`](crate::app::App).
#[derive(Clone)]
pub struct Ground {
    /// The database, migrated.
    pub db: Db,
    /// Hashes passwords and seals secrets.
    pub identity: Identity,
    /// The clock.
    pub clock: Clock,
    /// Where new ids come from.
    pub ids: IdSource,
}

/// Why a world was not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorldError {
    /// Something in the file is wrong; nothing was changed.
    At {
        /// The name of the file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what to write instead.
        text: String,
    },
    /// The database or the hashing failed.
    Failed(Error),
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorldError::At { file, line, text } => write!(f, "{file}:{line}: {text}"),
            WorldError::Failed(error) => write!(f, "{error:?}"),
        }
    }
}

impl std::error::Error for WorldError {}

impl From<Error> for WorldError {
    fn from(error: Error) -> WorldError {
        WorldError::Failed(error)
    }
}

/// How many things were added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Regions.
    pub regions: usize,
    /// Accounts.
    pub accounts: usize,
    /// Projects.
    pub projects: usize,
    /// Users.
    pub users: usize,
    /// Roles of users in projects.
    pub roles: usize,
    /// Access keys.
    pub access_keys: usize,
}

/// Applies the world in `text`, which came from the file `name`; answers what was added.
pub async fn apply(ground: &Ground, name: &str, text: &str) -> Result<Added, WorldError> {
    let source = Source { name: name.to_owned(), text: text.to_owned() };
    let world = source.parse()?;
    let hashes = hash_passwords(ground, &world, &source).await?;
    let work = Work {
        sealed: seal_secrets(ground, &world)?,
        ids: ground.ids.clone(),
        now: ground.clock.now(),
        source,
        hashes,
        world,
    };
    let added = ground.db.write(move |tx| work.run(tx)).await;
    added.map_err(|error| located(name, error))
}

/// The people of `--demo` and of the README.
pub fn demo_world() -> &'static str {
    include_str!("demo.toml")
}

/// An error of the transaction that knows its line.
fn located(file: &str, error: Error) -> WorldError {
    let line = error.fact("line").and_then(|line| line.parse().ok());
    match (line, error.fact("reason")) {
        (Some(line), Some(text)) => {
            WorldError::At { file: file.to_owned(), line, text: text.to_owned() }
        }
        (None | Some(_), _) => WorldError::Failed(error),
    }
}

/// Hashes take long and do not belong into a transaction: made before it, for users that are not
/// there yet, as far as one can see. Keyed by where the user's name stands in the file.
async fn hash_passwords(
    ground: &Ground,
    world: &World,
    source: &Source,
) -> Result<BTreeMap<usize, String>, WorldError> {
    let mut hashes = BTreeMap::new();
    for entry in &world.users {
        let user = entry.get_ref();
        let Some(password) = &user.password else { continue };
        if password.get_ref().is_empty() || password.get_ref().len() > PASSWORD_BYTES {
            let error =
                wrong(source, password, format!("a password has 1 to {PASSWORD_BYTES} bytes"));
            return Err(located(&source.name, error));
        }
        if !is_there(ground, user).await? {
            let hash = ground.identity.passwords().hash(password.get_ref()).await?;
            hashes.insert(user.name.span().start, hash);
        }
    }
    Ok(hashes)
}

async fn is_there(ground: &Ground, entry: &UserEntry) -> Result<bool, Error> {
    if let Some(id) = &entry.id {
        return Ok(user::read(&ground.db, &UserId::trusted(id.get_ref())).await?.is_some());
    }
    let by_id = AccountId::trusted(entry.account.get_ref());
    let by_name = tenant::read_account_by_name(&ground.db, entry.account.get_ref()).await?;
    let account = by_name.map_or(by_id, |account| account.id);
    Ok(user::read_by_name(&ground.db, &account, entry.name.get_ref()).await?.is_some())
}

fn seal_secrets(ground: &Ground, world: &World) -> Result<Vec<String>, Error> {
    let seal = ground.identity.seal();
    let seal_one = |entry: &Spanned<file::AccessKeyEntry>| {
        let entry = entry.get_ref();
        let purpose = access_key_purpose(entry.access_key.get_ref());
        seal.seal(&purpose, entry.secret_key.get_ref().as_bytes())
    };
    world.access_keys.iter().map(seal_one).collect()
}

fn wrong(source: &Source, at: &Text, text: impl fmt::Display) -> Error {
    wrong_line(source.line(&at.span()), text)
}

fn wrong_line(line: usize, text: impl fmt::Display) -> Error {
    Error::new(Code::Malformed).with("line", line).with("reason", text)
}

/// All that the transaction needs; it may run more than once.
struct Work {
    source: Source,
    world: World,
    hashes: BTreeMap<usize, String>,
    sealed: Vec<String>,
    ids: IdSource,
    now: Timestamp,
}

impl Work {
    fn run(&self, tx: &mut Tx<'_>) -> Result<Added, Error> {
        let added = Added {
            regions: self.add_regions(tx)?,
            accounts: self.add_accounts(tx)?,
            projects: self.add_projects(tx)?,
            users: self.add_users(tx)?,
            roles: self.add_roles(tx)?,
            access_keys: self.add_access_keys(tx)?,
        };
        if added != Added::default() {
            audit::insert(tx, &self.ids.hex(), &self.event(&added))?;
        }
        Ok(added)
    }

    fn event(&self, added: &Added) -> AuditEvent {
        AuditEvent {
            at: self.now,
            verb: AuditVerb::IdentityChange,
            region: RegionId::trusted(""),
            user: UserId::trusted("system"),
            project: ProjectId::trusted(""),
            account: AccountId::trusted(""),
            counterpart: None,
            target: "world".to_owned(),
            detail: format!("world.apply file={} {added:?}", self.source.name),
            result: AuditResult::Done,
            source: String::new(),
            request_id: String::new(),
        }
    }

    fn wrong(&self, at: &Text, text: impl fmt::Display) -> Error {
        wrong(&self.source, at, text)
    }

    fn name<'a>(&self, text: &'a Text) -> Result<&'a str, Error> {
        let name = text.get_ref().as_str();
        let chars = name.chars().count();
        let is_name = (1..=NAME_CHARS).contains(&chars)
            && name.trim() == name
            && !name.chars().any(char::is_control);
        if is_name {
            return Ok(name);
        }
        Err(self
            .wrong(text, format!("a name has 1 to {NAME_CHARS} characters and no spaces around")))
    }

    /// The id that was written, checked, or a new one.
    fn id(&self, text: Option<&Text>) -> Result<String, Error> {
        let Some(text) = text else { return Ok(self.ids.hex()) };
        match RegionId::parse(text.get_ref()) {
            Ok(_) => Ok(text.get_ref().clone()),
            Err(_) => Err(self.wrong(text, "an id has 1 to 64 letters, digits, - and _")),
        }
    }

    fn add_regions(&self, tx: &mut Tx<'_>) -> Result<usize, Error> {
        let mut added = 0;
        for entry in self.world.regions.iter().map(Spanned::get_ref) {
            let name = self.name(&entry.name)?;
            let known = tenant::regions(tx)?;
            let id = match &entry.id {
                Some(id) => self.id(Some(id))?,
                None if known.iter().any(|region| region.name == name) => continue,
                // A region's name is usually fit to be its id, and nicer in URLs than a number.
                None => RegionId::parse(name).map_or_else(|_| self.ids.hex(), |id| id.to_string()),
            };
            if known.iter().any(|region| region.id.as_str() == id) {
                continue;
            }
            if known.iter().any(|region| region.name == name) {
                return Err(self.wrong(&entry.name, format!("another region is named {name}")));
            }
            let zones = entry.zones.clone();
            let region = Region { id: RegionId::trusted(id), name: name.to_owned(), zones };
            tenant::insert_region(tx, &region, self.now)?;
            for site in &entry.sites {
                tenant::offer_region(tx, &region.id, site)?;
            }
            added += 1;
        }
        Ok(added)
    }

    fn add_accounts(&self, tx: &mut Tx<'_>) -> Result<usize, Error> {
        let mut added = 0;
        for entry in self.world.accounts.iter().map(Spanned::get_ref) {
            let name = self.name(&entry.name)?;
            let id = AccountId::trusted(self.id(entry.id.as_ref())?);
            if entry.id.is_some() && tenant::account(tx, &id)?.is_some() {
                continue;
            }
            match tenant::account_by_name(tx, name)? {
                Some(_) if entry.id.is_none() => continue,
                Some(other) => {
                    return Err(self.name_taken(&entry.name, "account", other.id.as_str()));
                }
                None => {}
            }
            let account = self.account(tx, entry, id)?;
            tenant::insert_account(tx, &account, self.now)?;
            if let Some(site) = &entry.site {
                tenant::set_site(tx, &account.id, site)?;
            }
            added += 1;
        }
        Ok(added)
    }

    fn account(
        &self,
        tx: &mut Tx<'_>,
        entry: &AccountEntry,
        id: AccountId,
    ) -> Result<Account, Error> {
        if let Some(uid) = &entry.uid
            && (uid.get_ref().is_empty() || !uid.get_ref().bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(self.wrong(uid, "a uid is a decimal number, in quotes"));
        }
        if let Some(email) = entry.email.as_ref().filter(|email| !email.get_ref().contains('@')) {
            return Err(self.wrong(email, "an e-mail address has an @"));
        }
        for text in [&entry.uid, &entry.email].into_iter().flatten() {
            if let Some(other) = tenant::account_by_any(tx, text.get_ref())? {
                let (text_of, other) = (text.get_ref(), other.name);
                return Err(self.wrong(text, format!("{text_of} belongs to the account {other}")));
            }
        }
        Ok(Account {
            id,
            uid: entry.uid.as_ref().map_or_else(|| self.ids.account_uid(), |u| u.get_ref().clone()),
            email: entry.email.as_ref().map(|email| email.get_ref().clone()),
            name: entry.name.get_ref().clone(),
            is_enabled: true,
        })
    }

    fn name_taken(&self, name: &Text, what: &str, other: &str) -> Error {
        let text = name.get_ref();
        self.wrong(name, format!("the name {text} belongs to the {what} with the id {other}"))
    }

    fn add_projects(&self, tx: &mut Tx<'_>) -> Result<usize, Error> {
        let mut added = 0;
        for entry in self.world.projects.iter().map(Spanned::get_ref) {
            let name = self.name(&entry.name)?;
            let id = ProjectId::trusted(self.id(entry.id.as_ref())?);
            if entry.id.is_some() && tenant::project(tx, &id)?.is_some() {
                continue;
            }
            let account = self.find_account(tx, &entry.account)?;
            match tenant::project_by_name(tx, &account, name)? {
                Some(_) if entry.id.is_none() => continue,
                Some(other) => {
                    return Err(self.name_taken(&entry.name, "project", other.id.as_str()));
                }
                None => {}
            }
            let project = Project {
                id,
                account,
                name: name.to_owned(),
                description: String::new(),
                region: Some(self.home(tx, &entry.name, entry.region.as_ref())?),
                is_discoverable: entry.discoverable,
                is_enabled: true,
            };
            tenant::insert_project(tx, &project, self.now)?;
            added += 1;
        }
        Ok(added)
    }

    fn home(&self, tx: &mut Tx<'_>, at: &Text, wanted: Option<&Text>) -> Result<RegionId, Error> {
        let known = tenant::regions(tx)?;
        let Some(wanted) = wanted else {
            let first = known.into_iter().next();
            return first.map(|region| region.id).ok_or_else(|| {
                self.wrong(at, "there is no region yet; add one under [[regions]]")
            });
        };
        let text = wanted.get_ref().as_str();
        let by_id = known.iter().find(|region| region.id.as_str() == text);
        let found = by_id.or_else(|| known.iter().find(|region| region.name == text));
        found
            .map(|region| region.id.clone())
            .ok_or_else(|| self.wrong(wanted, format!("there is no region {text}")))
    }

    fn add_users(&self, tx: &mut Tx<'_>) -> Result<usize, Error> {
        let mut added = 0;
        for entry in self.world.users.iter().map(Spanned::get_ref) {
            let name = self.name(&entry.name)?;
            let id = UserId::trusted(self.id(entry.id.as_ref())?);
            if entry.id.is_some() && user::exists(tx, id.as_str())? {
                continue;
            }
            let account = self.find_account(tx, &entry.account)?;
            match user::by_name(tx, &account, name)? {
                Some(_) if entry.id.is_none() => continue,
                Some(other) => {
                    return Err(self.name_taken(&entry.name, "user", other.user.id.as_str()));
                }
                None => {}
            }
            let hash = self.hashes.get(&entry.name.span().start).map(String::as_str);
            if hash.is_none() && entry.password.is_some() {
                return Err(Error::new(Code::Unavailable)
                    .because(format!("the user {name} was removed at this moment; try again")));
            }
            let made = User {
                id,
                account,
                name: name.to_owned(),
                email: String::new(),
                description: String::new(),
                default_project: None,
                is_enabled: true,
                is_system_admin: entry.system_admin,
            };
            user::insert(tx, &made, hash, self.now)?;
            added += 1;
        }
        Ok(added)
    }

    fn add_roles(&self, tx: &mut Tx<'_>) -> Result<usize, Error> {
        let mut added = 0;
        for entry in self.world.users.iter().map(Spanned::get_ref) {
            if entry.roles.is_empty() {
                continue;
            }
            let id = self.user_of_entry(tx, entry)?;
            for role in &entry.roles {
                let word = role.role.get_ref();
                let assigned = Assigned::parse(word).ok_or_else(|| {
                    let known = Assigned::ALL.map(Assigned::as_str).join(", ");
                    self.wrong(&role.role, format!("there is no role {word}; there are {known}"))
                })?;
                let project = self.find_project(tx, &role.project)?;
                let given = Assignment { user: id.clone(), project, assigned };
                added += usize::from(user::grant(tx, &given, self.now)?);
            }
        }
        Ok(added)
    }

    fn user_of_entry(&self, tx: &mut Tx<'_>, entry: &UserEntry) -> Result<UserId, Error> {
        if let Some(id) = &entry.id {
            return Ok(UserId::trusted(id.get_ref()));
        }
        let account = self.find_account(tx, &entry.account)?;
        let found = user::by_name(tx, &account, entry.name.get_ref())?;
        found
            .map(|known| known.user.id)
            .ok_or_else(|| Error::internal("a user of the world file was not added"))
    }

    fn add_access_keys(&self, tx: &mut Tx<'_>) -> Result<usize, Error> {
        let mut added = 0;
        for (entry, sealed) in self.world.access_keys.iter().zip(&self.sealed) {
            let entry = entry.get_ref();
            let id = self.id(Some(&entry.access_key))?;
            if entry.secret_key.get_ref().is_empty() {
                return Err(self.wrong(&entry.secret_key, "the secret is empty"));
            }
            let user = self.find_user(tx, &entry.user)?;
            let project = self.find_project(tx, &entry.project)?;
            if credential::access_key(tx, &id)?.is_some() {
                continue;
            }
            let key = AccessKey {
                id,
                user,
                project,
                sealed_secret: sealed.clone(),
                is_enabled: true,
                created_at: self.now,
                epoch: self.now.0,
                stamp_hours: None,
            };
            credential::insert_access_key(tx, &key)?;
            added += 1;
        }
        Ok(added)
    }

    // --- references ------------------------------------------------------------------------------

    fn find_account(&self, tx: &mut Tx<'_>, text: &Text) -> Result<AccountId, Error> {
        let found = self.account_of(tx, text.get_ref())?;
        found.ok_or_else(|| self.wrong(text, format!("there is no account {}", text.get_ref())))
    }

    fn account_of(&self, tx: &mut Tx<'_>, text: &str) -> Result<Option<AccountId>, Error> {
        let by_id = tenant::account(tx, &AccountId::trusted(text))?;
        let found = match by_id {
            Some(account) => Some(account),
            None => tenant::account_by_name(tx, text)?,
        };
        Ok(found.map(|account| account.id))
    }

    fn find_project(&self, tx: &mut Tx<'_>, text: &Text) -> Result<ProjectId, Error> {
        if let Some(project) = tenant::project(tx, &ProjectId::trusted(text.get_ref()))? {
            return Ok(project.id);
        }
        let named = tenant::projects_named(tx, text.get_ref())?;
        let named = named.into_iter().map(|project| project.id).collect();
        self.only_one(tx, text, "project", named, |tx, account, name| {
            Ok(tenant::project_by_name(tx, account, name)?.map(|project| project.id))
        })
    }

    fn find_user(&self, tx: &mut Tx<'_>, text: &Text) -> Result<UserId, Error> {
        let id = UserId::trusted(text.get_ref());
        if user::exists(tx, id.as_str())? {
            return Ok(id);
        }
        let named = user::named(tx, text.get_ref())?;
        let named = named.into_iter().map(|known| known.user.id).collect();
        self.only_one(tx, text, "user", named, |tx, account, name| {
            Ok(user::by_name(tx, account, name)?.map(|known| known.user.id))
        })
    }

    /// What a name means: the only thing of that name, or the one in `ACCOUNT/NAME`.
    fn only_one<T>(
        &self,
        tx: &mut Tx<'_>,
        text: &Text,
        what: &str,
        mut named: Vec<T>,
        by_name: impl Fn(&mut Tx<'_>, &AccountId, &str) -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        let written = text.get_ref();
        if named.len() > 1 {
            return Err(self.wrong(
                text,
                format!("{what} {written} is ambiguous: several accounts have one; write ACCOUNT/{written}"),
            ));
        }
        if let Some(only) = named.pop() {
            return Ok(only);
        }
        if let Some((account, name)) = written.split_once('/')
            && let Some(account) = self.account_of(tx, account)?
            && let Some(found) = by_name(tx, &account, name)?
        {
            return Ok(found);
        }
        Err(self.wrong(text, format!("there is no {what} {written}")))
    }
}
