//! Tokens: EdDSA-signed JWTs that carry all a request needs to know of its caller.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use lendglass_core::tenant::Role;
use lendglass_core::{AccountId, Error, ProjectId, RegionId, Timestamp, UserId};
use lendglass_store::clock::{Clock, IdSource};
use lendglass_store::{Db, credential, revocation};
use openssl::pkey::{Id, PKey};
use openssl::sha::sha256;
use serde::{Deserialize, Serialize};

use super::seal::Seal;

/// Longest life of a token, seconds, whatever the settings say: revocations are kept for longer.
pub const TOKEN_LIFETIME_MAX_SECONDS: u32 = 86_400;
/// Longest token that is looked at; ours have some 700 bytes.
const TOKEN_BYTES: usize = 4096;
/// Verified tokens remembered, in two halves; an entry takes about 1 KiB.
const REMEMBERED: usize = 4096;

/// How somebody signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// With a password.
    Password,
    /// With a token.
    Token,
    /// With an application credential.
    ApplicationCredential,
    /// Not at all: the request is signed with an access key. No token says so.
    AccessKey,
}

impl Method {
    /// Keystone's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Password => "password",
            Method::Token => "token",
            Method::ApplicationCredential => "application_credential",
            Method::AccessKey => "access_key",
        }
    }
}

/// What a token gives access to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nothing: good for choosing a project.
    Unscoped,
    /// One project.
    Project(ProjectScope),
    /// An account.
    Account(AccountId),
    /// The installation; the operator's.
    System,
}

/// The project of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectScope {
    /// The project.
    pub project: ProjectId,
    /// Its account.
    pub account: AccountId,
    /// Its home region.
    pub region: Option<RegionId>,
    /// The strongest role there.
    pub role: Role,
    /// Whether the user is a service there.
    pub is_service: bool,
    /// The project's epoch when the token was made.
    pub epoch: i64,
}

/// Who somebody is, for as long as the token lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The user.
    pub user: UserId,
    /// The user's name.
    pub user_name: String,
    /// The user's account.
    pub user_account: AccountId,
    /// The user's epoch when the token was made.
    pub user_epoch: i64,
    /// What the token gives access to.
    pub scope: Scope,
    /// The operator of the installation.
    pub is_operator: bool,
    /// When the token was made, in whole seconds.
    pub issued_at: Timestamp,
    /// When it ends, in whole seconds.
    pub expires_at: Timestamp,
    /// Names the token without giving it away.
    pub audit_id: String,
    /// The audit id of the token it was made from.
    pub parent_audit_id: Option<String>,
    /// How the user signed in, first method first.
    pub methods: Vec<Method>,
    /// The application credential it was made with.
    pub application: Option<ApplicationUse>,
}

/// The application credential behind a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationUse {
    /// Its id.
    pub id: String,
    /// May make and remove application credentials.
    pub is_unrestricted: bool,
}

/// The claims on the wire, short, because every request carries them.
#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    name: String,
    acc: String,
    ep: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prj: Option<ProjectClaims>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dom: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    sys: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    op: bool,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    par: Option<String>,
    amr: Vec<Method>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app: Option<(String, bool)>,
}

#[derive(Serialize, Deserialize)]
struct ProjectClaims {
    id: String,
    acc: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reg: Option<String>,
    role: String,
    #[serde(default, skip_serializing_if = "is_false")]
    svc: bool,
    ep: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Claims {
    fn of(session: &Session) -> Claims {
        let (prj, dom, sys) = match &session.scope {
            Scope::Unscoped => (None, None, false),
            Scope::Project(scope) => (Some(ProjectClaims::of(scope)), None, false),
            Scope::Account(account) => (None, Some(account.to_string()), false),
            Scope::System => (None, None, true),
        };
        Claims {
            sub: session.user.to_string(),
            name: session.user_name.clone(),
            acc: session.user_account.to_string(),
            ep: session.user_epoch,
            prj,
            dom,
            sys,
            op: session.is_operator,
            iat: session.issued_at.seconds(),
            exp: session.expires_at.seconds(),
            jti: session.audit_id.clone(),
            par: session.parent_audit_id.clone(),
            amr: session.methods.clone(),
            app: session.application.as_ref().map(|used| (used.id.clone(), used.is_unrestricted)),
        }
    }

    fn session(self) -> Option<Session> {
        let scope = match (self.prj, self.dom, self.sys) {
            (Some(project), None, false) => Scope::Project(project.scope()?),
            (None, Some(account), false) => Scope::Account(AccountId::trusted(account)),
            (None, None, true) => Scope::System,
            (None, None, false) => Scope::Unscoped,
            (Some(_), _, _) | (None, Some(_), true) => return None,
        };
        Some(Session {
            user: UserId::trusted(self.sub),
            user_name: self.name,
            user_account: AccountId::trusted(self.acc),
            user_epoch: self.ep,
            scope,
            is_operator: self.op,
            issued_at: Timestamp::from_seconds(self.iat),
            expires_at: Timestamp::from_seconds(self.exp),
            audit_id: self.jti,
            parent_audit_id: self.par,
            methods: self.amr,
            application: self
                .app
                .map(|(id, is_unrestricted)| ApplicationUse { id, is_unrestricted }),
        })
    }
}

impl ProjectClaims {
    fn of(scope: &ProjectScope) -> ProjectClaims {
        ProjectClaims {
            id: scope.project.to_string(),
            acc: scope.account.to_string(),
            reg: scope.region.as_ref().map(ToString::to_string),
            role: scope.role.as_str().to_owned(),
            svc: scope.is_service,
            ep: scope.epoch,
        }
    }

    fn scope(self) -> Option<ProjectScope> {
        Some(ProjectScope {
            project: ProjectId::trusted(self.id),
            account: AccountId::trusted(self.acc),
            region: self.reg.map(RegionId::trusted),
            role: Role::parse(&self.role)?,
            is_service: self.svc,
            epoch: self.ep,
        })
    }
}

/// Makes tokens and knows its own.
pub struct Tokens {
    header: Header,
    signing: EncodingKey,
    known: HashMap<String, DecodingKey>,
    validation: Validation,
    remembered: Mutex<Remembered>,
}

/// Two halves: when the younger is full, the older is dropped.
#[derive(Default)]
struct Remembered {
    younger: HashMap<[u8; 32], Arc<Session>>,
    older: HashMap<[u8; 32], Arc<Session>>,
}

impl Tokens {
    /// Loads the signing keys, which all nodes share; makes the first one.
    pub async fn open(
        db: &Db,
        seal: &Seal,
        clock: &Clock,
        ids: &IdSource,
    ) -> Result<Tokens, Error> {
        let id = ids.hex();
        let sealed_key = seal.seal(&purpose(&id), &new_private_key()?)?;
        let now = clock.now();
        let first = credential::SigningKey { id, sealed_key };
        let keys = db
            .write(move |tx| {
                // Nodes that start together agree on one key.
                revocation::lock(tx)?;
                if credential::signing_keys(tx)?.is_empty() {
                    credential::insert_signing_key(tx, &first, now)?;
                }
                credential::signing_keys(tx)
            })
            .await?;
        let mut known = HashMap::new();
        let mut signing = None;
        for key in keys {
            let private = seal.unseal(&purpose(&key.id), &key.sealed_key)?;
            known.insert(key.id.clone(), public_key(&private)?);
            signing.get_or_insert((key.id, EncodingKey::from_ed_der(&private)));
        }
        let (id, signing) = signing.ok_or_else(|| Error::internal("there is no signing key"))?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(id);
        Ok(Tokens {
            header,
            signing,
            known,
            validation: validation(),
            remembered: Mutex::default(),
        })
    }

    /// The token of a session.
    pub fn mint(&self, session: &Session) -> Result<String, Error> {
        jsonwebtoken::encode(&self.header, &Claims::of(session), &self.signing)
            .map_err(|error| Error::internal(format!("cannot sign a token: {error}")))
    }

    /// The session of a token that we signed, expired or not; `None` for anything else.
    pub fn read(&self, token: &str) -> Option<Arc<Session>> {
        if token.len() > TOKEN_BYTES {
            return None;
        }
        let digest = sha256(token.as_bytes());
        if let Some(session) = self.recall(&digest) {
            return Some(session);
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        let key = self.known.get(header.kid.as_deref()?)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation).ok()?.claims;
        let session = Arc::new(claims.session()?);
        self.remember(digest, session.clone());
        Some(session)
    }

    fn recall(&self, digest: &[u8; 32]) -> Option<Arc<Session>> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.younger.get(digest).or_else(|| remembered.older.get(digest)).cloned()
    }

    fn remember(&self, digest: [u8; 32], session: Arc<Session>) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.younger.len() >= REMEMBERED / 2 {
            remembered.older = std::mem::take(&mut remembered.younger);
        }
        remembered.younger.insert(digest, session);
    }
}

/// Expiry is checked by [`super::Identity::verify`], with the clock of the program.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

fn purpose(id: &str) -> String {
    format!("signing_key:{id}")
}

fn new_private_key() -> Result<Vec<u8>, Error> {
    PKey::generate_ed25519()
        .and_then(|key| key.private_key_to_pkcs8())
        .map_err(|error| Error::internal(format!("cannot make a signing key: {error}")))
}

fn public_key(private: &[u8]) -> Result<DecodingKey, Error> {
    let broken = |error| Error::internal(format!("a signing key is broken: {error}"));
    let key = PKey::private_key_from_pkcs8(private).map_err(broken)?;
    if key.id() != Id::ED25519 {
        return Err(Error::internal("a signing key is not an Ed25519 key"));
    }
    Ok(DecodingKey::from_ed_der(&key.raw_public_key().map_err(broken)?))
}
