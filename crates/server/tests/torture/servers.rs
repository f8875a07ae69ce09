//! A PostgreSQL of the test's own, which may be killed, stopped, and followed by a standby. As root it
//! runs as `postgres`.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::installation::{free_address, signal};
use crate::wait_until;

pub struct Postgres {
    folder: PathBuf,
    bin: PathBuf,
    pub port: u16,
    postmaster: Option<Child>,
    /// Removed at the end, by the one whose it is.
    home: Option<tempfile::TempDir>,
}

fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|entry| entry.path().join("bin")).max();
    newest.expect("this test needs PostgreSQL; `apt-get install postgresql` brings it")
}

/// A program of PostgreSQL's, which refuses to run as root. It dies with this thread.
fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    command.args(["--pdeathsig=KILL", "--"]).arg(program);
    command.env("PGPASSWORD", "lendglass").current_dir("/").stdin(Stdio::null());
    command
}

fn must(command: &mut Command) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
}

/// An empty folder that the server may write.
fn folder_of_postgres(path: &Path) {
    fs::create_dir(path).unwrap();
    must(Command::new("chmod").arg("700").arg(path));
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        must(Command::new("chown").arg("postgres").arg(path));
    }
}

impl Postgres {
    /// A fresh cluster with one empty database, started.
    pub fn start_new() -> Postgres {
        let home = tempfile::tempdir().unwrap();
        must(Command::new("chmod").arg("755").arg(home.path()));
        let mut made = Postgres::start_new_in(&home.path().join("primary"));
        made.home = Some(home);
        made
    }

    /// The same in a folder of the caller's.
    pub fn start_new_in(folder: &Path) -> Postgres {
        let (bin, folder) = (programs(), folder.to_owned());
        folder_of_postgres(&folder);
        let password = folder.with_extension("password");
        fs::write(&password, "lendglass").unwrap();
        let mut initdb = as_postgres(&bin.join("initdb"));
        initdb.arg("--pgdata").arg(&folder).arg("--pwfile").arg(&password).args([
            "--no-sync",
            "--username=lendglass",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]);
        must(&mut initdb);
        let mut made = Postgres { folder, bin, port: 0, postmaster: None, home: None };
        made.start();
        made.sql("create database lendglass");
        made
    }

    /// Starts the server, also after a kill, and waits until it answers.
    pub fn start(&mut self) {
        if self.port == 0 {
            self.port = free_address().port();
        }
        wait_until("PostgreSQL starts", || {
            self.postmaster = Some(self.spawn());
            loop {
                if self.try_sql("select 1").status.success() {
                    return true;
                }
                // It refuses while processes of the one before are about to end.
                let postmaster = self.postmaster.as_mut().expect("just spawned");
                if postmaster.try_wait().unwrap().is_some() {
                    return false;
                }
            }
        });
    }

    fn spawn(&self) -> Child {
        let log = self.folder.with_extension("log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut server = as_postgres(&self.bin.join("postgres"));
        server.arg("-D").arg(&self.folder).args(["-p", &self.port.to_string()]);
        server.args(["-h", "127.0.0.1", "-k", "", "-c", "max_connections=60"]);
        server.args(["-c", "shared_buffers=32MB", "-c", "hot_standby=on"]);
        server.stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    /// A standby that every commit waits for.
    pub fn standby(&self) -> Postgres {
        let folder = self.folder.with_file_name("standby");
        folder_of_postgres(&folder);
        let mut copy = as_postgres(&self.bin.join("pg_basebackup"));
        copy.args(["-h", "127.0.0.1", "-U", "lendglass", "-X", "stream", "-R", "-c", "fast"]);
        copy.args(["-p", &self.port.to_string(), "-D"]).arg(&folder);
        must(&mut copy);
        let bin = self.bin.clone();
        let mut standby = Postgres { folder, bin, port: 0, postmaster: None, home: None };
        standby.start();
        self.sql("alter system set synchronous_standby_names = '*'");
        self.sql("select pg_reload_conf()");
        wait_until("the standby follows", || {
            let state = self.try_sql("select sync_state from pg_stat_replication");
            String::from_utf8_lossy(&state.stdout).trim() == "sync"
        });
        standby
    }

    pub fn promote(&self) {
        self.sql("select pg_promote()");
    }

    /// SIGKILL to the postmaster; its children find out and end.
    pub fn kill(&mut self) {
        if let Some(mut postmaster) = self.postmaster.take() {
            postmaster.kill().unwrap();
            postmaster.wait().unwrap();
        }
    }

    /// SIGKILL to every process of the server at once: a child that waits for a lock of another that
    /// died would never find out.
    pub fn lose_power(&mut self) {
        self.signal_all("STOP");
        let children = self.postmaster.as_ref().map_or_else(Vec::new, |it| children(it.id()));
        self.kill();
        signal_each(&children, "KILL");
    }

    /// A signal to every process of the server: `STOP` hangs it, `CONT` lets it go on.
    pub fn signal_all(&self, name: &str) {
        let postmaster = self.postmaster.as_ref().expect("it runs").id();
        signal(postmaster, name);
        signal_each(&children(postmaster), name);
    }

    /// Ends every connection of the program.
    pub fn cut_connections(&self) {
        self.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity \
             where application_name = 'lendglassd'",
        );
    }

    fn sql(&self, text: &str) -> String {
        let output = self.try_sql(text);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}: {error}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn try_sql(&self, text: &str) -> Output {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-XqAt", "-h", "127.0.0.1", "-U", "lendglass", "-d", "postgres", "-c", text]);
        psql.args(["-p", &self.port.to_string()]).env("PGPASSWORD", "lendglass");
        psql.env("PGCONNECT_TIMEOUT", "5").output().unwrap()
    }
}

fn children(parent: u32) -> Vec<u32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

fn signal_each(processes: &[u32], name: &str) {
    for process in processes {
        // One that has ended meanwhile needs no signal.
        let _ = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).output();
    }
}

/// The URL of an installation's database, wherever it is right now.
pub fn url(servers: &[&Postgres]) -> String {
    let hosts: Vec<String> =
        servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    let hosts = hosts.join(",");
    format!("postgres://lendglass:lendglass@{hosts}/lendglass?target_session_attrs=read-write")
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let Some(postmaster) = &self.postmaster else { return };
        let children = children(postmaster.id());
        self.kill();
        // The folder goes next: nobody may write in it any more.
        wait_until("PostgreSQL has ended", || {
            children.iter().all(|pid| {
                let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).output();
                !Path::new(&format!("/proc/{pid}/exe")).exists()
            })
        });
    }
}
