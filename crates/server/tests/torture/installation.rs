//! An installation: the program with its people, and what they ask.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;

use lendglass_store::db::Location;

use crate::http::{Answer, Sent};
use crate::program::Program;
pub use crate::program::{free_address, signal};
use crate::wait_until;

/// Who acts, and where: alice owns in r1 and keeps copies in r2, bob receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Alice,
    There,
    Bob,
}

impl Who {
    pub const ALL: [Who; 3] = [Who::Alice, Who::There, Who::Bob];

    pub fn project(self) -> &'static str {
        match self {
            Who::Alice => "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            Who::There => "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2",
            Who::Bob => "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        }
    }

    fn user(self) -> &'static str {
        match self {
            Who::Alice | Who::There => "alice",
            Who::Bob => "bob",
        }
    }
}

const WORLD: &str = r#"
[[regions]]
id = "r1"
name = "Region One"
[[regions]]
id = "r2"
name = "Region Two"
[[accounts]]
id = "x"
name = "Acme"
[[accounts]]
id = "y"
name = "Borealis"
[[projects]]
id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
name = "A"
account = "x"
region = "r1"
[[projects]]
id = "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2"
name = "A2"
account = "x"
region = "r2"
[[projects]]
id = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
name = "B"
account = "y"
region = "r1"
[[users]]
id = "alice"
name = "alice"
account = "x"
password = "secret-alice"
roles = [{ project = "A", role = "member" }, { project = "A2", role = "member" }]
[[users]]
id = "bob"
name = "bob"
account = "y"
password = "secret-bob"
roles = [{ project = "B", role = "member" }]
"#;

/// Projects that images are offered to; nobody of theirs acts.
pub const FURTHER_PROJECTS: [&str; 6] = [
    "f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1",
    "f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2",
    "f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3",
    "f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4",
    "f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5",
    "f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6",
];

fn world() -> String {
    let further = FURTHER_PROJECTS.map(|id| {
        format!("[[projects]]\nid = \"{id}\"\nname = \"{id}\"\naccount = \"y\"\nregion = \"r1\"\n")
    });
    WORLD.to_owned() + &further.concat()
}

/// The shortest leases the program takes.
pub const LEASE_SECONDS: u64 = 5;

pub struct Installation {
    program: Program,
    pub tokens: BTreeMap<Who, String>,
    /// Removed at the end, by the one whose it is.
    _folder: Option<tempfile::TempDir>,
}

impl Deref for Installation {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Installation {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}

impl Installation {
    /// A fresh one on an empty database, started, with everybody signed in.
    pub fn start_new(database: Option<String>) -> Installation {
        let folder = tempfile::tempdir().unwrap();
        let mut made = Installation::at(folder.path().join("data"), database);
        made._folder = Some(folder);
        made.start();
        made.sign_everybody_in();
        made
    }

    /// One whose data lie in a folder of the caller's, not started yet.
    pub fn at(data: PathBuf, database: Option<String>) -> Installation {
        let mut program = Program::at(data, database, &world());
        program.set("LENDGLASS_UPLOAD__LEASE_SECONDS", LEASE_SECONDS);
        program.set("LENDGLASS_JOBS__LEASE_SECONDS", LEASE_SECONDS);
        // The longest there is.
        program.set("LENDGLASS_TOKEN__LIFETIME_SECONDS", 86_400);
        Installation { program, tokens: BTreeMap::new(), _folder: None }
    }

    /// Another node of the same installation, started.
    pub fn another_node(&self) -> Installation {
        let mut node = Installation::at(self.data.clone(), self.database.clone());
        node.environment.clone_from(&self.environment);
        node.tokens.clone_from(&self.tokens);
        node.start();
        node
    }

    pub fn sign_everybody_in(&mut self) {
        for who in Who::ALL {
            self.tokens.insert(who, self.sign_in(who.user(), who.project()));
        }
    }

    /// What somebody is answered who comes back as long as he is told to.
    pub fn ask(&self, who: Who, method: &str, path: &str) -> Answer {
        let sent = Sent { token: Some(&self.tokens[&who]), ..Sent::new(method, path) };
        let mut last = None;
        wait_until("it answers", || {
            let answer = sent.to(self.address);
            let answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
            let is_an_answer = answer.status != 503 || answer.header("retry-after").is_none();
            last = Some(answer);
            is_an_answer
        });
        last.expect("it has answered")
    }

    /// One request with a body: JSON, but for the bytes that PUT brings.
    pub fn send(&self, who: Who, method: &str, path: &str, body: &[u8]) -> Answer {
        let mut sent = Sent { token: Some(&self.tokens[&who]), ..Sent::new(method, path) };
        sent.body = body;
        if method == "PUT" {
            sent.media_type = "application/octet-stream";
        }
        sent.to(self.address).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub fn location(&self) -> Location {
        match &self.database {
            Some(url) => Location::Url(url.clone()),
            None => Location::File(self.data.join("lendglass.db")),
        }
    }
}
