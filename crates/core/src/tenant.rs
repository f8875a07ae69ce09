//! Accounts, projects, regions, and the caller.

use crate::error::{Code, Error};
use crate::id::{AccountId, ProjectId, RegionId, UserId};
use crate::permission::{self, Action, Permissions};

/// A region: a place with its own images and its own blob store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its id, as in the URL prefix `/region/ID`.
    pub id: RegionId,
    /// What people call it.
    pub name: String,
    /// Availability zones, for the dialects that show them.
    pub zones: Vec<String>,
}

/// An account holds projects and users: a Keystone domain, a cloud's root account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The decimal number that Tencent's dialect shows; unique.
    pub uid: String,
    /// The root e-mail, unique where set; a recipient may be named by it.
    pub email: Option<String>,
    /// What people call it; unique.
    pub name: String,
    /// A disabled account signs nobody in.
    pub is_enabled: bool,
}

/// A project: a tenant. It owns images and receives shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// The account that holds it.
    pub account: AccountId,
    /// What people call it; unique in its account.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The home region; none for a project that lives in an outside Keystone.
    pub region: Option<RegionId>,
    /// Whether others who know the exact id are told the name (SH-20).
    pub is_discoverable: bool,
    /// A disabled project can be entered by nobody.
    pub is_enabled: bool,
}

/// What a user may do in a project. Each role includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees.
    Reader,
    /// Sees, creates, changes, shares, answers.
    Member,
    /// As member; manages the project. Outside the project it gives nothing.
    Admin,
}

impl Role {
    /// All roles, weakest first.
    pub const ALL: [Role; 3] = [Role::Reader, Role::Member, Role::Admin];

    /// The role's name on every wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Member => "member",
            Role::Admin => "admin",
        }
    }

    /// The role named `text`, if there is one.
    pub fn parse(text: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// What can be assigned to a user in a project: a role, or the mark of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assigned {
    /// A role.
    Role(Role),
    /// The user is a service (Nova, Cinder): its token in `X-Service-Token` vouches for the request.
    Service,
}

impl Assigned {
    /// All of them, roles first.
    pub const ALL: [Assigned; 4] = [
        Assigned::Role(Role::Reader),
        Assigned::Role(Role::Member),
        Assigned::Role(Role::Admin),
        Assigned::Service,
    ];

    /// The stored and rendered word.
    pub fn as_str(self) -> &'static str {
        match self {
            Assigned::Role(role) => role.as_str(),
            Assigned::Service => "service",
        }
    }

    /// What the word stands for, if it stands for anything.
    pub fn parse(text: &str) -> Option<Assigned> {
        Assigned::ALL.into_iter().find(|assigned| assigned.as_str() == text)
    }
}

/// How a caller proved who he is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A token.
    Token,
    /// The token of an application credential: it acts in its project and in no other.
    ApplicationCredential,
    /// A request signed with an access key.
    AccessKey,
}

/// Who asks, proven. Built only where credentials are checked, never from a field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The user's name, for audit rows.
    pub user_name: String,
    /// The project the caller acts in.
    pub project: ProjectId,
    /// The account that holds that project.
    pub account: AccountId,
    /// The region of this request.
    pub region: RegionId,
    /// The strongest role in the project.
    pub role: Role,
    /// What the custom policies of the project give and take him; empty for most.
    pub permissions: Permissions,
    /// The operator of the installation: `system_admin` with built-in identity, role `admin` with
    /// Keystone.
    pub is_operator: bool,
    /// A service (Nova, Cinder) that acts for a user and may always read what its user may use.
    pub is_service: bool,
    /// How it was proven.
    pub credential: Credential,
    /// Where the request came from, for audit rows.
    pub source: String,
    /// The id of the request, for audit rows.
    pub request_id: String,
    /// How the request wants to be carried out.
    pub terms: Terms,
}

/// How a request wants to be carried out, whatever it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Decide everything and change nothing (AP-07).
    pub is_dry_run: bool,
    /// The request has one effect, however often it is sent (AP-05).
    pub once: Option<Once>,
}

/// What makes two requests the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The client's own key, unique among the requests of a user in a project.
    pub key: String,
    /// A digest of the request: a key that comes back with another request is a mistake.
    pub fingerprint: String,
}

impl Caller {
    /// Refuses with [`Code::RoleTooWeak`] unless the caller has at least `needed`.
    pub fn needs(&self, needed: Role) -> Result<(), Error> {
        if self.role >= needed || self.is_operator {
            return Ok(());
        }
        Err(Error::new(Code::RoleTooWeak)
            .with("role", self.role.as_str())
            .with("needed", needed.as_str()))
    }

    /// Refuses what neither role nor custom policies let the caller do in his project; the operator
    /// may everything.
    ///
    /// Errors: [`Code::ActionDenied`], [`Code::RoleTooWeak`], [`Code::OperatorOnly`].
    pub fn may(&self, action: Action) -> Result<(), Error> {
        if self.is_operator {
            return Ok(());
        }
        permission::decide(self.role, &self.permissions, action)
    }

    /// Refuses with [`Code::OperatorOnly`] unless the caller is the operator.
    pub fn needs_operator(&self) -> Result<(), Error> {
        if self.is_operator { Ok(()) } else { Err(Error::new(Code::OperatorOnly)) }
    }
}
