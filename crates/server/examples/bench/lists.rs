//! What a show and a page cost, beside the bare database: 100,000 images of one project.
//!
//! Rounds of the same calls alternate between the whole server (router, token, rules, JSON) and the
//! bare statement; printed are the medians, CPU of this process, and their ratio.

use std::time::Instant;

use crate::common::{ENGINES, Person, Server, cpu_micros, engine_name, median};
use axum::http::Method;
use lendglass_core::tenant::Caller;
use lendglass_core::{ImageId, Timestamp};
use lendglass_server::app::App;
use lendglass_server::service::world;
use lendglass_store::db::Engine;
use lendglass_store::list::{ImageQuery, Source};
use serde_json::Value;

const CALLS: usize = 1_000;
const ROUNDS: usize = 5;

/// Measures with `images` images on both databases.
pub async fn run(images: usize) {
    println!("{:<46} {:>10} {:>10} {:>7}", "", "server µs", "bare µs", "ratio");
    for engine in ENGINES {
        measure(engine, images).await;
    }
}

async fn measure(engine: Engine, images: usize) {
    let server = Server::start(engine, world::demo_world()).await;
    let refresh = server.app.identity.spawn_refresh();
    let alice = server.person("Acme", "alice", "project-a").await;
    let begun = Instant::now();
    let ids = server.fill(&alice, images).await;
    let took = begun.elapsed().as_secs_f64();
    println!("{}: {images} images made in {took:.1} s", engine_name(engine));
    let (app, caller) = (&server.app, &alice.caller);

    let middle = &ids[ids.len() / 2];
    let show = format!("/v2/images/{middle}");
    let first = "/v2/images?limit=25";
    let deep = format!("/v2/images?limit=25&marker={middle}");
    report("show", &server, &alice, &show, || bare_show(app, caller, middle)).await;
    report("page of 25, first", &server, &alice, first, || bare_page(app, caller, None)).await;
    let after = Some(middle.clone());
    report("page of 25, after half of all", &server, &alice, &deep, || {
        bare_page(app, caller, after.clone())
    })
    .await;
    refresh.abort();
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
async fn report<F, Fut>(name: &str, server: &Server, person: &Person, path: &str, bare: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = usize>,
{
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = cpu_micros();
        for _ in 0..CALLS {
            assert!(!server.call(person, Method::GET, path, &Value::Null).await.is_empty());
        }
        ours.push((cpu_micros() - begun) / CALLS as f64);
        let begun = cpu_micros();
        for _ in 0..CALLS {
            assert!(bare().await > 0);
        }
        limit.push((cpu_micros() - begun) / CALLS as f64);
    }
    let (ours, limit) = (median(ours), median(limit));
    println!("{name:<46} {ours:>10.0} {limit:>10.0} {:>7.2}", ours / limit);
}
