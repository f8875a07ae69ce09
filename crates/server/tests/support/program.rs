//! The real program: started, stopped, killed, and started again on what it left.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use crate::http::Sent;

/// Lines of the log that a failure shows.
const LOG_LINES: usize = 20;

pub struct Program {
    /// What it keeps, and the world it begins with; several nodes may share it.
    pub data: PathBuf,
    pub database: Option<String>,
    pub address: SocketAddr,
    /// Settings.
    pub environment: Vec<(String, String)>,
    child: Option<Child>,
    /// Beside the data, which may lie on a disk that fails.
    log: PathBuf,
}

impl Program {
    /// One whose data lie in this folder, not started yet.
    pub fn at(data: PathBuf, database: Option<String>, world: &str) -> Program {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        std::fs::create_dir_all(&data).unwrap();
        std::fs::write(data.join("world.toml"), world).unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let log = format!("lendglass-test-{}-{number}.log", std::process::id());
        let (address, log) = (free_address(), std::env::temp_dir().join(log));
        Program { data, database, address, environment: Vec::new(), child: None, log }
    }

    /// Adds a setting, by its variable.
    pub fn set(&mut self, name: &str, value: impl ToString) {
        self.environment.push((name.to_owned(), value.to_string()));
    }

    /// Starts the program and waits until it says that it is ready.
    pub fn start(&mut self) {
        for _ in 0..3 {
            let mut child = self.spawn();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            if lines.map_while(Result::ok).any(|line| line.starts_with("Ready.")) {
                self.child = Some(child);
                return;
            }
            child.wait().unwrap();
            // Somebody may have taken the port since.
            self.address = free_address();
        }
        panic!("lendglassd does not start:\n{}", self.log());
    }

    /// Starts the program and does not wait for it.
    pub fn start_unawaited(&mut self) {
        self.child = Some(self.spawn());
    }

    fn spawn(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lendglassd"));
        command.env_clear().env("HOME", &self.data).env("LENDGLASS_LOG__FILTER", "warn");
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
        self.child.as_ref().map(Child::id).unwrap()
    }

    /// SIGKILL: nothing of the program runs any more when this returns.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM, and the wait for its end.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            signal(child.id(), "TERM");
            child.wait().unwrap();
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A token of somebody whose password is `secret-` and his name.
    pub fn sign_in(&self, user: &str, project: &str) -> String {
        let user = json!({"id": user, "password": format!("secret-{user}")});
        let identity = json!({"methods": ["password"], "password": {"user": user}});
        let scope = json!({"project": {"id": project}});
        let body = json!({"auth": {"identity": identity, "scope": scope}}).to_string();
        let answer = Sent::new("POST", "/v3/auth/tokens").json(&body).to(self.address).unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.header("x-subject-token").unwrap().to_owned()
    }
}

impl Drop for Program {
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
