//! A real `lendglassd` on loopback, and people who run the real `lend`.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

pub const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
pub const B2: &str = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";
pub const C: &str = "cccccccccccccccccccccccccccccccc";

/// A server, and a folder that is everybody's home.
pub struct Cloud {
    server: Child,
    pub home: TempDir,
    pub auth_url: String,
}

impl Cloud {
    /// Starts a server with the people of `world.toml` and waits until it answers.
    pub fn start() -> Cloud {
        let home = tempfile::tempdir().unwrap();
        let world = home.path().join("world.toml");
        fs::write(&world, include_str!("../world.toml")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let server = serve(&home, &address);
        let cloud = Cloud { server, home, auth_url: format!("http://{address}/v3") };
        cloud.write_clouds();
        cloud
    }

    /// Ends the server as an operator would, and starts it again on the same state and address.
    pub fn restart(&mut self) {
        let ended = Command::new("kill").arg(self.server.id().to_string()).status().unwrap();
        assert!(ended.success());
        assert!(self.server.wait().unwrap().success(), "the server ends well, streams and all");
        let address = self.auth_url.trim_start_matches("http://").trim_end_matches("/v3");
        self.server = serve(&self.home, address);
    }

    fn write_clouds(&self) {
        let entry = |name: &str, account: &str, project: &str| {
            format!(
                "  {name}:\n    auth:\n      auth_url: {}\n      username: {name}\n      \
                 password: secret-{name}\n      user_domain_name: {account}\n      \
                 project_name: {project}\n      project_domain_name: {account}\n",
                self.auth_url
            )
        };
        let text = format!(
            "clouds:\n{}{}{}{}{}",
            entry("alice", "Acme", "A"),
            entry("rita", "Acme", "A"),
            entry("bob", "Borealis", "B"),
            entry("carol", "Cumulus", "C"),
            entry("operator", "Ops", "ops"),
        );
        let folder = self.home.path().join(".config/openstack");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("clouds.yaml"), text).unwrap();
    }

    /// `lend` in an environment of nothing but this home.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lend"));
        command.env_clear().env("HOME", self.home.path()).current_dir(self.home.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs `lend` as somebody.
    pub fn lend(&self, person: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command();
        command.args(["--cloud", person]).args(arguments);
        Ran::of(command.output().unwrap(), arguments)
    }

    /// Runs `lend` with something on standard input.
    pub fn lend_with_input(&self, mut command: Command, input: &[u8]) -> Ran {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that fails early leaves its input unread.
        child.stdin.take().unwrap().write_all(input).ok();
        Ran::of(child.wait_with_output().unwrap(), &[])
    }

    /// A path in the home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Uploads bytes as somebody; answers the id.
    pub fn upload(&self, person: &str, name: &str, bytes: &[u8]) -> String {
        let file = self.path(&format!("{name}.img"));
        fs::write(&file, bytes).unwrap();
        let file = file.display().to_string();
        let ran = self.lend(person, &["image", "upload", name, "--file", &file, "-f", "json"]);
        ran.expect(0).json()["id"].as_str().unwrap().to_owned()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// Starts a server in a home and waits until it listens.
fn serve(home: &TempDir, address: &str) -> Child {
    let mut server = Command::new(server_program())
        .arg("serve")
        .args([OsStr::new("--data"), home.path().join("data").as_os_str()])
        .args([OsStr::new("--world"), home.path().join("world.toml").as_os_str()])
        .args(["--listen", address])
        .env("HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It says where it is once it listens.
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains(address), "the server said {line:?}");
    server
}

/// The server's program beside ours; built first, because it is another package's.
fn server_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--workspace", "--bins"]);
        // What the runner says of this package would make dependencies be built anew.
        let is_of_package = |name: &str| {
            ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|begin| name.starts_with(begin))
        };
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(is_of_package) {
                build.env_remove(name);
            }
        }
        let built = build.status().unwrap();
        assert!(built.success(), "lendglassd does not build");
        Path::new(env!("CARGO_BIN_EXE_lend")).with_file_name("lendglassd")
    })
}

/// A command that has ended.
pub struct Ran {
    pub status: i32,
    pub out: Vec<u8>,
    pub err: String,
    what: String,
}

impl Ran {
    /// What `lend` did.
    pub fn of(output: Output, arguments: &[&str]) -> Ran {
        Ran {
            status: output.status.code().unwrap_or(-1),
            out: output.stdout,
            err: String::from_utf8(output.stderr).unwrap(),
            what: arguments.join(" "),
        }
    }

    /// The same, if the exit code is this one.
    #[track_caller]
    pub fn expect(self, status: i32) -> Ran {
        let out = String::from_utf8_lossy(&self.out);
        assert_eq!(self.status, status, "lend {}\n{out}\n{}", self.what, self.err);
        self
    }

    /// The same, if it failed with this code in its text and this exit code.
    #[track_caller]
    pub fn refused(self, status: i32, code: &str) -> Ran {
        let ran = self.expect(status);
        assert!(ran.err.contains(&format!("error {code}: ")), "{}", ran.err);
        ran
    }

    /// What it printed.
    pub fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }

    /// What it printed, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.out).unwrap()
    }
}
