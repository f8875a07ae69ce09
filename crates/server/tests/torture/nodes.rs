//! Two and three programs on one PostgreSQL and one folder of blobs, one of them stopped or killed: the
//! others undo its uploads and do its jobs; when it comes back it finds that it has lost them.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::json;

use crate::http::{Answer, Sent};
use crate::installation::{FURTHER_PROJECTS, Installation, Who, signal};
use crate::ledger::{Content, Entry, Ledger, Stand};
use crate::load::Load;
use crate::{check, postgres, seed, wait_until};

const MIB: usize = 1 << 20;

pub fn status(program: &Installation, who: Who, id: &str) -> String {
    let shown = program.ask(who, "GET", &format!("/v2/images/{id}"));
    assert_eq!(shown.status, 200, "{}", shown.text());
    shown.json()["status"].as_str().unwrap().to_owned()
}

pub fn record(program: &Installation, name: &str) -> String {
    let body = json!({"name": name, "disk_format": "raw", "container_format": "bare"}).to_string();
    let made = program.send(Who::Alice, "POST", "/v2/images", body.as_bytes());
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

/// The head of an upload and its first bytes.
pub fn begin_upload(program: &Installation, id: &str, length: usize, first: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(program.address).unwrap();
    let head = format!(
        "PUT /v2/images/{id}/file HTTP/1.1\r\nhost: here\r\nconnection: close\r\nx-auth-token: {}\r\n\
         content-type: application/octet-stream\r\ncontent-length: {length}\r\n\r\n",
        program.tokens[&Who::Alice]
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(first).unwrap();
    stream
}

#[test]
fn postgres_what_a_stopped_node_had_is_undone_and_done_by_the_others() {
    let seed = seed();
    let mut first = Installation::start_new(Some(postgres::url()));
    let mut second = first.another_node();
    let mut ledger = Ledger::default();

    // An image that is copied, and one that is uploaded, by the node that stops in the middle.
    let content = Content { seed, length: 96 * MIB };
    let source = record(&first, "source");
    let path = format!("/v2/images/{source}/file");
    assert_eq!(first.send(Who::Alice, "PUT", &path, &content.bytes()).status, 204);
    let mut entry = Entry::new(Who::Alice, content, &[Stand::Whole]);
    // Whoever deletes it ends the copy, as he should.
    (entry.id, entry.pins) = (Some(source.clone()), 1);
    ledger.entries.insert("source".to_owned(), entry);
    let half = record(&first, "half");
    let mut entry = Entry::new(Who::Alice, Content { seed, length: 1 }, &[Stand::Queued]);
    (entry.id, entry.is_uncertain) = (Some(half.clone()), true);
    ledger.entries.insert("half".to_owned(), entry);
    let mut upload = begin_upload(&first, &half, 8 * MIB, &vec![7; 4 * MIB]);
    wait_until("the upload begins", || status(&first, Who::Alice, &half) == "saving");
    let wish = json!({"region": "r2", "project": Who::There.project(), "name": "copy"}).to_string();
    let path = format!("/api/v1/images/{source}/copy");
    let made = first.send(Who::Alice, "POST", &path, wish.as_bytes());
    assert_eq!(made.status, 202, "{}", made.text());
    let copy = made.json()["image"].as_str().unwrap().to_owned();
    let mut entry = Entry::new(Who::There, content, &[Stand::Importing, Stand::Whole]);
    (entry.id, entry.source, entry.is_busy) = (Some(copy.clone()), Some("source".to_owned()), true);
    ledger.entries.insert("copy".to_owned(), entry);
    signal(first.pid(), "STOP");

    // The others go on, and take over.
    let load = Load::begin(&[&second], ledger, seed, false);
    wait_until("its upload is undone", || status(&second, Who::Alice, &half) == "queued");
    wait_until("its job is done", || {
        let status = status(&second, Who::There, &copy);
        assert!(matches!(status.as_str(), "importing" | "active"), "the copy is {status}");
        status == "active"
    });
    load.wait_for(20);

    // It comes back and has lost both.
    signal(first.pid(), "CONT");
    // It may have hung up by now.
    let _ = upload.write_all(&vec![7; 4 * MIB]);
    let answer = Answer::read(upload);
    let lost = answer.map_or(0, |answer| answer.status);
    assert!(lost != 204, "an upload that was undone has gone well");
    check::answers_again(&first);
    let ledger = load.end();
    let load = Load::begin(&[&first, &second], ledger, seed + 1, false);
    load.wait_for(30);
    let mut ledger = load.end();
    check::people(&first, &mut ledger);

    // One that is killed leaves everything to the other.
    let load = Load::begin(&[&first, &second], ledger, seed + 2, true);
    load.wait_for(30);
    first.kill();
    let mut ledger = load.end();
    check::people(&second, &mut ledger);
    check::at_rest(&mut second, &mut ledger);
    println!("two nodes, one stopped, then killed: seed {seed}: nothing is lost");
}

/// What everybody tries at once to get past: three tenants an image, so many private images.
const CEILINGS: &str = "[policy]\nshare.max_tenants.system = 3\nshare.pending_counts = true\n\
    private_image.quota = 12\n";

#[test]
fn postgres_no_ceiling_is_passed_while_nodes_stop_and_die() {
    let mut first = Installation::start_new(Some(postgres::url()));
    let file = first.data.join("ceilings.toml");
    std::fs::write(&file, CEILINGS).unwrap();
    first.environment.push(("LENDGLASS_CONFIG".into(), file.to_str().unwrap().to_owned()));
    first.stop();
    first.start();
    let (second, mut third) = (first.another_node(), first.another_node());
    let images: Vec<String> = (0..4).map(|at| record(&first, &format!("image {at}"))).collect();
    for id in &images {
        let path = format!("/v2/images/{id}/file");
        assert_eq!(first.send(Who::Alice, "PUT", &path, b"a small disk").status, 204);
    }

    // Each node is asked for more than there may be, all at the same time, image by image in an order
    // of its own. A stopped one answers later, a dead one never.
    let answered = std::sync::atomic::AtomicUsize::new(0);
    let crowd = |node: &Installation, at: usize| {
        let (address, token) = (node.address, node.tokens[&Who::Alice].clone());
        let (images, answered) = (&images, &answered);
        move || {
            for step in 0..images.len() * FURTHER_PROJECTS.len() {
                let image = &images[(step + at) % images.len()];
                let to = FURTHER_PROJECTS[(step / images.len() + at) % FURTHER_PROJECTS.len()];
                let body = json!({"member": to}).to_string();
                let path = format!("/v2/images/{image}/members");
                let sent = Sent { token: Some(&token), ..Sent::new("POST", &path) };
                let offered = sent.json(&body).to(address);
                let body = json!({"name": "one more"}).to_string();
                let sent = Sent { token: Some(&token), ..Sent::new("POST", "/v2/images") };
                let made = sent.json(&body).to(address);
                for answer in [offered, made].into_iter().flatten() {
                    // One that was stopped has first to learn what was revoked meanwhile.
                    assert!(answer.status <= 503 && answer.status != 500, "{}", answer.text());
                }
                answered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    };
    let more = |count: usize| {
        let from = answered.load(std::sync::atomic::Ordering::Relaxed);
        wait_until("some are answered", || {
            answered.load(std::sync::atomic::Ordering::Relaxed) >= from + count
        });
    };
    std::thread::scope(|scope| {
        for (at, node) in [&first, &second, &third].into_iter().enumerate() {
            scope.spawn(crowd(node, at));
            scope.spawn(crowd(node, at + 1));
        }
        more(3);
        signal(second.pid(), "STOP");
        more(3);
        third.kill();
        more(3);
        signal(second.pid(), "CONT");
    });
    for id in &images {
        let listed = first.ask(Who::Alice, "GET", &format!("/v2/images/{id}/members"));
        assert_eq!(listed.json()["members"].as_array().unwrap().len(), 3, "{}", listed.text());
    }
    let listed = first.ask(Who::Alice, "GET", "/v2/images?limit=1000");
    let count = listed.json()["images"].as_array().unwrap().len();
    assert_eq!(count, 12, "{}", listed.text());
    drop(second);
    first.stop();
    check::tables(&first);
}
