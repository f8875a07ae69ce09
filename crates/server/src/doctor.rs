//! `lendglassd doctor`: the effective settings with their origin, and checks of what they name.
//!
//! The checks themselves come from whoever owns the thing checked (database, blob store, clock);
//! this module only runs them in order and says what they found.

use std::fmt;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;

use crate::config::Config;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// The server runs, but the operator should know.
    Warning,
    /// The server cannot run, or not safely.
    Failed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
        })
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked, in one or two words.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found, or the reason of the failure.
    pub detail: String,
    /// What the operator can do about it; empty where all is well.
    pub way_out: String,
}

impl Check {
    /// All is well; `detail` says what was found.
    pub fn ok(name: &str, detail: impl Into<String>) -> Self {
        Self::new(name, Outcome::Ok, detail.into(), String::new())
    }

    /// The server runs, but `detail` needs attention.
    pub fn warning(name: &str, detail: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self::new(name, Outcome::Warning, detail.into(), way_out.into())
    }

    /// `detail` is the reason, `way_out` what to do.
    pub fn failed(name: &str, detail: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self::new(name, Outcome::Failed, detail.into(), way_out.into())
    }

    fn new(name: &str, outcome: Outcome, detail: String, way_out: String) -> Self {
        Self { name: name.to_owned(), outcome, detail, way_out }
    }
}

/// Prints the settings, one a line: key, value, origin. Secrets show as `***`.
///
/// # Errors
/// Those of `out`.
pub fn print_settings(config: &Config, out: &mut impl Write) -> io::Result<()> {
    let rows = config.report();
    let width = |column: fn(&(String, String, _)) -> usize| rows.iter().map(column).max();
    let key_width = width(|row| row.0.chars().count()).unwrap_or(0);
    let value_width = width(|row| row.1.chars().count()).unwrap_or(0).min(60);
    writeln!(out, "{:key_width$}  {:value_width$}  origin", "setting", "value")?;
    for (key, value, origin) in rows {
        let value = if value.is_empty() { "-".to_owned() } else { value };
        writeln!(out, "{key:key_width$}  {value:value_width$}  {origin}")?;
    }
    Ok(())
}

/// Prints the checks as they come and answers the exit code: 1 if any failed.
///
/// The checks are taken one by one, so that a slow one does not hold back what is known.
///
/// # Errors
/// Those of `out`.
pub fn print_checks(
    checks: impl IntoIterator<Item = Check>,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let mut failed = 0_usize;
    for check in checks {
        writeln!(out, "{:<8} {}: {}", check.outcome, check.name, check.detail)?;
        if !check.way_out.is_empty() {
            writeln!(out, "         {}", check.way_out)?;
        }
        failed += usize::from(check.outcome == Outcome::Failed);
        out.flush()?;
    }
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{failed} {} failed", if failed == 1 { "check" } else { "checks" })?;
    Ok(ExitCode::FAILURE)
}

/// Whether the address can be listened on.
pub fn check_listen(address: SocketAddr) -> Check {
    match TcpListener::bind(address) {
        Ok(_) => Check::ok("address", format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Check::warning(
            "address",
            format!("{address} is taken, perhaps by a running lendglassd"),
            format!(
                "`ss -ltnp 'sport = :{}'` names the holder; --listen takes another",
                address.port()
            ),
        ),
        Err(error) => Check::failed(
            "address",
            format!("cannot listen on {address}: {error}"),
            "give an address of this machine with --listen ADDRESS:PORT",
        ),
    }
}

/// Whether files can be made in a folder. Makes the folder where it is missing.
pub fn check_folder(name: &str, folder: &Path) -> Check {
    let shown = folder.display();
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    let result = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&probe, b"probe"))
        .and_then(|()| std::fs::remove_file(&probe));
    match result {
        Ok(()) => Check::ok(name, format!("{shown} can be written")),
        Err(error) => Check::failed(
            name,
            format!("{shown} cannot be written: {error}"),
            "give the folder to the user that runs lendglassd, or name another with --data DIR",
        ),
    }
}

/// Whether a named file can be read; nothing to check where none is named.
pub fn check_file(name: &str, path: Option<&Path>) -> Option<Check> {
    let path = path?;
    Some(match std::fs::File::open(path) {
        Ok(_) => Check::ok(name, format!("{} can be read", path.display())),
        Err(error) => Check::failed(
            name,
            format!("{} cannot be read: {error}", path.display()),
            "correct the path, or let the user that runs lendglassd read the file",
        ),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::args::Flags;

    fn printed(checks: Vec<Check>) -> (String, bool) {
        let mut out = Vec::new();
        let code = print_checks(checks, &mut out).unwrap();
        let is_success = format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS);
        (String::from_utf8(out).unwrap(), is_success)
    }

    #[test]
    fn a_failure_names_reason_and_way_out_and_the_exit_code_is_one() {
        let (text, is_success) = printed(vec![
            Check::ok("clock", "steady"),
            Check::failed("database", "no answer from db:5432", "start it, or set --database"),
        ]);
        assert!(!is_success);
        assert_eq!(
            text,
            "ok       clock: steady\n\
             FAILED   database: no answer from db:5432\n\
             \x20        start it, or set --database\n\
             1 check failed\n"
        );
    }

    #[test]
    fn warnings_do_not_fail() {
        let (text, is_success) = printed(vec![Check::warning("space", "2 GiB free", "add space")]);
        assert!(is_success);
        assert!(text.contains("warning  space: 2 GiB free\n         add space"), "{text}");
    }

    #[test]
    fn settings_show_origin_and_no_password() {
        let flags = Flags { data: Some("/srv/lg".to_owned()), ..Flags::default() };
        let env = BTreeMap::from([(
            "LENDGLASS_DATABASE".to_owned(),
            "postgres://lg:geheim@db/lg".to_owned(),
        )]);
        let config = Config::load(&flags, &env, None).unwrap();
        let mut out = Vec::new();
        print_settings(&config, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains("geheim"), "{text}");
        let row = |key: &str| text.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
        assert!(row("database ").contains("postgres://lg:***@db/lg"), "{text}");
        assert!(row("database ").ends_with("LENDGLASS_DATABASE"), "{text}");
        assert!(row("data_dir").ends_with("--data"), "{text}");
        assert!(row("listen").ends_with("default"), "{text}");
    }

    #[test]
    fn a_taken_address_and_a_closed_folder_are_found() {
        let holder = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(check_listen(holder.local_addr().unwrap()).outcome, Outcome::Warning);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(check_folder("data", &folder.path().join("new")).outcome, Outcome::Ok);
        let file = folder.path().join("file");
        std::fs::write(&file, b"").unwrap();
        let check = check_folder("data", &file.join("below"));
        assert_eq!(check.outcome, Outcome::Failed);
        assert!(!check.way_out.is_empty());
        assert_eq!(check_file("world", None), None);
        let missing = check_file("world", Some(&folder.path().join("none"))).unwrap();
        assert_eq!(missing.outcome, Outcome::Failed);
    }
}
