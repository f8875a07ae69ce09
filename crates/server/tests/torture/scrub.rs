//! XC-04: bytes that are not what they were are found, by whoever asks and by the scrub, are served to
//! nobody, and their owner is told.

use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::http::Sent;
use crate::installation::{Installation, Who};
use crate::ledger::Content;
use crate::{check, postgres, wait_until};

/// An image of alice's that bob has accepted.
fn accepted(program: &Installation) -> (String, Content) {
    let content = Content { seed: 7, length: (5 << 20) + 13 };
    let body = json!({"name": "erp", "disk_format": "raw", "container_format": "bare"}).to_string();
    let made = program.send(Who::Alice, "POST", "/v2/images", body.as_bytes());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v2/images/{id}");
    let file = format!("{path}/file");
    assert_eq!(program.send(Who::Alice, "PUT", &file, &content.bytes()).status, 204);
    let member = json!({"member": Who::Bob.project()}).to_string();
    let members = format!("{path}/members");
    assert_eq!(program.send(Who::Alice, "POST", &members, member.as_bytes()).status, 200);
    let own = format!("{members}/{}", Who::Bob.project());
    let answer = Sent { token: Some(&program.tokens[&Who::Bob]), ..Sent::new("PUT", &own) };
    let answer = answer.json(r#"{"status": "accepted"}"#).to(program.address).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    (id, content)
}

/// The only file of the store.
fn blob(program: &Installation) -> PathBuf {
    let root = program.data.join("blobs/r1");
    let mut files = check::files(&root);
    files.retain(|path, _| !path.ends_with(".check"));
    assert_eq!(files.len(), 1, "{files:?}");
    root.join(files.keys().next().unwrap())
}

fn flip(path: &PathBuf, at: u64) {
    let file = std::fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
    file.sync_all().unwrap();
}

/// Asks for the bytes to be read again, and waits for what is found.
fn verify(program: &Installation, id: &str) -> Value {
    let path = format!("/api/v1/images/{id}/verify");
    let asked = program.send(Who::Alice, "POST", &path, b"{}");
    assert_eq!(asked.status, 202, "{}", asked.text());
    assert_eq!(asked.json()["disks"][0]["waiting"], true);
    let mut found = Value::Null;
    wait_until("the bytes are read again", || {
        found = program.ask(Who::Alice, "GET", &path).json();
        found["disks"][0]["waiting"] == false
    });
    found
}

fn is_refused(program: &Installation, id: &str) {
    for who in [Who::Alice, Who::Bob] {
        for path in [format!("/v2/images/{id}/file"), format!("/api/v1/images/{id}/disks/0/file")] {
            let read = program.ask(who, "GET", &path);
            assert_eq!(read.status, 409, "{who:?} {path}: {}", read.text());
            assert!(read.text().contains("BLOB_DAMAGED"), "{}", read.text());
        }
    }
    let shown = program.ask(Who::Alice, "GET", &format!("/v2/images/{id}")).json();
    assert_eq!(shown["status"], "killed");
}

/// How often alice was told.
fn told(program: &Installation) -> usize {
    let notices = program.ask(Who::Alice, "GET", "/api/v1/notices?limit=100").json();
    let notices = notices["notices"].as_array().unwrap().clone();
    notices.iter().filter(|notice| notice["kind"] == "image.damaged").count()
}

fn xc_04_a_flipped_byte_is_found_and_never_served(database: Option<String>) {
    let mut program = Installation::start_new(database);
    let (id, content) = accepted(&program);
    let found = verify(&program, &id);
    assert_eq!(
        (&found["status"], &found["disks"][0]["damaged"]),
        (&"active".into(), &false.into())
    );
    assert_eq!(told(&program), 0);

    let file = blob(&program);
    flip(&file, 3 << 20);
    let found = verify(&program, &id);
    assert_eq!((&found["status"], &found["disks"][0]["damaged"]), (&"killed".into(), &true.into()));
    is_refused(&program, &id);
    assert_eq!(told(&program), 1);
    assert!(program.log().contains("not what they were"), "the operator is told as well");
    let path = format!("/api/v1/images/{id}/replicate");
    assert_eq!(program.send(Who::Alice, "POST", &path, b"{}").status, 409);
    check::tables(&program);

    // It stays so, whatever happens to the program, until the bytes are put right.
    program.kill();
    program.start();
    is_refused(&program, &id);
    flip(&file, 3 << 20);
    let found = verify(&program, &id);
    assert_eq!(
        (&found["status"], &found["disks"][0]["damaged"]),
        (&"deactivated".into(), &false.into())
    );
    let path = format!("/api/v1/images/{id}/reactivate");
    assert_eq!(program.send(Who::Alice, "POST", &path, b"{}").status, 200);
    let read = program.ask(Who::Bob, "GET", &format!("/v2/images/{id}/file"));
    assert!(read.body == content.bytes());

    // The scrub finds by itself what is missing, and what is too short is not served before that.
    std::fs::File::options().write(true).open(&file).unwrap().set_len(1 << 20).unwrap();
    let read = program.ask(Who::Bob, "GET", &format!("/v2/images/{id}/file"));
    assert_eq!(read.status, 409, "{}", read.text());
    program.kill();
    std::fs::remove_file(&file).unwrap();
    let interval = ("LENDGLASS_SCRUB__INTERVAL_SECONDS".to_owned(), "1".to_owned());
    program.environment.push(interval);
    program.start();
    wait_until("the scrub finds it", || told(&program) == 2);
    is_refused(&program, &id);

    // A record that is of no use can be deleted, with what was left of its bytes.
    assert_eq!(program.ask(Who::Alice, "DELETE", &format!("/v2/images/{id}")).status, 204);
    let blobs = "select cast(count(*) as bigint) from blob";
    wait_until("nothing is left", || check::counted(&program, blobs) == 0);
}

#[test]
fn sqlite_xc_04_a_flipped_byte_is_found_and_never_served() {
    xc_04_a_flipped_byte_is_found_and_never_served(None);
}

#[test]
fn postgres_xc_04_a_flipped_byte_is_found_and_never_served() {
    xc_04_a_flipped_byte_is_found_and_never_served(Some(postgres::url()));
}
