//! The first operator of a new installation.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use lendglass_core::{Code, Error};
use lendglass_store::user;

use super::{Ground, WorldError, apply};
use crate::drivers::identity::new_secret;

/// What there is to begin with; the password is put in before it is applied.
const FIRST_WORLD: &str = r#"
[[accounts]]
id = "default"
name = "Default"

[[projects]]
name = "admin"
account = "default"

[[users]]
name = "admin"
account = "default"
password = "PASSWORD"
system_admin = true
roles = [{ project = "default/admin", role = "admin" }]
"#;
/// The region of an installation that has none.
const FIRST_REGION: &str = "[[regions]]\nid = \"r1\"\nname = \"RegionOne\"\n";

/// How a bootstrap ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bootstrapped {
    /// There is an operator already; nothing was done.
    OperatorExists,
    /// The operator `admin` of the account `Default` was made; its password is in the file.
    Made,
}

/// Makes the operator `admin`, where there is no enabled operator yet, with a random password that is
/// written to `password_file` (0600), and a first region where there is none.
///
/// The file is written first: whatever dies, no operator exists whose password nobody can read. A file
/// left by a run that died is used again, if nobody but its owner could read it.
pub async fn bootstrap(ground: &Ground, password_file: &Path) -> Result<Bootstrapped, WorldError> {
    if ground.db.write(user::operators).await? > 0 {
        return Ok(Bootstrapped::OperatorExists);
    }
    let password = write_password(password_file)?;
    let has_region = !lendglass_store::tenant::read_regions(&ground.db).await?.is_empty();
    let region = if has_region { "" } else { FIRST_REGION };
    let world = format!("{region}{}", FIRST_WORLD.replace("PASSWORD", &password));
    let added = apply(ground, "bootstrap", &world).await?;
    if added.users == 0 {
        return Err(WorldError::Failed(Error::new(Code::Unavailable).because(
            "there is a user admin in the account Default who is no operator, or a disabled one; \
             rename it, or mark an operator in a world file",
        )));
    }
    Ok(Bootstrapped::Made)
}

fn write_password(path: &Path) -> Result<String, Error> {
    let failed = |error: std::io::Error| {
        Error::new(Code::Unavailable).because(format!("cannot write {}: {error}", path.display()))
    };
    let password = new_secret();
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            file.write_all(format!("{password}\n").as_bytes()).map_err(failed)?;
            file.sync_all().map_err(failed)?;
            Ok(password)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => left_password(path),
        Err(error) => Err(failed(error)),
    }
}

fn left_password(path: &Path) -> Result<String, Error> {
    let unfit = |why: &str| {
        let text = format!("{} {why}; remove it and try again", path.display());
        Error::new(Code::Unavailable).because(text)
    };
    let mode = std::fs::metadata(path).map_err(|_| unfit("cannot be read"))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(unfit("can be read by others"));
    }
    let text = std::fs::read_to_string(path).map_err(|_| unfit("cannot be read"))?;
    let password = text.trim();
    let is_ours = password.len() >= 32
        && password.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if is_ours { Ok(password.to_owned()) } else { Err(unfit("holds no password of ours")) }
}
