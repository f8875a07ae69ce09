//! The real program, killed with SIGKILL while batches are sent: after the restart what was
//! acknowledged is there, what was under way is there whole or not at all, and all tables agree.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use lendglass_store::db::{Engine, Location};
use lendglass_store::{Db, Statement, image as store_image};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cloud::DISAGREEMENTS;
use crate::history::Rng;
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

/// An installation: its folder, its database, and the program while it runs.
struct Installation {
    folder: TempDir,
    database: Option<String>,
    address: SocketAddr,
    program: Option<Child>,
    tokens: BTreeMap<String, String>,
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Installation {
    fn new(database: Option<String>) -> Installation {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("world.toml"), world()).unwrap();
        let (address, tokens) = (free_address(), BTreeMap::new());
        let mut cloud = Installation { folder, database, address, program: None, tokens };
        cloud.start();
        for id in std::iter::once(A.to_owned()).chain((1..=RECIPIENTS).map(project)) {
            let token = cloud.sign_in(&id);
            cloud.tokens.insert(id, token);
        }
        cloud
    }

    fn start(&mut self) {
        for _ in 0..3 {
            if self.start_once() {
                return;
            }
            // Somebody took the port since.
            self.address = free_address();
        }
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        panic!("lendglassd does not start:\n{log}");
    }

    fn start_once(&mut self) -> bool {
        let path = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_lendglassd"));
        command.env_clear().env("HOME", self.folder.path()).env("LENDGLASS_LOG__FILTER", "warn");
        command.arg("serve").arg("--data").arg(path("data")).arg("--world").arg(path("world.toml"));
        command.arg("--listen").arg(self.address.to_string());
        if let Some(database) = &self.database {
            command.arg("--database").arg(database);
        }
        let log = File::options().create(true).append(true).open(path("log")).unwrap();
        let mut program = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        if !lines.map_while(Result::ok).any(|line| line.starts_with("Ready.")) {
            program.wait().unwrap();
            return false;
        }
        self.program = Some(program);
        true
    }

    /// SIGKILL: nothing of the program runs any more when this returns.
    fn kill(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.kill().unwrap();
            program.wait().unwrap();
        }
    }

    fn sign_in(&self, project: &str) -> String {
        let user = json!({"id": "alice", "password": "secret-alice"});
        let identity = json!({"methods": ["password"], "password": {"user": user}});
        let scope = json!({"project": {"id": project}});
        let body = json!({"auth": {"identity": identity, "scope": scope}}).to_string();
        let path = "/v3/auth/tokens";
        let answer = send(self.address, "POST", path, None, "application/json", body.as_bytes());
        let answer = answer.unwrap();
        let token = answer.headers.iter().find(|(name, _)| name == "x-subject-token");
        token.expect("a token").1.clone()
    }

    fn ask(&self, project: &str, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let token = Some(self.tokens[project].as_str());
        send(self.address, method, path, token, "application/json", body.as_bytes()).unwrap()
    }

    /// An active image of the owner's.
    fn image(&self, at: usize) -> String {
        let new = json!({"name": format!("image {at}"), "disk_format": "raw",
            "container_format": "bare"});
        let made = self.ask(A, "POST", "/v2/images", &new).json();
        let id = made["id"].as_str().unwrap().to_owned();
        let (path, token) = (format!("/v2/images/{id}/file"), Some(self.tokens[A].as_str()));
        let bytes = format!("the bytes of image {at}");
        let stream = "application/octet-stream";
        let sent = send(self.address, "PUT", &path, token, stream, bytes.as_bytes()).unwrap();
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
        let location = match &self.database {
            Some(url) => Location::Url(url.clone()),
            None => Location::File(self.folder.path().join("data/lendglass.db")),
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

impl Drop for Installation {
    fn drop(&mut self) {
        self.kill();
    }
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }
}

/// One request on a connection of its own; an answer that ends early is an error.
fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    media_type: &str,
    body: &[u8],
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    let token = token.map(|token| format!("x-auth-token: {token}\r\n")).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n{token}\
         content-type: {media_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut whole = Vec::new();
    BufReader::new(stream).read_to_end(&mut whole)?;
    let end = whole.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&whole[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let body = whole[end + 4..].to_vec();
    if body.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Answer { status: status.ok_or(io::ErrorKind::InvalidData)?, headers, body })
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
    let (address, images) = (cloud.address, images.to_vec());
    let project = project(recipient);
    let (owner, own) = (cloud.tokens[A].clone(), cloud.tokens[&project].clone());
    std::thread::spawn(move || {
        for step in from.. {
            let (is_owners, method, path, body) = batch(&images, &project, ROUND[step % 3]);
            let token = Some(if is_owners { owner.as_str() } else { own.as_str() });
            let body = body.to_string();
            let sent = send(address, method, path, token, "application/json", body.as_bytes());
            let Ok(answer) = sent else { return step };
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            assert_eq!(answer.status, 200, "{method} {path}: {text}");
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
        cloud.kill();
        for (at, stream) in streams.into_iter().enumerate() {
            done[at] = stream.join().unwrap();
        }
        cloud.check();
        cloud.start();
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
