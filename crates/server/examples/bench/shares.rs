//! What sharing in bulk costs, on SQLite and PostgreSQL, with audit, notices and jobs in the
//! transactions: an invitation of 256 recipients in one call, an acceptance of 1,000 offers in one
//! call, and how long a notice takes to a listener among 1,000.
//!
//! Each figure stands beside the bare
//! database doing one durable commit of as many rows, in alternating rounds, and beside its goal.

use std::fmt::Write as _;
use std::time::Instant;

use crate::common::{ENGINES, Person, Server, engine_name, millis};
use crate::figure::{Figures, Goal, median};
use axum::body::{Body, HttpBody as _};
use axum::http::{Method, Request};
use lendglass_core::ImageId;
use lendglass_store::db::{Engine, Statement};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Recipients of one call: what the default profile allows.
const RECIPIENTS: usize = 256;
const OFFERS: usize = 1_000;
const LISTENERS: usize = 1_000;
/// Projects that the listeners sit in.
const LISTENING: usize = 250;
const ROUNDS: usize = 5;
/// Notices timed one by one.
const NOTICES: usize = 50;

static MAKE: Statement =
    Statement::new("create table bare (a {key} not null, b {key} not null, primary key (a, b))");
static INSERT: Statement = Statement::new("insert into bare (a, b) values ($1, $2)");
static CLEAR: Statement = Statement::new("delete from bare");

/// Measures on both databases.
pub async fn run(figures: &mut Figures) {
    figures.part("sharing in bulk beside one bare commit of as many rows, without sockets");
    for engine in ENGINES {
        let server = Server::start(engine, &world()).await;
        let refresh = server.app.identity.spawn_refresh();
        server.app.db.write(|tx| tx.execute(&MAKE, &[])).await.unwrap();
        let alice = server.person("Acme", "alice", "project-a").await;
        let many = server.person("Many", "mia", "p0").await;
        let images = server.fill(&alice, OFFERS).await;
        activate(&server).await;
        invite(figures, &server, engine, &alice, &images[0]).await;
        accept(figures, &server, engine, &alice, &many, &images).await;
        listen(figures, &server, engine, &alice, &many, &images[1]).await;
        refresh.abort();
    }
}

/// Alice, and an account whose many projects receive.
fn world() -> String {
    let mut text = String::from(
        "[[regions]]\nid = \"r1\"\nname = \"One\"\n[[accounts]]\nname = \"Acme\"\n[[accounts]]\nname = \"Many\"\n\
         [[projects]]\nid = \"a\"\nname = \"project-a\"\naccount = \"Acme\"\nregion = \"r1\"\n",
    );
    let mut roles = Vec::new();
    for n in 0..RECIPIENTS {
        let project = format!(
            "[[projects]]\nid = \"p{n}\"\nname = \"p{n}\"\naccount = \"Many\"\nregion = \"r1\"\n"
        );
        text.push_str(&project);
        roles.push(format!("{{ project = \"p{n}\", role = \"admin\" }}"));
    }
    write!(
        text,
        "[[users]]\nname = \"alice\"\naccount = \"Acme\"\npassword = \"demo\"\nroles = [{{ project = \"project-a\", \
         role = \"admin\" }}]\n[[users]]\nname = \"mia\"\naccount = \"Many\"\npassword = \"demo\"\nroles = [{}]\n",
        roles.join(", ")
    )
    .unwrap();
    text
}

/// Images without bytes may not be shared; what is timed here never looks at bytes.
async fn activate(server: &Server) {
    static ACTIVATE: Statement = Statement::new("update image set status = 'active'");
    server.app.db.write(|tx| tx.execute(&ACTIVATE, &[])).await.unwrap();
}

async fn bare(server: &Server, rows: usize) -> f64 {
    let work = server.app.db.write(move |tx| {
        let rows: Vec<[lendglass_store::db::Value; 2]> =
            (0..rows).map(|n| ["bare".into(), format!("{n}").as_str().into()]).collect();
        let calls: Vec<_> = rows.iter().map(|row| (&INSERT, row.to_vec())).collect();
        tx.execute_many(&calls)
    });
    let (took, done) = millis(work).await;
    done.unwrap();
    server.app.db.write(|tx| tx.execute(&CLEAR, &[])).await.unwrap();
    took
}

/// The goal is of the time itself; the bare commit says what the machine does meanwhile.
fn say(figures: &mut Figures, engine: Engine, what: &str, ours: f64, bare: f64, goal: Goal) {
    let name = format!("{}: {what}", engine_name(engine));
    figures.alone(&name, "ms", ours, goal, Some((bare, None, "ms, the bare commit")));
}

fn texts(images: &[ImageId]) -> Vec<&str> {
    images.iter().map(ImageId::as_str).collect()
}

async fn withdraw(server: &Server, alice: &Person, images: &[ImageId]) {
    for images in texts(images).chunks(250) {
        let body = json!({"images": images, "all": true});
        server.call(alice, Method::DELETE, "/api/v1/shares", &body).await;
    }
}

/// One call for 256 recipients, beside 256 calls for one.
async fn invite(
    figures: &mut Figures,
    server: &Server,
    engine: Engine,
    alice: &Person,
    image: &ImageId,
) {
    let recipients: Vec<String> = (0..RECIPIENTS).map(|n| format!("p{n}")).collect();
    let (mut at_once, mut one_by_one, mut limit) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let body = json!({"images": [image.as_str()], "recipients": recipients});
        let (took, answer) =
            millis(server.call(alice, Method::POST, "/api/v1/shares", &body)).await;
        assert_eq!(results(&answer), RECIPIENTS);
        at_once.push(took);
        withdraw(server, alice, std::slice::from_ref(image)).await;
        let begun = Instant::now();
        for recipient in &recipients {
            let body = json!({"images": [image.as_str()], "recipients": [recipient]});
            server.call(alice, Method::POST, "/api/v1/shares", &body).await;
        }
        one_by_one.push(begun.elapsed().as_secs_f64() * 1_000.0);
        withdraw(server, alice, std::slice::from_ref(image)).await;
        limit.push(bare(server, RECIPIENTS).await);
    }
    let (at_once, one_by_one, limit) = (median(at_once), median(one_by_one), median(limit));
    let goal = match engine {
        Engine::Sqlite => Goal::AtMost(30.0),
        Engine::Postgres => Goal::Nothing,
    };
    say(figures, engine, "invite 256 in one call", at_once, limit, goal);
    say(figures, engine, "invite 256 in 256 calls", one_by_one, limit, Goal::Nothing);
    let name = format!("{}: pairs invited, one call beside 256", engine_name(engine));
    let per_second = |millis: f64| RECIPIENTS as f64 * 1_000.0 / millis;
    let pair = (per_second(at_once), per_second(one_by_one));
    figures.pair(&name, "1/s", pair, Goal::AtLeast(50.0), None);
}

fn results(answer: &[u8]) -> usize {
    let answer: Value = serde_json::from_slice(answer).unwrap();
    assert_eq!(answer["done"], true, "{answer}");
    answer["results"].as_array().unwrap().len()
}

async fn accept(
    figures: &mut Figures,
    server: &Server,
    engine: Engine,
    alice: &Person,
    many: &Person,
    images: &[ImageId],
) {
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for images in texts(images).chunks(250) {
            let body = json!({"images": images, "recipients": ["p0"]});
            server.call(alice, Method::POST, "/api/v1/shares", &body).await;
        }
        let body = json!({"all": true, "answer": "accept"});
        let (took, answer) =
            millis(server.call(many, Method::POST, "/api/v1/shares/answers", &body)).await;
        assert_eq!(results(&answer), OFFERS);
        ours.push(took);
        withdraw(server, alice, images).await;
        limit.push(bare(server, OFFERS).await);
    }
    let goal = match engine {
        Engine::Sqlite => Goal::AtMost(150.0),
        Engine::Postgres => Goal::AtMost(600.0),
    };
    say(figures, engine, "accept 1,000 in one call", median(ours), median(limit), goal);
}

/// From the answer to the invitation until the notice has left the stream of its recipient, while
/// 1,000 listen; and until the last of 250 recipients of one invitation has heard.
async fn listen(
    figures: &mut Figures,
    server: &Server,
    engine: Engine,
    alice: &Person,
    many: &Person,
    image: &ImageId,
) {
    let mut people = Vec::new();
    for n in 0..LISTENING {
        people.push(server.same_person(many, "Many", &format!("p{n}")).await);
    }
    let mut streams = Vec::new();
    for n in 0..LISTENERS {
        let mut stream = open(server, &people[n % LISTENING]).await;
        assert!(frame(&mut stream).await.starts_with("retry:"), "a stream begins");
        streams.push(stream);
    }
    let mut one = Vec::new();
    for n in 0..NOTICES {
        let recipient = n % LISTENING;
        let body = json!({"images": [image.as_str()], "recipients": [format!("p{recipient}")]});
        server.call(alice, Method::POST, "/api/v1/shares", &body).await;
        let (took, ()) = millis(heard(&mut streams[recipient], "image.shared")).await;
        one.push(took);
    }
    withdraw(server, alice, std::slice::from_ref(image)).await;
    // All that was told so far is read, also by the others who listen for the same projects.
    for (_, stream) in streams.iter_mut().enumerate().filter(|(at, _)| at % LISTENING < NOTICES) {
        heard(stream, "image.withdrawn").await;
    }
    let recipients: Vec<String> = (0..LISTENING).map(|n| format!("p{n}")).collect();
    let body = json!({"images": [image.as_str()], "recipients": recipients});
    server.call(alice, Method::POST, "/api/v1/shares", &body).await;
    let (all, ()) = millis(async {
        for stream in &mut streams {
            heard(stream, "image.shared").await;
        }
    })
    .await;
    let limit = bare(server, 1).await;
    let name = "a notice to its listener, 1,000 listening";
    say(figures, engine, name, median(one), limit, Goal::AtMost(100.0));
    let name = "the same notice to 250 projects, all 1,000 hear";
    say(figures, engine, name, all, limit, Goal::Nothing);
}

/// Reads a stream until a frame tells of this; others only say that something changed.
async fn heard(stream: &mut Body, kind: &str) {
    while !frame(stream).await.contains(kind) {}
}

async fn open(server: &Server, person: &Person) -> Body {
    let request = Request::get("/api/v1/events")
        .header("x-auth-token", &person.token)
        .body(Body::empty())
        .unwrap();
    let response = server.router.clone().oneshot(request).await.unwrap();
    assert!(response.status().is_success(), "{}", response.status());
    response.into_body()
}

/// The next frame that is no heartbeat.
async fn frame(stream: &mut Body) -> String {
    loop {
        let polled =
            std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_frame(context));
        let bytes = polled.await.unwrap().unwrap().into_data().unwrap();
        if bytes.as_ref() != b":\n\n" {
            return String::from_utf8(bytes.to_vec()).unwrap();
        }
    }
}
