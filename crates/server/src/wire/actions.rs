//! Which action each call asks for (T-079): the one table of it. Tests compare it with the routes there
//! are and with what a running server answers, and write `docs/permissions.md`.

use lendglass_core::permission::Action;

/// What a call asks of who makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: no token is looked at.
    Nothing,
    /// The cookie of a session of the console; no token is looked at.
    Session,
    /// A token, and nothing more.
    Token,
    /// What identity has rules of its own for: one's own things, and the operator for all others.
    Identity,
    /// These actions: one of them by what the call is about, or the first and, for some bodies, the
    /// others.
    Actions(&'static [Action]),
}

use Needs::{Actions, Identity, Nothing, Session, Token};

/// Making a record asks by what it will hold.
const CREATE: Needs =
    Actions(&[Action::ImagesCreate, Action::DataImagesCreate, Action::WholeImagesCreate]);
/// Glance's records hold a system disk or an ISO.
const CREATE_DISK: Needs = Actions(&[Action::ImagesCreate]);
/// Changing a record asks for more where it becomes public.
const UPDATE: Needs = Actions(&[Action::ImagesUpdate, Action::ImagesPublish]);
const CHANGE: Needs = Actions(&[Action::ImagesUpdate]);
const LIST: Needs = Actions(&[Action::ImagesList]);
const GET: Needs = Actions(&[Action::ImagesGet]);
const DELETE: Needs = Actions(&[Action::ImagesDelete]);
const UPLOAD: Needs = Actions(&[Action::ImagesUpload]);
const DOWNLOAD: Needs = Actions(&[Action::ImagesDownload]);
const COPY: Needs = Actions(&[Action::ImagesCopy]);
const MARKET: Needs = Actions(&[Action::ImagesMarket]);
const TAGS: Needs = Actions(&[Action::TagsManage]);
const SHARE: Needs = Actions(&[Action::ImagesShare]);
/// One verb of Glance's for both sides: the owner takes back, the recipient leaves.
const END: Needs = Actions(&[Action::ImagesShare, Action::SharesAnswer]);
const SHARES: Needs = Actions(&[Action::SharesList]);
const ANSWER: Needs = Actions(&[Action::SharesAnswer]);
const NOTICES: Needs = Actions(&[Action::NoticesRead]);
const WEBHOOKS: Needs = Actions(&[Action::WebhooksManage]);
const JOBS: Needs = Actions(&[Action::JobsList]);
const ACCESS: Needs = Actions(&[Action::AccessList]);
const MANAGE: Needs = Actions(&[Action::AccessManage]);
const KEYS: Needs = Actions(&[Action::KeysManage]);
const POLICIES: Needs = Actions(&[Action::PoliciesSet]);

const VAULTS: Needs = Actions(&[Action::VaultsList]);
/// A vault is shown with what it holds: both are asked.
const VAULT_WITH_BACKUPS: Needs = Actions(&[Action::VaultsList, Action::BackupsList]);
const VAULT: Needs = Actions(&[Action::VaultsManage]);
const BACKUPS: Needs = Actions(&[Action::BackupsList]);
const BACKUP: Needs = Actions(&[Action::BackupsManage]);
const RULES: Needs = Actions(&[Action::SharesRules]);
/// What is undone was done as one side or the other.
const UNDO: Needs = Actions(&[Action::ImagesShare, Action::SharesAnswer]);

/// Every route: method, path, what it asks. Aliases below `/identity/v3` are the routes below `/v3`.
pub const ROUTES: &[(&str, &str, Needs)] = &[
    ("GET", "/", Nothing),
    ("GET", "/versions", Nothing),
    ("GET", "/versions/", Nothing),
    ("GET", "/healthcheck", Nothing),
    ("GET", "/healthz", Nothing),
    ("GET", "/readyz", Nothing),
    ("GET", "/metrics", Nothing),
    ("GET", "/console", Nothing),
    ("GET", "/console/", Nothing),
    ("GET", "/v2", Nothing),
    ("GET", "/v2/", Nothing),
    ("GET", "/v2/schemas/image", Token),
    ("GET", "/v2/schemas/images", Token),
    ("GET", "/v2/schemas/member", Token),
    ("GET", "/v2/schemas/members", Token),
    ("GET", "/v2/info/import", Token),
    ("GET", "/v2/info/usage", Token),
    ("GET", "/v2/tasks", Token),
    ("POST", "/v2/tasks", Token),
    ("GET", "/v2/metadefs/namespaces", Token),
    ("POST", "/v2/metadefs/namespaces", Token),
    ("GET", "/v2/metadefs/resource_types", Token),
    ("GET", "/v2/images", LIST),
    ("POST", "/v2/images", CREATE_DISK),
    ("GET", "/v2/images/", LIST),
    ("POST", "/v2/images/", CREATE_DISK),
    ("GET", "/v2/images/{image}", GET),
    ("PATCH", "/v2/images/{image}", UPDATE),
    ("DELETE", "/v2/images/{image}", DELETE),
    ("GET", "/v2/images/{image}/file", DOWNLOAD),
    ("PUT", "/v2/images/{image}/file", UPLOAD),
    ("PUT", "/v2/images/{image}/tags/{tag}", CHANGE),
    ("DELETE", "/v2/images/{image}/tags/{tag}", CHANGE),
    ("POST", "/v2/images/{image}/actions/deactivate", CHANGE),
    ("POST", "/v2/images/{image}/actions/reactivate", CHANGE),
    ("GET", "/v2/images/{image}/members", SHARES),
    ("POST", "/v2/images/{image}/members", SHARE),
    ("GET", "/v2/images/{image}/members/{member}", SHARES),
    ("PUT", "/v2/images/{image}/members/{member}", ANSWER),
    ("DELETE", "/v2/images/{image}/members/{member}", END),
    ("POST", "/v2/images/{image}/import", Token),
    ("PUT", "/v2/images/{image}/stage", Token),
    ("GET", "/v2/images/{image}/tasks", GET),
    ("GET", "/v2/images/{image}/locations", Token),
    ("POST", "/v2/images/{image}/locations", Token),
    ("GET", "/identity", Nothing),
    ("GET", "/identity/", Nothing),
    ("GET", "/v3", Nothing),
    ("GET", "/v3/", Nothing),
    ("GET", "/v3/auth/tokens", Identity),
    ("POST", "/v3/auth/tokens", Nothing),
    ("DELETE", "/v3/auth/tokens", Identity),
    ("GET", "/v3/auth/projects", Identity),
    ("GET", "/v3/auth/domains", Identity),
    ("GET", "/v3/auth/catalog", Identity),
    ("GET", "/v3/projects", Identity),
    ("POST", "/v3/projects", Identity),
    ("GET", "/v3/projects/{id}", Identity),
    ("PATCH", "/v3/projects/{id}", Identity),
    ("DELETE", "/v3/projects/{id}", Identity),
    ("GET", "/v3/projects/{project}/users/{user}/roles", Identity),
    ("GET", "/v3/projects/{project}/users/{user}/roles/{role}", Identity),
    ("PUT", "/v3/projects/{project}/users/{user}/roles/{role}", Identity),
    ("DELETE", "/v3/projects/{project}/users/{user}/roles/{role}", Identity),
    ("GET", "/v3/users", Identity),
    ("POST", "/v3/users", Identity),
    ("GET", "/v3/users/{id}", Identity),
    ("PATCH", "/v3/users/{id}", Identity),
    ("DELETE", "/v3/users/{id}", Identity),
    ("GET", "/v3/users/{id}/projects", Identity),
    ("POST", "/v3/users/{id}/password", Nothing),
    ("GET", "/v3/users/{id}/application_credentials", Identity),
    ("POST", "/v3/users/{id}/application_credentials", Identity),
    ("GET", "/v3/users/{id}/application_credentials/{credential}", Identity),
    ("DELETE", "/v3/users/{id}/application_credentials/{credential}", Identity),
    ("GET", "/v3/domains", Identity),
    ("POST", "/v3/domains", Identity),
    ("GET", "/v3/domains/{id}", Identity),
    ("PATCH", "/v3/domains/{id}", Identity),
    ("DELETE", "/v3/domains/{id}", Identity),
    ("GET", "/v3/regions", Identity),
    ("GET", "/v3/regions/{id}", Identity),
    ("GET", "/v3/services", Identity),
    ("GET", "/v3/services/{id}", Identity),
    ("GET", "/v3/endpoints", Identity),
    ("GET", "/v3/endpoints/{id}", Identity),
    ("GET", "/v3/roles", Identity),
    ("GET", "/v3/roles/{id}", Identity),
    ("GET", "/v3/role_assignments", Identity),
    ("POST", "/v1/cloudimages/members", SHARE),
    ("PUT", "/v1/cloudimages/members", ANSWER),
    ("DELETE", "/v1/cloudimages/members", SHARE),
    ("GET", "/v1/{project_id}/cloudimages/{image}/members", SHARES),
    ("GET", "/v1/{project_id}/cloudimages/{image}/members/{member}", SHARES),
    ("GET", "/v1/{project_id}/jobs/{job}", JOBS),
    ("GET", "/v1/cloudimages/job/{job}", JOBS),
    ("GET", "/v2/cloudimages", LIST),
    ("PATCH", "/v2/cloudimages/{image}", CHANGE),
    ("POST", "/v2/cloudimages/action", Token),
    ("POST", "/v2.1/cloudimages/action", Token),
    ("POST", "/v1/cloudimages/dataimages/action", Token),
    ("POST", "/v2.1/cloudimages/dataimages/action", Token),
    ("POST", "/v1/cloudimages/wholeimages/action", Token),
    ("POST", "/v2/cloudimages/quickimport/action", Token),
    ("POST", "/v2.1/cloudimages/quickimport/action", Token),
    ("PUT", "/v1/cloudimages/{image}/upload", Token),
    ("POST", "/v1/cloudimages/{image}/file", Token),
    ("POST", "/v2.1/cloudimages/{image}/file", Token),
    ("POST", "/v1/cloudimages/{image}/copy", COPY),
    ("POST", "/v2.1/cloudimages/{image}/copy", COPY),
    ("POST", "/v1/cloudimages/{image}/cross_region_copy", COPY),
    ("GET", "/v1/cloudimages/os_version", Token),
    ("GET", "/v1/cloudimages/quota", Actions(&[Action::QuotasGet])),
    ("GET", "/v1/{project_id}/cloudimages/quota", Actions(&[Action::QuotasGet])),
    ("DELETE", "/v1.1/images/{image}", DELETE),
    ("GET", "/v1/cloudimages/tags", LIST),
    ("PUT", "/v1/cloudimages/tags", CHANGE),
    ("DELETE", "/v1/{project_id}/cloudimages/{image}/tags/delete", CHANGE),
    ("POST", "/v2/{project_id}/images/resource_instances/action", LIST),
    ("GET", "/v2/{project_id}/images/tags", LIST),
    ("GET", "/v2/{project_id}/images/{image}/tags", GET),
    ("POST", "/v2/{project_id}/images/{image}/tags", CHANGE),
    ("POST", "/v2/{project_id}/images/{image}/tags/action", CHANGE),
    ("DELETE", "/v2/{project_id}/images/{image}/tags/{key}", CHANGE),
    ("GET", "/v3/{project_id}/vaults", VAULTS),
    ("POST", "/v3/{project_id}/vaults", VAULT),
    ("GET", "/v3/{project_id}/vaults/{vault}", VAULTS),
    ("PUT", "/v3/{project_id}/vaults/{vault}", VAULT),
    ("DELETE", "/v3/{project_id}/vaults/{vault}", VAULT),
    ("GET", "/v3/{project_id}/backups", BACKUPS),
    ("GET", "/v3/{project_id}/backups/{backup}", BACKUPS),
    ("DELETE", "/v3/{project_id}/backups/{backup}", BACKUP),
    ("GET", "/api/v1/openapi.json", Nothing),
    ("GET", "/api/v1/codes/{code}", Nothing),
    ("GET", "/api/v1/session", Session),
    ("POST", "/api/v1/session", Nothing),
    ("DELETE", "/api/v1/session", Session),
    ("POST", "/api/v1/session/persona", Session),
    ("GET", "/api/v1/me", Token),
    ("GET", "/api/v1/me/preferences", Token),
    ("PUT", "/api/v1/me/preferences", Token),
    ("GET", "/api/v1/policy", Token),
    ("GET", "/api/v1/policies", POLICIES),
    ("PATCH", "/api/v1/policies", POLICIES),
    ("PUT", "/api/v1/policies/profile", POLICIES),
    ("PUT", "/api/v1/policies/{key}", POLICIES),
    ("DELETE", "/api/v1/policies/{key}", POLICIES),
    ("GET", "/api/v1/access/actions", Token),
    ("GET", "/api/v1/access/users", ACCESS),
    ("GET", "/api/v1/access/policies", ACCESS),
    ("POST", "/api/v1/access/policies", MANAGE),
    ("GET", "/api/v1/access/policies/{id}", ACCESS),
    ("PUT", "/api/v1/access/policies/{id}", MANAGE),
    ("DELETE", "/api/v1/access/policies/{id}", MANAGE),
    ("PUT", "/api/v1/access/policies/{id}/users/{user}", MANAGE),
    ("DELETE", "/api/v1/access/policies/{id}/users/{user}", MANAGE),
    ("GET", "/api/v1/access-keys", KEYS),
    ("POST", "/api/v1/access-keys", KEYS),
    ("PATCH", "/api/v1/access-keys/{id}", KEYS),
    ("DELETE", "/api/v1/access-keys/{id}", KEYS),
    ("GET", "/api/v1/regions", Token),
    ("GET", "/api/v1/quota", Actions(&[Action::QuotasGet])),
    ("GET", "/api/v1/tenants/resolve", Actions(&[Action::TenantsGet])),
    ("GET", "/api/v1/images", LIST),
    ("POST", "/api/v1/images", CREATE),
    ("GET", "/api/v1/images/{id}", GET),
    ("PATCH", "/api/v1/images/{id}", UPDATE),
    ("DELETE", "/api/v1/images/{id}", DELETE),
    ("PUT", "/api/v1/images/{id}/file", UPLOAD),
    ("GET", "/api/v1/images/{id}/file", DOWNLOAD),
    ("POST", "/api/v1/images/{id}/deactivate", CHANGE),
    ("POST", "/api/v1/images/{id}/reactivate", CHANGE),
    ("POST", "/api/v1/images/{id}/replicate", COPY),
    ("GET", "/api/v1/images/{id}/disks", GET),
    ("GET", "/api/v1/images/{id}/disks/{position}/file", DOWNLOAD),
    ("POST", "/api/v1/images/{id}/copy", COPY),
    ("POST", "/api/v1/images/{id}/publish", MARKET),
    ("POST", "/api/v1/images/{id}/unpublish", MARKET),
    ("POST", "/api/v1/images/delete", DELETE),
    ("GET", "/api/v1/tags/predefined", LIST),
    ("PUT", "/api/v1/tags/predefined/{key}", TAGS),
    ("DELETE", "/api/v1/tags/predefined/{key}", TAGS),
    ("GET", "/api/v1/images/{id}/shares", SHARES),
    ("GET", "/api/v1/shares", SHARES),
    ("POST", "/api/v1/shares", SHARE),
    ("DELETE", "/api/v1/shares", SHARE),
    ("POST", "/api/v1/shares/answers", ANSWER),
    ("POST", "/api/v1/shares/reminders", SHARE),
    ("POST", "/api/v1/undo", UNDO),
    ("GET", "/api/v1/rules", SHARES),
    ("PUT", "/api/v1/rules/{owner}", RULES),
    ("DELETE", "/api/v1/rules/{owner}", RULES),
    ("GET", "/api/v1/shares/counts", SHARES),
    ("GET", "/api/v1/audit", Actions(&[Action::AuditList])),
    ("GET", "/api/v1/notices", NOTICES),
    ("GET", "/api/v1/notices/counts", NOTICES),
    ("GET", "/api/v1/notices/elsewhere", NOTICES),
    ("POST", "/api/v1/notices/read", Actions(&[Action::NoticesMark])),
    ("GET", "/api/v1/events", NOTICES),
    ("GET", "/api/v1/webhooks", WEBHOOKS),
    ("POST", "/api/v1/webhooks", WEBHOOKS),
    ("GET", "/api/v1/webhooks/{id}", WEBHOOKS),
    ("PATCH", "/api/v1/webhooks/{id}", WEBHOOKS),
    ("DELETE", "/api/v1/webhooks/{id}", WEBHOOKS),
    ("POST", "/api/v1/webhooks/{id}/test", WEBHOOKS),
    ("GET", "/api/v1/jobs", JOBS),
    ("GET", "/api/v1/jobs/{id}", JOBS),
    ("GET", "/api/v1/vaults", VAULTS),
    ("POST", "/api/v1/vaults", VAULT),
    ("GET", "/api/v1/vaults/{id}", VAULT_WITH_BACKUPS),
    ("PATCH", "/api/v1/vaults/{id}", VAULT),
    ("DELETE", "/api/v1/vaults/{id}", VAULT),
    ("GET", "/api/v1/backups", BACKUPS),
    ("POST", "/api/v1/backups", BACKUP),
    ("GET", "/api/v1/backups/{id}", BACKUPS),
    ("DELETE", "/api/v1/backups/{id}", BACKUP),
    ("POST", "/api/v1/backups/{id}/image", Actions(&[Action::WholeImagesCreate])),
    ("POST", "/api/v1/jobs/{id}/cancel", Actions(&[Action::JobsCancel])),
];
