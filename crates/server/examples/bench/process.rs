//! The programs that are measured: `lendglassd` itself, nginx, and the bare receiver, each in a process
//! of its own on a free port of the loopback. They end with this one.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::load::Connection;

/// The word that makes this program the bare receiver.
pub const RECEIVER: &str = "--receiver";

/// A server under test. Dropped, it is asked to stop and waited for.
pub struct Lendglassd {
    child: Child,
    pub port: u16,
    /// From its start to the first answer that it is ready.
    pub ready: Duration,
}

impl Lendglassd {
    /// Starts the program that was built beside this one.
    pub fn start(data: &Path, database: Option<&str>, world: Option<&Path>) -> Lendglassd {
        let port = free_port();
        let folder = std::env::current_exe().unwrap();
        let program = folder.ancestors().nth(2).unwrap().join("lendglassd");
        assert!(program.exists(), "{} is missing: cargo build --release --bins", program.display());
        let mut command = Command::new(program);
        command.arg("serve").arg("--data").arg(data).arg("--listen").arg(address(port));
        command.args(database.iter().flat_map(|url| ["--database", url]));
        if let Some(world) = world {
            command.arg("--world").arg(world);
        }
        let log = File::options().create(true).append(true).open(log_of(data)).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let begun = Instant::now();
        let mut child = command.spawn().unwrap();
        while !is_ready(port) {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "{}", fs::read_to_string(log_of(data)).unwrap_or_default());
            std::thread::yield_now();
        }
        Lendglassd { child, port, ready: begun.elapsed() }
    }

    /// Processor time so far, seconds.
    pub fn cpu(&self) -> f64 {
        cpu_seconds(&[self.child.id()])
    }

    /// Resident memory, MB: now and at most.
    pub fn memory_mb(&self) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1024.0 / 1e6
        };
        (of("VmRSS:"), of("VmHWM:"))
    }

    /// A token, and the project that it is for.
    pub fn token(&self, account: &str, user: &str, project: &str) -> String {
        let account = json!({"name": account});
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {
                "user": {"name": user, "domain": account, "password": "demo"}}},
            "scope": {"project": {"name": project, "domain": account}},
        }});
        let mut connection = Connection::open(self.port);
        let answer = connection.call("POST", "/v3/auth/tokens", "", Some(&body));
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.header("x-subject-token").unwrap()
    }

    /// A call that must succeed, and its JSON.
    pub fn json(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Value {
        let answer = Connection::open(self.port).call(method, path, token, body);
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }
}

impl Drop for Lendglassd {
    fn drop(&mut self) {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        self.child.wait().unwrap();
    }
}

fn log_of(data: &Path) -> PathBuf {
    data.with_extension("log")
}

fn is_ready(port: u16) -> bool {
    if TcpStream::connect(address(port)).is_err() {
        return false;
    }
    Connection::open(port).call("GET", "/readyz", "", None).status == 200
}

/// nginx with one worker, sendfile and an access log, as its package sets it up.
pub struct Nginx {
    folder: PathBuf,
    master: u32,
    pub port: u16,
}

impl Nginx {
    /// Serves what lies in `root`; its own files go to `folder`.
    pub fn start(folder: &Path, root: &Path) -> Nginx {
        fs::create_dir_all(folder).unwrap();
        let port = free_port();
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout);
        let config = format!(
            "user {};\nworker_processes 1;\npid nginx.pid;\nerror_log error.log;\nevents {{}}\n\
             http {{\n access_log access.log;\n sendfile on;\n tcp_nopush on;\n \
             keepalive_requests 100000000;\n \
             server {{ listen 127.0.0.1:{port}; root {}; }}\n}}\n",
            user.unwrap().trim(),
            root.display()
        );
        fs::write(folder.join("nginx.conf"), config).unwrap();
        let status = Nginx::command(folder).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "nginx does not start; is nginx-light there?"
        );
        let master = fs::read_to_string(folder.join("nginx.pid")).unwrap().trim().parse().unwrap();
        Nginx { folder: folder.to_owned(), master, port }
    }

    fn command(folder: &Path) -> Command {
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
        command.args(["-e", "error.log"]).stderr(Stdio::null());
        command
    }

    /// Processor time so far, seconds.
    pub fn cpu(&self) -> f64 {
        let children = format!("/proc/{0}/task/{0}/children", self.master);
        let workers = fs::read_to_string(children).unwrap();
        let workers = workers.split_whitespace().map(|id| id.parse().unwrap());
        cpu_seconds(&workers.chain([self.master]).collect::<Vec<u32>>())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        Nginx::command(&self.folder).args(["-s", "stop"]).status().unwrap();
    }
}

/// The bare receiver ([`crate::receiver`]).
pub struct Receiver {
    child: Child,
    pub port: u16,
}

impl Receiver {
    /// Writes what it receives into `folder`.
    pub fn start(folder: &Path) -> Receiver {
        fs::create_dir_all(folder).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(RECEIVER).arg(folder).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Receiver { port: line.trim().parse().unwrap(), child }
    }

    /// Processor time so far, seconds.
    pub fn cpu(&self) -> f64 {
        cpu_seconds(&[self.child.id()])
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// User and system time of processes.
#[expect(
    unsafe_code,
    reason = "the clock of another process has no safe form; /proc counts in hundredths"
)]
pub fn cpu_seconds(processes: &[u32]) -> f64 {
    let seconds = |process: &u32| {
        let mut clock = 0;
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: both calls write to the one variable that they are given.
        let codes = unsafe {
            let id =
                libc::clock_getcpuclockid(libc::pid_t::try_from(*process).unwrap(), &mut clock);
            (id, libc::clock_gettime(clock, &mut time))
        };
        assert_eq!(codes, (0, 0), "process {process} has no clock");
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    processes.iter().map(seconds).sum()
}

/// Has the page cache forget a file.
pub fn forget(path: &Path) {
    let input = format!("if={}", path.display());
    let dd = Command::new("dd").args(["iflag=nocache", "count=0", "status=none", &input]).status();
    assert!(dd.unwrap().success());
}
