//! A whole server in the test's process, on a database of its own.
//!
//! Requests go through the router as they would from a socket. Time stands still until
//! [`TestServer::step`]. People are named `alice`, or `alice@A2` where the project is not the first
//! one; `nobody` sends no token.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../../../store/tests/support/postgres.rs"]
mod postgres;

use std::collections::HashMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt as _;
use lendglass_core::Timestamp;
use lendglass_core::profile::{Base, Profile};
use lendglass_core::tenant::Region;
use lendglass_server::app::{App, Parts, Settings};
use lendglass_server::drivers::identity::{Identity, MasterKeyFile, Options, PasswordCost};
use lendglass_server::service::audit::Trail;
use lendglass_server::service::identity::{
    Origin, ProjectNamed, Proof, SignIn, UserNamed, WantedScope, sign_in,
};
use lendglass_server::service::world::{self, Ground};
use lendglass_server::wire;
use lendglass_store::blob::{Blobs, BufferPool};
use lendglass_store::clock::{Clock, IdSource};
use lendglass_store::db::{Engine, Location};
use lendglass_store::{Db, migrate, tenant};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

pub const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub const A2: &str = "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2";
pub const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
pub const B2: &str = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";
pub const C: &str = "cccccccccccccccccccccccccccccccc";
pub const D: &str = "dddddddddddddddddddddddddddddddd";
const OPERATOR: &str = "0000000000000000000000000000000a";
const SERVICE: &str = "0000000000000000000000000000000b";

pub const WORLD: &str = include_str!("world.toml");
/// When a test begins: 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp(1_767_225_600_000_000);

/// A server, its database and what keeps both alive.
pub struct TestServer {
    pub app: App,
    router: Router,
    home: Arc<Home>,
    tokens: Mutex<HashMap<String, String>>,
}

/// Where a server's state lies; several servers may share it, as nodes do.
pub struct Home {
    pub folder: TempDir,
    pub location: Location,
}

impl Home {
    pub async fn fresh(engine: Engine) -> Home {
        let folder = tempfile::tempdir().unwrap();
        let location = match engine {
            Engine::Sqlite => Location::File(folder.path().join("lendglass.sqlite")),
            Engine::Postgres => {
                Location::Url(tokio::task::spawn_blocking(postgres::url).await.unwrap())
            }
        };
        Home { folder, location }
    }

    /// Servers begun from here on keep their blobs in folders of this home, as nodes share them and a
    /// restart finds them.
    pub fn keep_blobs(&self) {
        std::fs::create_dir(self.folder.path().join("stores")).unwrap();
    }

    /// The folder of a region's store, if servers keep their blobs here.
    pub fn store(&self, region: &str) -> Option<PathBuf> {
        let stores = self.folder.path().join("stores");
        stores.exists().then(|| stores.join(region))
    }

    /// Takes the store of a region away, as if it were not mounted, or gives it back.
    pub fn mount(&self, region: &str, is_there: bool) {
        let store = self.store(region).expect("a home that keeps blobs");
        let away = store.with_extension("away");
        let (from, to) = if is_there { (away, store) } else { (store, away) };
        std::fs::rename(from, to).unwrap();
    }

    pub fn master_key(&self) -> PathBuf {
        self.folder.path().join("master.key")
    }

    /// The least costly identity on this state.
    pub fn options(&self) -> Options {
        Options {
            master_key: MasterKeyFile::OfDataFolder(self.master_key()),
            password_cost: PasswordCost::least(),
            failures_per_minute: Settings::default().sign_in_failures_per_minute,
        }
    }

    /// What worlds are written on.
    pub async fn ground(&self, clock: &Clock) -> Ground {
        let db = Db::open(&self.location).await.unwrap();
        migrate::migrate(&db, START, None).await.unwrap();
        let ids = IdSource::Random;
        let identity = Identity::open(&db, clock, &ids, &self.options()).await.unwrap();
        Ground { db, identity, clock: clock.clone(), ids }
    }
}

impl TestServer {
    /// A server of a profile on a fresh database, with the people of `world.toml`.
    pub async fn start(engine: Engine, profile: &str) -> TestServer {
        let home = Arc::new(Home::fresh(engine).await);
        let clock = Clock::stepped(START);
        TestServer::on(home, clock, profile, Settings::default()).await
    }

    /// A server on a state that may be shared.
    pub async fn on(
        home: Arc<Home>,
        clock: Clock,
        profile: &str,
        settings: Settings,
    ) -> TestServer {
        let ground = home.ground(&clock).await;
        world::apply(&ground, "world.toml", WORLD).await.unwrap();
        TestServer::without_people(home, clock, profile, settings).await
    }

    /// A server on a state that has its people already.
    pub async fn without_people(
        home: Arc<Home>,
        clock: Clock,
        profile: &str,
        settings: Settings,
    ) -> TestServer {
        let ground = home.ground(&clock).await;
        let regions = tenant::read_regions(&ground.db).await.unwrap();
        let blobs = |region: &str| match home.store(region) {
            Some(folder) => Blobs::folder(folder).unwrap(),
            None => Blobs::memory(256 << 20),
        };
        let store = |region: &Region| (region.id.clone(), blobs(region.id.as_str()));
        let stores = regions.iter().map(store).collect();
        let Ground { db, identity, clock, ids } = ground;
        let trail = Trail::new(identity.seal()).unwrap();
        let app = App::new(Parts {
            db,
            clock,
            ids,
            regions,
            stores,
            buffers: BufferPool::new(8, NonZero::new(2).unwrap()).unwrap(),
            work: tokio::sync::Notify::new(),
            scrub: tokio::sync::Notify::new(),
            bell: Default::default(),
            policy: Base::of(Profile::parse(profile).expect("a profile")),
            trail,
            messenger: Default::default(),
            uploads: Default::default(),
            identity,
            settings,
            wrong_ids: Default::default(),
            metrics: None,
            folder_lock: None,
        });
        let router = wire::router(app.clone());
        TestServer { app, router, home, tokens: Mutex::default() }
    }

    /// The next process on what this one leaves.
    pub async fn restarted(&self) -> TestServer {
        let (home, clock) = (self.home.clone(), self.app.clock.clone());
        TestServer::without_people(home, clock, "lendglass", self.app.settings.clone()).await
    }

    /// Another node on the same database and clock, with its own memory.
    pub async fn second(&self) -> TestServer {
        let (home, clock) = (self.home.clone(), self.app.clock.clone());
        TestServer::on(home, clock, "lendglass", self.app.settings.clone()).await
    }

    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Lets time pass; the node hears of revocations meanwhile, as a running one does.
    pub async fn step(&self, seconds: i64) {
        self.app.clock.step_seconds(seconds);
        self.app.identity.refresh().await.unwrap();
    }

    /// The token of a person, from a real sign-in; the same one until [`TestServer::forget`].
    pub async fn token(&self, person: &str) -> String {
        if let Some(token) = self.tokens.lock().unwrap().get(person) {
            return token.clone();
        }
        let token = self.new_token(person).await;
        self.tokens.lock().unwrap().insert(person.to_owned(), token.clone());
        token
    }

    /// A new token of a person, from a real sign-in.
    pub async fn new_token(&self, person: &str) -> String {
        let (user, project) = person.split_once('@').unwrap_or((person, ""));
        let project = match (user, project) {
            ("alice", "A2") => A2,
            ("bob", "B2") => B2,
            ("alice" | "rita", _) => A,
            ("bob" | "rob", _) => B,
            ("carol", _) => C,
            ("dave", _) => D,
            ("operator", _) => OPERATOR,
            ("nova", _) => SERVICE,
            _ => panic!("nobody is called {person}"),
        };
        let wish = SignIn {
            proof: Proof::Password(UserNamed::Id(user.into()), format!("secret-{user}")),
            scope: WantedScope::Project(ProjectNamed::Id(project.into())),
        };
        let origin = Origin { source: "test".into(), request_id: "test".into() };
        sign_in(&self.app, wish, &origin).await.unwrap().token
    }

    /// Makes everybody sign in anew.
    pub fn forget(&self) {
        self.tokens.lock().unwrap().clear();
    }

    /// One request of a person. Bodies: `()`, a JSON [`Value`], or bytes (`application/octet-stream`).
    pub async fn request<P: Into<Payload>>(
        &self,
        person: &str,
        method: &str,
        path: &str,
        body: P,
    ) -> Answer {
        self.request_with(person, method, path, &[], body).await
    }

    /// The same with further headers, which replace those made from the body.
    pub async fn request_with<P: Into<Payload>>(
        &self,
        person: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: P,
    ) -> Answer {
        let body = body.into();
        let mut request = Request::builder().method(method).uri(path).header("host", "cloud.test");
        let has = |name: &str| headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        if person != "nobody" && !has("x-auth-token") {
            request = request.header("x-auth-token", self.token(person).await);
        }
        if let Some(media_type) = body.media_type.filter(|_| !has("content-type")) {
            request = request.header("content-type", media_type);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.bytes)).unwrap()).await
    }

    /// Any request at all, its answer still to be read.
    pub async fn open(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Any request at all.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.open(request).await.into_parts();
        let is_stream = parts.headers.get("content-type").is_some_and(|t| t == "text/event-stream");
        // A stream of events has no end.
        let bytes = if is_stream { Bytes::new() } else { body.collect().await.unwrap().to_bytes() };
        Answer { status: parts.status, headers: parts.headers, bytes }
    }
}

/// What a request carries.
#[derive(Clone)]
pub struct Payload {
    media_type: Option<&'static str>,
    bytes: Vec<u8>,
}

impl From<()> for Payload {
    fn from((): ()) -> Payload {
        Payload { media_type: None, bytes: Vec::new() }
    }
}

impl From<Value> for Payload {
    fn from(value: Value) -> Payload {
        Payload { media_type: Some("application/json"), bytes: value.to_string().into_bytes() }
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Payload {
        Payload { media_type: Some("application/octet-stream"), bytes }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    /// The body as JSON; null where there is none.
    pub fn json(&self) -> Value {
        if self.bytes.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    /// A header's text; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The stable code of a refusal in OpenStack's form.
    pub fn code(&self) -> String {
        self.json()["error"]["reason"].as_str().unwrap_or_default().to_owned()
    }

    /// The same answer, if the status is this one; else the test fails and shows the body.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        let body = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status.as_u16(), status, "{body}");
        self
    }

    /// Asserts a refusal: its status and its stable code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Answer {
        let answer = self.expect(status);
        assert_eq!(answer.code(), code, "{}", String::from_utf8_lossy(&answer.bytes));
        answer
    }
}

/// Runs stories, which are `async fn NAME(server: TestServer)`, on both engines, each on a fresh
/// server of a profile.
macro_rules! on_both_engines {
    ($profile:literal: $($story:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                let engine = lendglass_store::db::Engine::Sqlite;
                super::$story(super::support::TestServer::start(engine, $profile).await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                let engine = lendglass_store::db::Engine::Postgres;
                super::$story(super::support::TestServer::start(engine, $profile).await).await;
            })*
        }
    };
}
pub(crate) use on_both_engines;

/// Not every file of tests uses all of this; what is named here is dead code in none of them.
const _: () = {
    let _ = (A, A2, B, B2, C, D, WORLD, TestServer::start);
    let _ = TestServer::open;
    let _ = (TestServer::second, TestServer::home, TestServer::step, TestServer::forget);
    let _ = (Home::keep_blobs, Home::mount, TestServer::restarted);
    let _ = (TestServer::request_with::<()>, TestServer::request::<()>);
    let _ = (Answer::json, Answer::header, Answer::code, Answer::expect, Answer::refused);
    let _ = (<Payload as From<Value>>::from, <Payload as From<Vec<u8>>>::from);
};
