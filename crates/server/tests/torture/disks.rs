//! What happens to disks and to the machine: power cuts, full disks, disks that turn read-only, syncs
//! that fail, no descriptors left, a clock that jumps. Most of it needs root and loop devices.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::http::{Answer, Sent};
use crate::installation::{Installation, Who, signal};
use crate::ledger::{Content, Entry, Ledger, Stand};
use crate::load::Load;
use crate::rng::Rng;
use crate::servers::{Postgres, url};
use crate::{check, nodes, seed, setting, wait_until};

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    output.status.success().then_some(()).ok_or(format!("{program} {arguments:?}: {text}"))
}

fn must(program: &str, arguments: &[&str]) {
    run(program, arguments).unwrap();
}

/// A file system of its own in a file.
struct Disk {
    home: tempfile::TempDir,
    options: &'static str,
}

impl Disk {
    /// Makes it and mounts it; says by name what this machine cannot do.
    fn made(kind: &str, mib: u64, options: &'static str) -> Option<Disk> {
        let disk = Disk { home: tempfile::tempdir().unwrap(), options };
        std::fs::create_dir(disk.root()).unwrap();
        must("chmod", &["755", disk.home.path().to_str().unwrap()]);
        std::fs::File::create(disk.file()).unwrap().set_len(mib << 20).unwrap();
        let quiet = if kind == "xfs" { "-qf" } else { "-qF" };
        let file = disk.file();
        let made = run(&format!("mkfs.{kind}"), &[quiet, file.to_str().unwrap()]);
        if let Err(why) = made.and_then(|()| disk.try_mount()) {
            println!("{kind} on a loop device: cannot be tested on this machine: {why}");
            return None;
        }
        Some(disk)
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("disk")
    }

    fn root(&self) -> PathBuf {
        self.home.path().join("mounted")
    }

    fn try_mount(&self) -> Result<(), String> {
        let options = format!("loop{}", self.options);
        let (file, root) = (self.file(), self.root());
        run("mount", &["-o", &options, file.to_str().unwrap(), root.to_str().unwrap()])
    }

    /// The last process that had it open may take a moment to go.
    fn unmount(&self) {
        wait_until("it is unmounted", || run("umount", &[self.root().to_str().unwrap()]).is_ok());
    }

    /// The power is gone: what was not synced is lost, every further write fails.
    fn cut_power(&self) {
        must("xfs_io", &["-x", "-c", "shutdown", self.root().to_str().unwrap()]);
    }

    fn power_comes_back(&self) {
        self.unmount();
        self.try_mount().unwrap();
    }

    fn sync(&self) {
        must("sync", &["-f", self.root().to_str().unwrap()]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = run("umount", &["-l", self.root().to_str().unwrap()]);
    }
}

/// An installation whose data lie on the disk, started, with everybody signed in.
fn on_disk(disk: &Disk, database: Option<String>) -> Installation {
    let mut program = Installation::at(disk.root().join("data"), database);
    program.start();
    program.sign_everybody_in();
    disk.sync();
    program
}

fn survives_power_cuts(kind: &str, with_postgres: bool) {
    let (seed, cuts) = (seed(), setting("LENDGLASS_CUTS").unwrap_or(5));
    let mut rng = Rng::of(seed);
    let Some(disk) = Disk::made(kind, 2048, "") else { return };
    let mut server = with_postgres.then(|| Postgres::start_new_in(&disk.root().join("postgres")));
    let mut program = on_disk(&disk, server.as_ref().map(|server| url(&[server])));
    let mut ledger = Ledger::default();
    for _ in 0..cuts {
        let load = Load::begin(&[&program], ledger, rng.below(1 << 30) as u64, true);
        load.wait_for(20 + rng.below(60));
        load.loses_power();
        disk.cut_power();
        program.kill();
        if let Some(server) = &mut server {
            server.lose_power();
        }
        ledger = load.end();
        disk.power_comes_back();
        if let Some(server) = &mut server {
            server.start();
        }
        program.start();
        check::people(&program, &mut ledger);
    }
    check::at_rest(&mut program, &mut ledger);
    println!(
        "power cuts: seed {seed}, {kind}, {}, {cuts} cuts, {} acts answered, {} not: nothing is lost",
        if with_postgres { "PostgreSQL" } else { "SQLite" },
        ledger.answered,
        ledger.lost
    );
}

#[test]
#[ignore = "needs root and loop devices: make torture"]
fn sqlite_what_is_acknowledged_survives_power_cuts_on_ext4() {
    survives_power_cuts("ext4", false);
}

#[test]
#[ignore = "needs root and loop devices: make torture"]
fn sqlite_what_is_acknowledged_survives_power_cuts_on_xfs() {
    survives_power_cuts("xfs", false);
}

#[test]
#[ignore = "needs root and loop devices: make torture"]
fn postgres_what_is_acknowledged_survives_power_cuts_on_ext4() {
    survives_power_cuts("ext4", true);
}

/// Uploads and commits meet a disk that is full; when there is room again, all goes on.
#[test]
#[ignore = "needs root and loop devices: make torture"]
fn sqlite_a_full_disk_refuses_and_loses_nothing() {
    let seed = seed();
    let Some(disk) = Disk::made("ext4", 400, "") else { return };
    let mut program = on_disk(&disk, None);
    let mut ledger = Ledger::default();
    for round in 0..3 {
        let filler = disk.root().join("filler");
        let load = Load::begin(&[&program], ledger, seed + round, true);
        load.wait_for(25);
        // To the last byte: then the database cannot commit either.
        let _ = run("dd", &["if=/dev/zero", &format!("of={}", filler.display()), "bs=64k"]);
        load.wait_for(25);
        std::fs::remove_file(filler).unwrap();
        check::answers_again(&program);
        ledger = load.end();
        check::people(&program, &mut ledger);
    }
    check::at_rest(&mut program, &mut ledger);
    println!(
        "full disk: seed {seed}, {} acts answered, {} not: nothing is lost",
        ledger.answered, ledger.lost
    );
}

/// A file system that meets an error turns read-only under the program: it reads on and writes nothing.
#[test]
#[ignore = "needs root and loop devices: make torture"]
fn sqlite_a_disk_that_turns_read_only_loses_nothing() {
    let seed = seed();
    let Some(disk) = Disk::made("ext4", 1024, ",errors=remount-ro") else { return };
    let mut program = on_disk(&disk, None);
    let load = Load::begin(&[&program], Ledger::default(), seed, true);
    load.wait_for(40);
    let device = device_of(&disk.root());
    let trigger = format!("/sys/fs/ext4/{device}/trigger_fs_error");
    if let Err(why) = std::fs::write(&trigger, "1") {
        println!("a disk that turns read-only: cannot be tested on this machine: {trigger}: {why}");
        drop(load.end());
        return;
    }
    load.wait_for(10);
    let refused = write_something(&program);
    assert!(refused >= 500, "a disk that cannot be written took a record: {refused}");
    let mut ledger = load.end();
    program.kill();
    disk.unmount();
    // It corrects what the error has left, and says so with its status.
    let _ = run("fsck.ext4", &["-fp", disk.file().to_str().unwrap()]);
    disk.try_mount().unwrap();
    program.start();
    check::people(&program, &mut ledger);
    check::at_rest(&mut program, &mut ledger);
    println!("read-only disk: seed {seed}: nothing is lost");
}

fn device_of(root: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
    let root = root.to_str().unwrap();
    let line = mounts.lines().find(|line| line.split(' ').nth(1) == Some(root)).unwrap();
    line.split(' ').next().unwrap().trim_start_matches("/dev/").to_owned()
}

/// The status of a new record's making.
fn write_something(program: &Installation) -> u16 {
    let body = json!({"name": "nobody's"}).to_string();
    let sent = Sent::new("POST", "/v2/images").json(&body);
    let sent = Sent { token: Some(&program.tokens[&Who::Alice]), ..sent };
    // The connection may break instead, which is no acknowledgement either.
    sent.to(program.address).map_or(599, |answer| answer.status)
}

/// A tracer that lets every sync of a program fail, from here to its end.
struct FailingSyncs(Child);

impl FailingSyncs {
    fn of(program: &Installation) -> Result<FailingSyncs, String> {
        let pid = program.pid().to_string();
        let mut tracer = Command::new("strace")
            .args(["-f", "-p", &pid, "-o", "/dev/null", "-e", "trace=fsync,fdatasync"])
            .args(["-e", "inject=fsync,fdatasync:error=EIO"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("strace: {error}"))?;
        let mut line = String::new();
        let mut said = BufReader::new(tracer.stderr.take().unwrap());
        said.read_line(&mut line).unwrap();
        if !line.contains("attached") {
            tracer.wait().unwrap();
            return Err(line);
        }
        // It says more for each thread, and must not be kept waiting.
        std::thread::spawn(move || said.lines().for_each(drop));
        Ok(FailingSyncs(tracer))
    }
}

impl Drop for FailingSyncs {
    fn drop(&mut self) {
        signal(self.0.id(), "INT");
        self.0.wait().unwrap();
    }
}

#[test]
#[ignore = "needs strace and the right to trace: make torture"]
fn sqlite_a_sync_that_failed_is_never_taken_for_success() {
    let seed = seed();
    let mut program = Installation::start_new(None);
    let load = Load::begin(&[&program], Ledger::default(), seed, true);
    load.wait_for(40);
    let mut ledger = load.end();
    check::people(&program, &mut ledger);
    for round in 1..=3 {
        let failing = match FailingSyncs::of(&program) {
            Ok(failing) => failing,
            Err(why) => {
                println!("syncs that fail: cannot be tested on this machine: {why}");
                return;
            }
        };
        let status = write_something(&program);
        assert!(status >= 500, "a record that is not on disk is acknowledged: {status}");
        let load = Load::begin(&[&program], ledger, seed + round, true);
        load.wait_for(15);
        drop(failing);
        load.wait_for(15);
        ledger = load.end();
        // Once it goes on, once it dies of it.
        if round == 2 {
            program.kill();
            program.start();
        }
        check::answers_again(&program);
        check::people(&program, &mut ledger);
    }
    check::at_rest(&mut program, &mut ledger);
    println!("syncs that fail: seed {seed}: nothing is lost");
}

fn limit_descriptors(program: &Installation, most: &str) {
    let pid = program.pid().to_string();
    must("prlimit", &["--pid", &pid, &format!("--nofile={most}:")]);
}

#[test]
fn sqlite_without_descriptors_it_refuses_and_loses_nothing() {
    let seed = seed();
    let mut program = Installation::start_new(None);
    let open = std::fs::read_dir(format!("/proc/{}/fd", program.pid())).unwrap().count();
    let load = Load::begin(&[&program], Ledger::default(), seed, true);
    load.wait_for(20);
    limit_descriptors(&program, &(open + 2).to_string());
    load.wait_for(30);
    limit_descriptors(&program, "1024");
    check::answers_again(&program);
    load.wait_for(20);
    let mut ledger = load.end();
    check::people(&program, &mut ledger);
    check::at_rest(&mut program, &mut ledger);
    println!(
        "out of descriptors: seed {seed}, {} acts answered, {} not: nothing is lost",
        ledger.answered, ledger.lost
    );
}

/// A clock of the program's own, which is set whole at once: it is read at every look.
struct Clock(PathBuf);

impl Clock {
    fn set(&self, ahead: &str) {
        std::fs::write(self.0.with_extension("new"), ahead).unwrap();
        std::fs::rename(self.0.with_extension("new"), &self.0).unwrap();
    }
}

/// An installation with such a clock; says what this machine cannot do.
fn with_own_clock() -> Option<(Installation, Clock)> {
    let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
    if !Path::new(library).exists() {
        println!("a clock that jumps: cannot be tested on this machine: there is no {library}");
        return None;
    }
    let mut program = Installation::start_new(None);
    let clock = Clock(program.data.join("clock"));
    clock.set("+0");
    program.stop();
    for (name, value) in [
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", clock.0.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ] {
        program.environment.push((name.to_owned(), value.to_owned()));
    }
    program.start();
    Some((program, clock))
}

/// The clock of the machine jumps while people act: leases go by another clock, nobody's upload ends,
/// and what was under way ends well.
#[test]
#[ignore = "needs libfaketime: make torture"]
fn sqlite_a_clock_that_jumps_ends_nothing_early() {
    let seed = seed();
    let Some((mut program, clock)) = with_own_clock() else { return };
    let load = Load::begin(&[&program], Ledger::default(), seed, false);
    for jump in ["+20h", "+0", "-5d", "+1h", "-1h", "+0"] {
        load.wait_for(15);
        clock.set(jump);
    }
    load.wait_for(15);
    let mut ledger = load.end();
    check::people(&program, &mut ledger);
    let health: Answer = Sent::new("GET", "/readyz").to(program.address).unwrap();
    assert_eq!(health.status, 200, "{}", health.text());
    check::at_rest(&mut program, &mut ledger);
    println!("a clock that jumps: seed {seed}: nothing is lost");
}

/// Five days ahead tokens are over, which live for a day at most; whoever signs in anew finds all that
/// was there, and an upload that was under way has gone on. When the clock is set right again the tokens
/// from before are good as they were.
#[test]
#[ignore = "needs libfaketime: make torture"]
fn sqlite_a_clock_that_jumps_by_days_ends_tokens_and_nothing_else() {
    let seed = seed();
    let Some((mut program, clock)) = with_own_clock() else { return };
    let load = Load::begin(&[&program], Ledger::default(), seed, false);
    load.wait_for(30);
    let mut ledger = load.end();
    let content = Content { seed, length: 8 << 20 };
    let (bytes, id) = (content.bytes(), nodes::record(&program, "half"));
    let mut upload = nodes::begin_upload(&program, &id, bytes.len(), &bytes[..4 << 20]);
    wait_until("the upload begins", || nodes::status(&program, Who::Alice, &id) == "saving");
    let mut entry = Entry::new(Who::Alice, content, &[Stand::Whole]);
    entry.id = Some(id);
    ledger.entries.insert("half".to_owned(), entry);

    clock.set("+5d");
    let before = program.tokens.clone();
    assert_eq!(program.ask(Who::Alice, "GET", "/v2/images?limit=1").status, 401);
    program.sign_everybody_in();
    upload.write_all(&bytes[4 << 20..]).unwrap();
    let answer = Answer::read(upload).unwrap();
    assert_eq!(answer.status, 204, "{}", answer.text());
    check::people(&program, &mut ledger);
    let load = Load::begin(&[&program], ledger, seed + 1, false);
    load.wait_for(30);

    // Tokens of the days ahead are good as well.
    clock.set("+0");
    load.wait_for(30);
    let mut ledger = load.end();
    program.tokens = before;
    check::people(&program, &mut ledger);
    let load = Load::begin(&[&program], ledger, seed + 2, false);
    load.wait_for(30);
    let mut ledger = load.end();
    check::at_rest(&mut program, &mut ledger);
    println!("a clock that jumps by days: seed {seed}: tokens end, nothing is lost");
}
