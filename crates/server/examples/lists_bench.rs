//! What a show and a page cost, beside the bare database: 100,000 images of one project on SQLite.
//!
//! `cargo run --release -p lendglass-server --example lists_bench [IMAGES]`. Rounds of the same calls
//! alternate between the whole server (router, token, rules, JSON) and the bare statement; printed
//! are the medians, CPU of the whole process, and their ratio. Ends by itself in about a minute.

#![expect(clippy::unwrap_used, reason = "a bench ends by panicking")]

use std::collections::BTreeMap;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use lendglass_core::tenant::{Caller, Credential, Role};
use lendglass_core::{ImageId, Timestamp};
use lendglass_server::app::App;
use lendglass_server::config::Config;
use lendglass_server::config::args::Flags;
use lendglass_server::service::identity::{
    AccountNamed, Origin, ProjectNamed, Proof, SignIn, UserNamed, WantedScope, sign_in,
};
use lendglass_server::service::image::NewImage;
use lendglass_server::service::{image, world};
use lendglass_server::{start, wire};
use lendglass_store::list::{ImageQuery, Source};
use tower::ServiceExt as _;

const CALLS: usize = 1_000;
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() {
    let images = std::env::args().nth(1).map_or(100_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let flags =
        Flags { data: Some(folder.path().to_string_lossy().into_owned()), ..Flags::default() };
    let config = Config::load(&flags, &BTreeMap::new(), None).unwrap();
    let ground = start::ground(&config).await.unwrap();
    world::apply(&ground.parts, "demo", world::demo_world()).await.unwrap();
    let app = start::app(&config, ground, None).await.unwrap();
    let refresh = app.identity.spawn_refresh();
    let (token, caller) = alice(&app).await;
    let begun = Instant::now();
    let ids = fill(&app, &caller, images).await;
    println!("{images} images made in {:.1} s", begun.elapsed().as_secs_f64());
    let router = wire::router(app.clone());

    let middle = &ids[ids.len() / 2];
    let show = format!("/v2/images/{middle}");
    let first = "/v2/images?limit=25".to_owned();
    let deep = format!("/v2/images?limit=25&marker={middle}");
    println!("{:<34} {:>10} {:>10} {:>7}", "", "server µs", "bare µs", "ratio");
    report("show", &router, &token, &show, || bare_show(&app, &caller, middle)).await;
    report("page of 25, first", &router, &token, &first, || bare_page(&app, &caller, None)).await;
    let after = Some(middle.clone());
    report("page of 25, after half of all", &router, &token, &deep, || {
        bare_page(&app, &caller, after.clone())
    })
    .await;
    refresh.abort();
}

async fn alice(app: &App) -> (String, Caller) {
    let account = AccountNamed::Name("Acme".to_owned());
    let wish = SignIn {
        proof: Proof::Password(
            UserNamed::Name("alice".to_owned(), account.clone()),
            "demo".to_owned(),
        ),
        scope: WantedScope::Project(ProjectNamed::Name("project-a".to_owned(), account)),
    };
    let origin = Origin { source: "bench".to_owned(), request_id: "bench".to_owned() };
    let signed = sign_in(app, wish, &origin).await.unwrap();
    let lendglass_server::service::identity::Scope::Project(scope) = &signed.session.scope else {
        unreachable!("a project was asked for");
    };
    let caller = Caller {
        user: signed.session.user.clone(),
        user_name: signed.session.user_name.clone(),
        project: scope.project.clone(),
        account: scope.account.clone(),
        region: app.regions[0].id.clone(),
        role: Role::Admin,
        permissions: Default::default(),
        is_operator: false,
        is_service: false,
        credential: Credential::Token,
        source: "bench".to_owned(),
        request_id: "bench".to_owned(),
        terms: Default::default(),
    };
    (signed.token, caller)
}

/// Makes the images through the use case, many at a time so that they share commits.
async fn fill(app: &App, caller: &Caller, images: usize) -> Vec<ImageId> {
    let mut ids = Vec::with_capacity(images);
    for from in (0..images).step_by(64) {
        let batch = (from..(from + 64).min(images)).map(|n| {
            let new = NewImage { name: Some(format!("image-{n}")), ..NewImage::default() };
            image::create(app, caller, new)
        });
        for made in futures_util::future::join_all(batch).await {
            ids.push(made.unwrap().id);
        }
    }
    ids
}

async fn call(router: &Router, token: &str, path: &str) -> usize {
    let request = Request::get(path).header("x-auth-token", token).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    assert!(response.status().is_success(), "{path}: {}", response.status());
    response.into_body().collect().await.unwrap().to_bytes().len()
}

async fn bare_show(app: &App, caller: &Caller, id: &ImageId) -> usize {
    let found = lendglass_store::image::show(&app.db, id, caller).await.unwrap();
    usize::from(found.is_some())
}

/// The statement of a page; for a later page also the look-up of its marker, as the server does.
async fn bare_page(app: &App, caller: &Caller, after: Option<ImageId>) -> usize {
    let after = match after {
        Some(id) => {
            let found = lendglass_store::image::show(&app.db, &id, caller).await.unwrap();
            found.map(|(image, _)| Box::new(image))
        }
        None => None,
    };
    let query = ImageQuery {
        region: caller.region.clone(),
        sources: vec![
            Source::Owned(caller.project.clone()),
            Source::Accepted(caller.project.clone()),
            Source::AcceptedByAccount(caller.account.clone()),
            Source::Public,
        ],
        is_hidden: false,
        filters: Vec::new(),
        order: Vec::new(),
        after,
        limit: 25,
        now: Timestamp(0),
    };
    lendglass_store::list::images(&app.db, &query).await.unwrap().len()
}

/// Alternates rounds of server and bare calls and prints the median of each, in µs of CPU a call.
async fn report<F, Fut>(name: &str, router: &Router, token: &str, path: &str, bare: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = usize>,
{
    let (mut server, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = cpu_micros();
        for _ in 0..CALLS {
            assert!(call(router, token, path).await > 0);
        }
        server.push((cpu_micros() - begun) / CALLS as f64);
        let begun = cpu_micros();
        for _ in 0..CALLS {
            assert!(bare().await > 0);
        }
        limit.push((cpu_micros() - begun) / CALLS as f64);
    }
    let (server, limit) = (median(server), median(limit));
    println!("{name:<34} {server:>10.0} {limit:>10.0} {:>7.2}", server / limit);
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// CPU that this process has used, all threads, in µs.
fn cpu_micros() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    // The kernel reports hundredths of a second.
    ticks * 10_000.0
}
