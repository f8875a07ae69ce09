//! The real program, killed with SIGKILL while batches are sent: after the restart what was
//! acknowledged is there, what was under way is there whole or not at all, and all tables agree.

use std::collections::BTreeMap;

use lendglass_store::db::{Engine, Location};
use lendglass_store::{Db, Statement, image as store_image};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cloud::DISAGREEMENTS;
use crate::history::Rng;
use crate::http::{Answer, Sent};
use crate::program::Program;
use crate::support::Home;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const RECIPIENTS: usize = 6;
const IMAGES: usize = 12;
const KILLS: usize = 4;

fn project(at: usize) -> String {
    format!("{at:x}").repeat(32)
}

/// One owner and some recipients, all members of their own projects.
fn world() -> String {
    let mut text = String::from(
        "[[regions]]\nid = \"r1\"\nname = \"One\"\n[[accounts]]\nid = \"x\"\nname = \"Acme\"\n",
    );
    let mut roles = Vec::new();
    for id in std::iter::once(A.to_owned()).chain((1..=RECIPIENTS).map(project)) {
        text += &format!(
            "[[projects]]\nid = \"{id}\"\nname = \"{id}\"\naccount = \"x\"\nregion = \"r1\"\n"
        );
        roles.push(format!("{{ project = \"{id}\", role = \"member\" }}"));
    }
    text += "[[users]]\nid = \"alice\"\nname = \"alice\"\naccount = \"x\"\n";
    text + &format!("password = \"secret-alice\"\nroles = [{}]\n", roles.join(", "))
}

/// The program, and a token of each project.
struct Installation {
    program: Program,
    tokens: BTreeMap<String, String>,
    _folder: TempDir,
}

impl Installation {
    fn new(database: Option<String>) -> Installation {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::at(folder.path().join("data"), database, &world());
        program.start();
        let projects = std::iter::once(A.to_owned()).chain((1..=RECIPIENTS).map(project));
        let token = |id: String| (id.clone(), program.sign_in("alice", &id));
        let tokens = projects.map(token).collect();
        Installation { program, tokens, _folder: folder }
    }

    fn sent<'a>(&'a self, project: &str, method: &'a str, path: &'a str) -> Sent<'a> {
        Sent { token: Some(&self.tokens[project]), ..Sent::new(method, path) }
    }

    fn ask(&self, project: &str, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.sent(project, method, path).json(&body).to(self.program.address).unwrap()
    }

    /// An active image of the owner's.
    fn image(&self, at: usize) -> String {
        let new = json!({"name": format!("image {at}"), "disk_format": "raw",
            "container_format": "bare"});
        let made = self.ask(A, "POST", "/v2/images", &new).json();
        let id = made["id"].as_str().unwrap().to_owned();
        let (path, bytes) = (format!("/v2/images/{id}/file"), format!("the bytes of image {at}"));
        let sent = self.sent(A, "PUT", &path).bytes(bytes.as_bytes());
        let sent = sent.to(self.program.address).unwrap();
        assert_eq!(sent.status, 204);
        id
    }

    /// Image → state of all that a project was offered.
    fn received(&self, project: &str) -> BTreeMap<String, String> {
        let path = "/api/v1/shares?as=recipient&limit=1000";
        let listed = self.ask(project, "GET", path, &Value::Null);
        let listed = listed.json();
        let shares = listed["shares"].as_array().unwrap_or_else(|| panic!("{listed}"));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let pair = |share: &Value| (text(&share["image"]["id"]), text(&share["state"]));
        shares.iter().map(pair).collect()
    }

    /// Whether all tables agree, while nobody has the database open.
    fn check(&self) {
        let location = match &self.program.database {
            Some(url) => Location::Url(url.clone()),
            None => Location::File(self.program.data.join("lendglass.db")),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let db = Db::open(&location).await.unwrap();
            assert_eq!(store_image::check_access(&db).await.unwrap(), Vec::<String>::new());
            let job = "a share has changed without its job, or a job without its shares";
            let text = "select cast(count(*) as bigint) from job where state <> 'succeeded'";
            let jobs = [(job, text)];
            let checks = DISAGREEMENTS.iter().chain(&jobs);
            for (what, text) in checks {
                let rows = db.read(&Statement::composed((*text).to_owned()), vec![]).await.unwrap();
                let row = rows.into_iter().next().unwrap();
                assert_eq!(row.read().int().unwrap(), 0, "{what}");
            }
        });
    }
}

/// What is sent to one recipient, over and over: all images are offered, then all are accepted, then
/// all are withdrawn. Each is one batch: after each all images are in one state.
const ROUND: [&str; 3] = ["pending", "accepted", "none"];

/// The batch that brings all images of a recipient to a state.
fn batch(
    images: &[String],
    recipient: &str,
    state: &str,
) -> (bool, &'static str, &'static str, Value) {
    match state {
        "pending" => {
            let body = json!({"images": images, "recipients": [recipient], "acknowledge": true});
            (true, "POST", "/api/v1/shares", body)
        }
        "accepted" => {
            let body = json!({"all": true, "answer": "accept"});
            (false, "POST", "/api/v1/shares/answers", body)
        }
        _ => {
            let body = json!({"images": images, "recipients": [recipient]});
            (true, "DELETE", "/api/v1/shares", body)
        }
    }
}

/// Each recipient's batches are sent by a thread until the program is gone; answers how many were
/// acknowledged since the beginning.
fn stream(
    cloud: &Installation,
    images: &[String],
    recipient: usize,
    from: usize,
    told: std::sync::mpsc::Sender<()>,
) -> std::thread::JoinHandle<usize> {
    let (address, images) = (cloud.program.address, images.to_vec());
    let project = project(recipient);
    let (owner, own) = (cloud.tokens[A].clone(), cloud.tokens[&project].clone());
    std::thread::spawn(move || {
        for step in from.. {
            let (is_owners, method, path, body) = batch(&images, &project, ROUND[step % 3]);
            let token = Some(if is_owners { owner.as_str() } else { own.as_str() });
            let body = body.to_string();
            let sent = Sent { token, ..Sent::new(method, path) }.json(&body).to(address);
            let Ok(answer) = sent else { return step };
            assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
            let _ = told.send(());
        }
        unreachable!("it goes on until the program is gone")
    })
}

/// In how many batches a recipient is, given what he is offered and how many were acknowledged: the
/// one under way may have been done as well.
fn reached(found: &BTreeMap<String, String>, acknowledged: usize) -> usize {
    let states: std::collections::BTreeSet<&str> = found.values().map(String::as_str).collect();
    assert!(states.len() <= 1, "half of a batch is done: {found:?}");
    assert!(found.is_empty() || found.len() == IMAGES, "half of a batch is done: {found:?}");
    let is = states.into_iter().next().unwrap_or("none");
    let after = |batches: usize| match batches {
        0 => "none",
        batches => ROUND[(batches - 1) % 3],
    };
    if is == after(acknowledged) {
        return acknowledged;
    }
    assert_eq!(is, after(acknowledged + 1), "after {acknowledged} batches that were acknowledged");
    acknowledged + 1
}

fn killed_in_the_middle_of_batches(database: Option<String>) {
    let seed = super::setting("LENDGLASS_SEED").unwrap_or(1);
    eprintln!("LENDGLASS_SEED={seed}");
    let mut rng = Rng::of(seed);
    let mut cloud = Installation::new(database);
    let images: Vec<String> = (0..IMAGES).map(|at| cloud.image(at)).collect();
    let mut done = [0; RECIPIENTS];
    for _ in 0..KILLS {
        let (told, acknowledged) = std::sync::mpsc::channel();
        let streams: Vec<_> = (0..RECIPIENTS)
            .map(|at| stream(&cloud, &images, at + 1, done[at], told.clone()))
            .collect();
        drop(told);
        for _ in 0..=rng.below(40) {
            acknowledged.recv().unwrap();
        }
        cloud.program.kill();
        for (at, stream) in streams.into_iter().enumerate() {
            done[at] = stream.join().unwrap();
        }
        cloud.check();
        cloud.program.start();
        for (at, done) in done.iter_mut().enumerate() {
            *done = reached(&cloud.received(&project(at + 1)), *done);
        }
    }
}

#[test]
fn sqlite_killed_in_the_middle_of_batches() {
    killed_in_the_middle_of_batches(None);
}

#[test]
fn postgres_killed_in_the_middle_of_batches() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let home = runtime.block_on(Home::fresh(Engine::Postgres));
    let Location::Url(url) = &home.location else { panic!("{:?}", home.location) };
    killed_in_the_middle_of_batches(Some(url.clone()));
}
