//! A real PostgreSQL for tests: [`url`] gives a new, empty database on a private server.
//!
//! The first process that asks starts the server; further ones, also of other test binaries
//! running at the same time, find it. That matters because nextest runs every test in a process
//! of its own. Each process holds a shared lock for as long as it lives; when nobody has held
//! one for some seconds, `postgres.sh` stops the server and removes its folder. A test that is
//! killed releases its lock like any other.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "test support may fail loudly")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

const KEEPER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/tests/support/postgres.sh");
/// A port that was free may be taken before PostgreSQL has it.
const ATTEMPTS: usize = 3;

/// The URL of a new, empty database, whose default collation is not that of bytes.
///
/// # Panics
/// If PostgreSQL is not installed or does not start; the message says why, and what to do.
pub fn url() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let server = SERVER.get_or_init(Server::shared);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    let drop = format!("drop database if exists {name} with (force)");
    let create = format!("create database {name} template template0");
    let output = server.psql(&[&drop, &create]);
    assert!(output.status.success(), "{create}: {}", String::from_utf8_lossy(&output.stderr));
    format!("postgres://lendglass:lendglass@127.0.0.1:{}/{name}", server.port)
}

struct Server {
    bin: PathBuf,
    port: u16,
    /// Held for as long as the process lives.
    _user: File,
    /// Outlives this process, which therefore never waits for it.
    _keeper: Option<Child>,
}

impl Server {
    fn shared() -> Self {
        let bin = programs();
        let uid = fs::metadata("/proc/self").unwrap().uid();
        let base = std::env::temp_dir().join(format!("lendglass-test-postgres-{uid}"));
        fs::create_dir_all(&base).unwrap();
        let starting = lock_file(&base, "start.lock");
        starting.lock().unwrap();
        let user = lock_file(&base, "users.lock");
        user.lock_shared().unwrap();
        let mut server = Self { bin, port: 0, _user: user, _keeper: None };
        if !server.is_running(&base) {
            server.start(&base);
        }
        server
    }

    fn is_running(&mut self, base: &Path) -> bool {
        let port = fs::read_to_string(base.join("server/port")).unwrap_or_default();
        self.port = port.trim().parse().unwrap_or(0);
        self.port != 0 && self.psql(&["select 1"]).status.success()
    }

    fn start(&mut self, base: &Path) {
        let is_started = (0..ATTEMPTS).any(|_| {
            self.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            self._keeper = start_keeper(base, &self.bin, self.port);
            self._keeper.is_some()
        });
        let log =
            |name: &str| fs::read_to_string(base.join("server").join(name)).unwrap_or_default();
        assert!(
            is_started,
            "PostgreSQL does not start:\n{}{}",
            log("initdb.log"),
            log("server.log")
        );
    }

    fn psql(&self, statements: &[&str]) -> Output {
        let mut command = Command::new(self.bin.join("psql"));
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]);
        command.args(["-U", "lendglass", "-d", "postgres", "-p", &self.port.to_string()]);
        command.env("PGPASSWORD", "lendglass").env("PGOPTIONS", "-c client_min_messages=warning");
        for statement in statements {
            command.args(["-c", statement]);
        }
        command.output().unwrap()
    }
}

/// Starts the keeper in a process group of its own, out of reach of what ends this test.
fn start_keeper(base: &Path, bin: &Path, port: u16) -> Option<Child> {
    let mut keeper = Command::new("sh")
        .args([Path::new(KEEPER), base, bin, Path::new(&port.to_string())])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if line == "ready\n" {
        return Some(keeper);
    }
    keeper.wait().unwrap();
    None
}

fn lock_file(base: &Path, name: &str) -> File {
    File::options().create(true).append(true).open(base.join(name)).unwrap()
}

/// The folder of the newest installed server's programs.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|entry| entry.path())
        .filter(|path| path.join("bin/postgres").exists())
        .max_by_key(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            name.and_then(|name| name.parse::<u32>().ok())
        });
    newest.expect("this test needs PostgreSQL; `apt-get install postgresql` brings it").join("bin")
}
