//! An installation: its folder, its database, and the program while it runs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use lendglass_store::db::Location;
use serde_json::json;

use crate::http::{Answer, Sent};
use crate::wait_until;

/// Who acts, and where: alice owns in r1 and keeps copies in r2, bob receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Alice,
    There,
    Bob,
}

impl Who {
    pub const ALL: [Who; 3] = [Who::Alice, Who::There, Who::Bob];

    pub fn project(self) -> &'static str {
        match self {
            Who::Alice => "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            Who::There => "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2",
            Who::Bob => "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        }
    }

    fn user(self) -> &'static str {
        match self {
            Who::Alice | Who::There => "alice",
            Who::Bob => "bob",
        }
    }
}

const WORLD: &str = r#"
[[regions]]
id = "r1"
name = "Region One"
[[regions]]
id = "r2"
name = "Region Two"
[[accounts]]
id = "x"
name = "Acme"
[[accounts]]
id = "y"
name = "Borealis"
[[projects]]
id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
name = "A"
account = "x"
region = "r1"
[[projects]]
id = "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2"
name = "A2"
account = "x"
region = "r2"
[[projects]]
id = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
name = "B"
account = "y"
region = "r1"
[[users]]
id = "alice"
name = "alice"
account = "x"
password = "secret-alice"
roles = [{ project = "A", role = "member" }, { project = "A2", role = "member" }]
[[users]]
id = "bob"
name = "bob"
account = "y"
password = "secret-bob"
roles = [{ project = "B", role = "member" }]
"#;

/// Projects that images are offered to; nobody of theirs acts.
pub const FURTHER_PROJECTS: [&str; 6] = [
    "f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1",
    "f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2",
    "f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3",
    "f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4",
    "f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5",
    "f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6",
];

fn world() -> String {
    let further = FURTHER_PROJECTS.map(|id| {
        format!("[[projects]]\nid = \"{id}\"\nname = \"{id}\"\naccount = \"y\"\nregion = \"r1\"\n")
    });
    WORLD.to_owned() + &further.concat()
}

/// The shortest leases the program takes.
pub const LEASE_SECONDS: u64 = 5;

/// Lines of the log that a failure shows.
const LOG_LINES: usize = 20;

pub struct Installation {
    /// What the program keeps; a folder of its own, or one that several nodes share.
    pub data: PathBuf,
    pub database: Option<String>,
    pub address: SocketAddr,
    pub tokens: BTreeMap<Who, String>,
    /// Further settings.
    pub environment: Vec<(String, String)>,
    program: Option<Child>,
    log: PathBuf,
    /// Removed at the end, by the one whose it is.
    _folder: Option<tempfile::TempDir>,
}

impl Installation {
    /// A fresh one on an empty database, started, with everybody signed in.
    pub fn start_new(database: Option<String>) -> Installation {
        let folder = tempfile::tempdir().unwrap();
        let mut made = Installation::at(folder.path().join("data"), database);
        made._folder = Some(folder);
        made.start();
        made.sign_everybody_in();
        made
    }

    /// One whose data lie in a folder of the caller's, not started yet.
    pub fn at(data: PathBuf, database: Option<String>) -> Installation {
        std::fs::create_dir_all(&data).unwrap();
        std::fs::write(data.join("world.toml"), world()).unwrap();
        Installation {
            log: std::env::temp_dir().join(format!("lendglass-torture-{}.log", rand_name())),
            data,
            database,
            address: free_address(),
            tokens: BTreeMap::new(),
            environment: Vec::new(),
            program: None,
            _folder: None,
        }
    }

    /// Another node of the same installation, started.
    pub fn another_node(&self) -> Installation {
        let mut node = Installation::at(self.data.clone(), self.database.clone());
        node.environment.clone_from(&self.environment);
        node.tokens.clone_from(&self.tokens);
        node.start();
        node
    }

    /// Starts the program and waits until it says that it is ready.
    pub fn start(&mut self) {
        for _ in 0..3 {
            let mut program = self.spawn();
            let lines = BufReader::new(program.stdout.take().unwrap()).lines();
            if lines.map_while(Result::ok).any(|line| line.starts_with("Ready.")) {
                self.program = Some(program);
                return;
            }
            program.wait().unwrap();
            // Somebody may have taken the port since.
            self.address = free_address();
        }
        panic!("lendglassd does not start:\n{}", self.log());
    }

    /// Starts the program and does not wait for it.
    pub fn start_unawaited(&mut self) {
        self.program = Some(self.spawn());
    }

    fn spawn(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lendglassd"));
        command.env_clear().env("HOME", &self.data).env("LENDGLASS_LOG__FILTER", "warn");
        for key in ["UPLOAD__LEASE_SECONDS", "JOBS__LEASE_SECONDS"] {
            command.env(format!("LENDGLASS_{key}"), LEASE_SECONDS.to_string());
        }
        command.env("LENDGLASS_TOKEN__LIFETIME_SECONDS", "864000");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.arg("serve").arg("--data").arg(&self.data);
        command.arg("--world").arg(self.data.join("world.toml"));
        command.arg("--listen").arg(self.address.to_string());
        if let Some(database) = &self.database {
            command.arg("--database").arg(database);
        }
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.program.as_ref().expect("it runs").id()
    }

    /// SIGKILL: nothing of the program runs any more when this returns.
    pub fn kill(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.kill().unwrap();
            program.wait().unwrap();
        }
    }

    /// SIGTERM, and the wait for its end.
    pub fn stop(&mut self) {
        if let Some(mut program) = self.program.take() {
            signal(program.id(), "TERM");
            program.wait().unwrap();
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.program.as_mut().is_some_and(|program| program.try_wait().unwrap().is_none())
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn sign_everybody_in(&mut self) {
        for who in Who::ALL {
            self.tokens.insert(who, self.sign_in(who.user(), who.project()));
        }
    }

    pub fn sign_in(&self, user: &str, project: &str) -> String {
        let user = json!({"id": user, "password": format!("secret-{user}")});
        let identity = json!({"methods": ["password"], "password": {"user": user}});
        let scope = json!({"project": {"id": project}});
        let body = json!({"auth": {"identity": identity, "scope": scope}}).to_string();
        let answer = Sent::new("POST", "/v3/auth/tokens").json(&body).to(self.address).unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.header("x-subject-token").expect("a token").to_owned()
    }

    /// What somebody is answered who comes back as long as he is told to.
    pub fn ask(&self, who: Who, method: &str, path: &str) -> Answer {
        let sent = Sent { token: Some(&self.tokens[&who]), ..Sent::new(method, path) };
        let mut last = None;
        wait_until("it answers", || {
            let answer = sent.to(self.address);
            let answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
            let is_an_answer = answer.status != 503 || answer.header("retry-after").is_none();
            last = Some(answer);
            is_an_answer
        });
        last.expect("it has answered")
    }

    /// One request with a body: JSON, but for the bytes that PUT brings.
    pub fn send(&self, who: Who, method: &str, path: &str, body: &[u8]) -> Answer {
        let mut sent = Sent { token: Some(&self.tokens[&who]), ..Sent::new(method, path) };
        sent.body = body;
        if method == "PUT" {
            sent.media_type = "application/octet-stream";
        }
        sent.to(self.address).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub fn location(&self) -> Location {
        match &self.database {
            Some(url) => Location::Url(url.clone()),
            None => Location::File(self.data.join("lendglass.db")),
        }
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let last: Vec<&str> = log.lines().rev().take(LOG_LINES).collect();
            eprintln!("the end of the log of {}, backwards:\n{}", self.address, last.join("\n"));
        }
        let _ = std::fs::remove_file(&self.log);
    }
}

/// Sends a signal to one process.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status();
    assert!(sent.unwrap().success(), "kill -{name} {pid}");
}

pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn rand_name() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
