//! Large files: kept by the server, and gone on with.

use super::*;

const LARGE: usize = 256 << 20;

fn large(cloud: &Cloud) -> Vec<u8> {
    let bytes: Vec<u8> = (0..LARGE).map(|at| (at / 251 + at) as u8).collect();
    fs::write(cloud.path("large.img"), &bytes).unwrap();
    bytes
}

fn uploads(cloud: &Cloud) -> Vec<serde_json::Value> {
    let listed = cloud.lend("alice", &["upload", "list", "-f", "json"]).expect(0).json();
    listed.as_array().unwrap().clone()
}

/// Begins an upload and stops it in the middle, as a sleeping laptop does.
fn begin(cloud: &Cloud) -> (std::process::Child, String) {
    let mut command = cloud.command();
    command.args(["--cloud", "alice", "image", "upload", "large", "--disk-format", "raw"]);
    command.args(["--file", "large.img"]).stderr(std::process::Stdio::piped());
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let id = loop {
        if let Some(upload) = uploads(cloud).first() {
            break upload["id"].as_str().unwrap().to_owned();
        }
        assert!(child.try_wait().unwrap().is_none(), "it was over before it could be stopped");
    };
    signal(&child, "STOP");
    (child, id)
}

fn signal(child: &std::process::Child, name: &str) {
    let mut kill = std::process::Command::new("kill");
    let sent = kill.args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn check_is_whole(cloud: &Cloud, bytes: &[u8]) {
    let saved = cloud.lend("alice", &["image", "save", "large", "--file", "-"]).expect(0);
    assert!(saved.out == bytes);
    assert_eq!(uploads(cloud), Vec::<serde_json::Value>::new());
}

#[test]
fn xc_03_an_upload_goes_on_by_itself_when_the_server_comes_back() {
    let mut cloud = Cloud::start();
    let bytes = large(&cloud);
    let (child, _) = begin(&cloud);
    cloud.restart();
    signal(&child, "CONT");
    let ran = Ran::of(child.wait_with_output().unwrap(), &[]);
    ran.expect(0);
    check_is_whole(&cloud, &bytes);
}

#[test]
fn xc_03_an_upload_that_was_stopped_is_resumed_or_cancelled() {
    let cloud = Cloud::start();
    let bytes = large(&cloud);
    let (mut child, id) = begin(&cloud);
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(cloud.path("other.img"), b"short").unwrap();
    let resume =
        |file: &str| cloud.lend("alice", &["image", "upload", "--resume", &id, "--file", file]);
    resume("other.img").refused(2, "BAD_FILE");
    resume("large.img").expect(0);
    check_is_whole(&cloud, &bytes);
    resume("large.img").refused(3, "UPLOAD_NOT_FOUND");

    cloud.lend("alice", &["image", "delete", "large", "--yes"]).expect(0);
    let (mut child, id) = begin(&cloud);
    child.kill().unwrap();
    child.wait().unwrap();
    cloud.lend("alice", &["upload", "cancel", &id]).expect(0);
    assert_eq!(uploads(&cloud), Vec::<serde_json::Value>::new());
    // The record was made for these bytes, and goes with them.
    cloud.lend("alice", &["image", "show", "large"]).refused(3, "IMAGE_NOT_FOUND");
}
