//! A whole server in this process and its people, for what is measured without sockets.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt as _;
use lendglass_core::ImageId;
use lendglass_core::tenant::{Caller, Credential, Role};
use lendglass_server::app::App;
use lendglass_server::config::Config;
use lendglass_server::config::args::Flags;
use lendglass_server::service::identity::{
    AccountNamed, Origin, ProjectNamed, Proof, Scope, SignIn, UserNamed, WantedScope, sign_in,
};
use lendglass_server::service::image::{self, NewImage};
use lendglass_server::service::world;
use lendglass_server::{start, wire};
use lendglass_store::db::Engine;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::postgres;

/// Both databases, in the order in which they are reported.
pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// A server with its own database, and the router that a socket would feed.
pub struct Server {
    pub app: App,
    pub router: Router,
    _folder: TempDir,
}

/// Somebody who is signed in.
pub struct Person {
    pub token: String,
    pub caller: Caller,
}

impl Server {
    /// A server on a fresh, durable database with the people of `world`.
    pub async fn start(engine: Engine, world: &str) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(tokio::task::spawn_blocking(postgres::url).await.unwrap()),
        };
        let data = Some(folder.path().to_string_lossy().into_owned());
        let flags = Flags { data, database, ..Flags::default() };
        let config = Config::load(&flags, &BTreeMap::new(), None).unwrap();
        let ground = start::ground(&config).await.unwrap();
        world::apply(&ground.parts, "bench", world).await.unwrap();
        let app = start::app(&config, ground, None).await.unwrap();
        let router = wire::router(app.clone());
        Server { app, router, _folder: folder }
    }

    /// Signs in with a password.
    pub async fn person(&self, account: &str, user: &str, project: &str) -> Person {
        let account = AccountNamed::Name(account.to_owned());
        let user = UserNamed::Name(user.to_owned(), account.clone());
        let project = ProjectNamed::Name(project.to_owned(), account);
        self.signed_in(Proof::Password(user, "demo".to_owned()), project).await
    }

    /// Trades a token for one of another project of the same account.
    pub async fn same_person(&self, person: &Person, account: &str, project: &str) -> Person {
        let project =
            ProjectNamed::Name(project.to_owned(), AccountNamed::Name(account.to_owned()));
        self.signed_in(Proof::Token(person.token.clone()), project).await
    }

    async fn signed_in(&self, proof: Proof, project: ProjectNamed) -> Person {
        let wish = SignIn { proof, scope: WantedScope::Project(project) };
        let origin = Origin { source: "bench".to_owned(), request_id: "bench".to_owned() };
        let signed = sign_in(&self.app, wish, &origin).await.unwrap();
        let Scope::Project(scope) = &signed.session.scope else {
            unreachable!("a project was asked for");
        };
        let caller = Caller {
            user: signed.session.user.clone(),
            user_name: signed.session.user_name.clone(),
            project: scope.project.clone(),
            account: scope.account.clone(),
            region: self.app.regions[0].id.clone(),
            role: Role::Admin,
            permissions: Default::default(),
            is_operator: false,
            is_service: false,
            credential: Credential::Token,
            source: "bench".to_owned(),
            request_id: "bench".to_owned(),
            terms: Default::default(),
        };
        Person { token: signed.token, caller }
    }

    /// Makes images without bytes through the use case, many at a time so that they share commits.
    pub async fn fill(&self, owner: &Person, images: usize) -> Vec<ImageId> {
        let mut ids = Vec::with_capacity(images);
        for from in (0..images).step_by(64) {
            let batch = (from..(from + 64).min(images)).map(|n| {
                let new = NewImage { name: Some(format!("image-{n}")), ..NewImage::default() };
                image::create(&self.app, &owner.caller, new)
            });
            for made in futures_util::future::join_all(batch).await {
                ids.push(made.unwrap().id);
            }
        }
        ids
    }

    /// One request through the whole server; its answer must be a success.
    pub async fn call(&self, person: &Person, method: Method, path: &str, body: &Value) -> Vec<u8> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-auth-token", &person.token)
            .header("content-type", "application/json");
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        assert!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&bytes));
        bytes.to_vec()
    }
}

/// Milliseconds that a piece of work takes by the clock on the wall.
pub async fn millis<T>(work: impl Future<Output = T>) -> (f64, T) {
    let begun = Instant::now();
    let done = work.await;
    (begun.elapsed().as_secs_f64() * 1_000.0, done)
}

/// CPU that this process has used, all threads, in µs.
pub fn cpu_micros() -> f64 {
    let used = |path: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0.0) / 1_000.0
    };
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let paths = threads.map(|thread| thread.unwrap().path().join("schedstat"));
    paths.map(|path| used(&path.to_string_lossy())).sum()
}

/// The name under which an engine is reported.
pub fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    }
}
