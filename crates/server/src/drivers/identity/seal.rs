//! Secrets at rest: sealed by the master key, which never enters the database.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lendglass_core::{Code, Error};
use lendglass_store::{Db, credential};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use rand::RngCore as _;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// Names the cipher, so that another one can follow.
const PREFIX: &str = "aes256gcm:";
const CHECK_TEXT: &[u8] = b"lendglass";
const CHECK_PURPOSE: &str = "check";
/// Keeps derived keys apart from whatever else the master key may sign.
const DERIVE_PREFIX: &[u8] = b"lendglass derived key: ";

/// Where the master key lies.
#[derive(Clone, Debug)]
pub enum MasterKeyFile {
    /// `master.key` in the data folder: made, where the database has never been opened with a key.
    OfDataFolder(PathBuf),
    /// A file that the operator keeps, the same on all nodes; never made.
    Given(PathBuf),
}

impl MasterKeyFile {
    fn path(&self) -> &Path {
        match self {
            MasterKeyFile::OfDataFolder(path) | MasterKeyFile::Given(path) => path,
        }
    }
}

/// Seals and unseals secrets with AES-256-GCM under the master key.
#[derive(Clone)]
pub struct Seal {
    key: [u8; KEY_BYTES],
}

impl Seal {
    /// Reads the master key, or makes one for a database that has none yet, and proves that it is the
    /// one this database was sealed with. A missing or wrong key is an error whose internal text
    /// says what to do; nothing is made or changed then.
    pub async fn open(db: &Db, file: &MasterKeyFile) -> Result<Seal, Error> {
        let check = db.write(credential::master_key_check).await?;
        let is_new = check.is_none();
        let seal = Seal { key: read_or_make(file, is_new)? };
        let mine = seal.seal(CHECK_PURPOSE, CHECK_TEXT)?;
        let check = db
            .write(move |tx| match credential::master_key_check(tx)? {
                Some(check) => Ok(check),
                None => credential::insert_master_key_check(tx, &mine).map(|()| mine.clone()),
            })
            .await?;
        match seal.unseal(CHECK_PURPOSE, &check) {
            Ok(text) if text == CHECK_TEXT => Ok(seal),
            Ok(_) | Err(_) => Err(stop(format!(
                "the master key in {} is not the one this database was sealed with; put the right \
                 file there or set master_key_file",
                file.path().display()
            ))),
        }
    }

    /// Seals `secret` for one `purpose`: it opens for that purpose only, so that a sealed value moved
    /// to another row does not open there.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<String, Error> {
        let mut sealed = vec![0_u8; NONCE_BYTES];
        rand::rng().fill_bytes(&mut sealed);
        let mut tag = [0_u8; TAG_BYTES];
        let nonce = sealed.clone();
        let cipher = Cipher::aes_256_gcm();
        let text =
            encrypt_aead(cipher, &self.key, Some(&nonce), purpose.as_bytes(), secret, &mut tag)
                .map_err(|error| Error::internal(format!("cannot seal: {error}")))?;
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(&tag);
        Ok(format!("{PREFIX}{}", STANDARD.encode(sealed)))
    }

    /// A key of its own for one `purpose`: HMAC-SHA256 of the purpose under the master key, as in the
    /// expand step of HKDF (RFC 5869). Keys for different purposes say nothing of each other.
    pub fn derived_key(&self, purpose: &str) -> Result<[u8; KEY_BYTES], Error> {
        let broken = |error: ErrorStack| Error::internal(format!("cannot make a key: {error}"));
        let run = || {
            let master = PKey::hmac(&self.key)?;
            let mut signer = Signer::new(MessageDigest::sha256(), &master)?;
            signer.update(DERIVE_PREFIX)?;
            signer.update(purpose.as_bytes())?;
            signer.update(&[1])?;
            let mut key = [0_u8; KEY_BYTES];
            signer.sign(&mut key)?;
            Ok(key)
        };
        run().map_err(broken)
    }

    /// Opens what [`Seal::seal`] sealed for the same purpose.
    pub fn unseal(&self, purpose: &str, sealed: &str) -> Result<Vec<u8>, Error> {
        let broken = || Error::internal(format!("the sealed secret for {purpose} does not open"));
        let bytes = sealed
            .strip_prefix(PREFIX)
            .and_then(|text| STANDARD.decode(text).ok())
            .filter(|bytes| bytes.len() >= NONCE_BYTES + TAG_BYTES)
            .ok_or_else(broken)?;
        let (nonce, rest) = bytes.split_at(NONCE_BYTES);
        let (text, tag) = rest.split_at(rest.len() - TAG_BYTES);
        let cipher = Cipher::aes_256_gcm();
        decrypt_aead(cipher, &self.key, Some(nonce), purpose.as_bytes(), text, tag)
            .map_err(|_| broken())
    }
}

fn read_or_make(file: &MasterKeyFile, is_new: bool) -> Result<[u8; KEY_BYTES], Error> {
    let path = file.path();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).ok_or_else(|| {
            stop(format!("the master key in {} is not 64 hex digits", path.display()))
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => match file {
            MasterKeyFile::OfDataFolder(path) if is_new => make(path),
            MasterKeyFile::OfDataFolder(_) | MasterKeyFile::Given(_) => Err(stop(format!(
                "the master key {} is missing; without it the database's secrets do not open",
                path.display()
            ))),
        },
        Err(error) => Err(stop(format!("cannot read the master key {}: {error}", path.display()))),
    }
}

fn make(path: &Path) -> Result<[u8; KEY_BYTES], Error> {
    let mut key = [0_u8; KEY_BYTES];
    rand::rng().fill_bytes(&mut key);
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(format!("{}\n", hex(&key)).as_bytes())?;
        file.sync_all()
    };
    match write() {
        Ok(()) => Ok(key),
        // Another process was quicker; its key is the one.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            parse(&text).ok_or_else(|| stop(format!("cannot read {}", path.display())))
        }
        Err(error) => Err(stop(format!("cannot make the master key {}: {error}", path.display()))),
    }
}

fn parse(text: &str) -> Option<[u8; KEY_BYTES]> {
    let text = text.trim();
    if text.len() != 2 * KEY_BYTES || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0_u8; KEY_BYTES];
    for (byte, at) in key.iter_mut().zip((0..text.len()).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(key)
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stop(text: String) -> Error {
    Error::new(Code::Unavailable).because(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_purpose_and_key_only() {
        let (one, other) = (Seal { key: [1; KEY_BYTES] }, Seal { key: [2; KEY_BYTES] });
        let sealed = one.seal("access_key:a", b"secret").unwrap();
        assert_eq!(one.unseal("access_key:a", &sealed).unwrap(), b"secret");
        assert!(one.unseal("access_key:b", &sealed).is_err());
        assert!(other.unseal("access_key:a", &sealed).is_err());
        assert_ne!(one.seal("access_key:a", b"secret").unwrap(), sealed, "a fresh nonce each time");
        assert_eq!(one.derived_key("a").unwrap(), one.derived_key("a").unwrap());
        assert_ne!(one.derived_key("a").unwrap(), one.derived_key("b").unwrap());
        assert_ne!(one.derived_key("a").unwrap(), other.derived_key("a").unwrap());
        for broken in ["", "aes256gcm:", "aes256gcm:AAAA", "secret"] {
            assert!(one.unseal("access_key:a", broken).is_err(), "{broken}");
        }
    }
}
