//! Passwords: argon2id, memory-hard, on blocking threads, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use lendglass_core::{Code, Error};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Hashes at once: bounds their memory to twice [`PasswordCost::memory_kib`], and leaves threads to
/// everything else.
const AT_ONCE: usize = 2;
/// How long a sign-in waits for its turn before it answers 503.
const TURN_WAIT: Duration = Duration::from_secs(10);

/// What one hash costs.
#[derive(Clone, Copy, Debug)]
pub struct PasswordCost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for PasswordCost {
    /// OWASP's first choice for argon2id (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane.
    fn default() -> PasswordCost {
        PasswordCost { memory_kib: 19 * 1024, passes: 2 }
    }
}

impl PasswordCost {
    /// As little as argon2 takes, for tests that sign in often.
    pub fn least() -> PasswordCost {
        PasswordCost { memory_kib: 8, passes: 1 }
    }
}

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    argon: Argon2<'static>,
    turns: Arc<Semaphore>,
    /// What the password of an unknown user is held against, so that it takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    /// Passwords of this cost.
    pub fn new(cost: PasswordCost) -> Result<Passwords, Error> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)
            .map_err(|error| Error::internal(format!("argon2: {error}")))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash_now(&argon, "nobody")?.into();
        Ok(Passwords { argon, turns: Arc::new(Semaphore::new(AT_ONCE)), nobody })
    }

    /// Waits for a turn; a caller that holds one may decide something again that must not race.
    pub async fn turn(&self) -> Result<Turn, Error> {
        let permit = tokio::time::timeout(TURN_WAIT, self.turns.clone().acquire_owned()).await;
        match permit {
            Ok(Ok(permit)) => Ok(Turn { passwords: self.clone(), permit }),
            Ok(Err(_)) | Err(_) => {
                Err(Error::new(Code::Unavailable).because("too many sign-ins at once"))
            }
        }
    }

    /// The hash of a new password, in the PHC form.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let turn = self.turn().await?;
        let password = password.to_owned();
        on_thread(move || hash_now(&turn.passwords.argon, &password)).await?
    }
}

/// The right to do one hash.
pub struct Turn {
    passwords: Passwords,
    permit: OwnedSemaphorePermit,
}

impl Turn {
    /// Whether the password fits the hash. Without a hash the answer is no, after as long.
    pub async fn fits(self, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        let is_known = hash.is_some();
        let hash = hash.map_or_else(|| self.passwords.nobody.clone(), Arc::from);
        let password = password.to_owned();
        let verified = on_thread(move || {
            let _permit = self.permit;
            let parsed = PasswordHash::new(&hash)
                .map_err(|error| Error::internal(format!("a password hash is broken: {error}")))?;
            let outcome = self.passwords.argon.verify_password(password.as_bytes(), &parsed);
            Ok::<bool, Error>(outcome.is_ok())
        });
        Ok(verified.await?? && is_known)
    }
}

fn hash_now(argon: &Argon2<'_>, password: &str) -> Result<String, Error> {
    argon
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::internal(format!("argon2: {error}")))
}

async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal(format!("hashing panicked: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_fits() {
        let passwords = Passwords::new(PasswordCost::least()).unwrap();
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        for (password, hash, fits) in [
            ("correct horse", Some(hash.as_str()), true),
            ("wrong", Some(hash.as_str()), false),
            ("", Some(hash.as_str()), false),
            ("nobody", None, false),
        ] {
            let turn = passwords.turn().await.unwrap();
            assert_eq!(turn.fits(password, hash).await.unwrap(), fits, "{password}");
        }
        assert_eq!(passwords.turns.available_permits(), AT_ONCE, "every turn was given back");
    }
}
