//! Notices reach those whom they concern, where they concern them (RC-01, RC-02, DL-07, RG-05), and
//! streams of them lose nothing (AP-08).

use axum::body::Body;
use axum::http::Request;
use lendglass_core::limits::{EVENT_STREAMS_OF_PROJECT, NOTICE_AGE_SECONDS, NOTICES_OF_INBOX};
use lendglass_core::notice::{Inbox, Notice, NoticeKind, Subject};
use lendglass_core::share::Recipient;
use lendglass_core::{AccountId, ImageId, ProjectId, RegionId};
use lendglass_server::service::{events, notice};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::cloud::Cloud;
use crate::hearing::Ear;
use crate::support::{A, B, B2, C, TestServer};

stories! {
    lendglass "lendglass":
        rc_01_a_share_and_its_answers_reach_those_who_listen,
        rc_02_a_notice_stays_in_its_region_and_project,
        rc_19_a_notice_names_who_shares,
        notices_are_paged_newest_first_and_filtered,
        what_is_read_is_read_for_the_project_and_a_reader_may_only_look,
        unread_notices_are_counted_exactly_to_a_thousand,
        rg_05_what_waits_elsewhere_is_counted_without_detail,
        old_and_many_notices_are_trimmed,
        ap_08_a_stream_gives_what_is_told_and_resumes_where_it_ended,
        ap_08_nothing_is_lost_or_repeated_under_concurrent_writers,
        ap_08_every_open_list_hears_of_what_changes_it,
        a_stream_ends_with_its_token,
        a_stream_ends_when_the_server_stops,
        streams_are_bounded,
        a_stream_says_when_it_cannot_resume;
}

pub fn to_project(id: &str, kind: NoticeKind) -> Notice {
    Notice {
        to: Recipient::Project(ProjectId::trusted(id)),
        region: RegionId::trusted("r1"),
        kind,
        subject: Subject::Image {
            id: ImageId::trusted("5a1e0d7c-5b7e-4d1b-8f0e-2d7a3cf6a9b0"),
            name: Some("sys1".to_owned()),
        },
        counterpart: Some(Recipient::Project(ProjectId::trusted(A))),
        note: Some("for the move".to_owned()),
        at: lendglass_core::Timestamp(1_767_225_600_000_000),
    }
}

fn to_account(id: &str) -> Notice {
    let to = Recipient::Account(AccountId::trusted(id));
    Notice { to, ..to_project(B, NoticeKind::ImageShared) }
}

/// Tells and rings, as a use case does.
pub async fn tell(server: &TestServer, notices: Vec<Notice>) {
    let told = notices.clone();
    server.app.db.write(move |tx| notice::tell(tx, &told)).await.unwrap();
    server.app.bell.ring(&notices.iter().map(Notice::inbox).collect::<Vec<Inbox>>());
}

async fn get(cloud: &Cloud, person: &str, path: &str) -> Value {
    cloud.request(person, "GET", path, ()).await.expect(200).json()
}

async fn ids(cloud: &Cloud, person: &str, query: &str) -> Vec<String> {
    let page = get(cloud, person, &format!("/api/v1/notices?{query}")).await;
    let notices = page["notices"].as_array().unwrap();
    notices.iter().map(|notice| notice["id"].as_str().unwrap().to_owned()).collect()
}

async fn rc_01_a_share_and_its_answers_reach_those_who_listen(cloud: &Cloud) {
    let mut bob = Ear::open(cloud, "bob", None).await;
    let mut alice = Ear::open(cloud, "alice", None).await;
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    let told = bob.next().await.unwrap().data;
    assert_eq!(
        (&told["kind"], &told["image"], &told["counterpart"]["id"]),
        (&json!("image.shared"), &json!({"id": sys1.as_str(), "name": "sys1"}), &json!(A))
    );
    assert_eq!((told["region"].as_str(), told["to"]["id"].as_str()), (Some("r1"), Some(B)));
    cloud.accept("bob", &sys1).await;
    let told = alice.next().await.unwrap().data;
    assert_eq!((&told["kind"], &told["counterpart"]["id"]), (&json!("share.accepted"), &json!(B)));
    cloud.unshare("alice", &sys1, B).await;
    assert_eq!(bob.next().await.unwrap().data["kind"], "image.withdrawn");
    assert!(ids(cloud, "carol", "").await.is_empty());
}

async fn rc_02_a_notice_stays_in_its_region_and_project(cloud: &Cloud) {
    let elsewhere =
        Notice { region: RegionId::trusted("r2"), ..to_project(B, NoticeKind::ImageShared) };
    tell(cloud, vec![to_project(B, NoticeKind::ImageShared), elsewhere, to_account("y")]).await;
    assert_eq!(ids(cloud, "bob", "").await, ["p1", "a1"]);
    assert_eq!(ids(cloud, "rob", "").await, ["p1", "a1"], "a reader of the project sees it too");
    assert_eq!(ids(cloud, "bob@B2", "").await, ["a1"], "his other project has the account's only");
    for stranger in ["alice", "carol", "dave"] {
        assert!(ids(cloud, stranger, "").await.is_empty(), "{stranger}");
    }
    let page = get(cloud, "bob", "/api/v1/notices").await;
    let expected = json!({
        "id": "p1",
        "kind": "image.shared",
        "region": "r1",
        "to": {"kind": "project", "id": B, "name": null, "account": null},
        "image": {"id": "5a1e0d7c-5b7e-4d1b-8f0e-2d7a3cf6a9b0", "name": "sys1"},
        "vault": null,
        "quota": null,
        "counterpart": {"kind": "project", "id": A, "name": "A", "account": "x"},
        "note": "for the move",
        "at": "2026-01-01T00:00:00Z",
        "is_read": false,
    });
    assert_eq!(page["notices"][0], expected);
}

async fn rc_19_a_notice_names_who_shares(cloud: &Cloud) {
    let from_bob = |kind| Notice {
        to: Recipient::Project(ProjectId::trusted(A)),
        counterpart: Some(Recipient::Project(ProjectId::trusted(B))),
        ..to_project(A, kind)
    };
    tell(cloud, vec![from_bob(NoticeKind::ImageShared), from_bob(NoticeKind::ShareAccepted)]).await;
    let page = get(cloud, "alice", "/api/v1/notices").await;
    let known = get(cloud, "alice", &format!("/api/v1/tenants/resolve?id={B}")).await;
    assert_eq!(page["notices"][1]["counterpart"]["name"], "B", "an offer says who makes it");
    assert_eq!(
        page["notices"][0]["counterpart"]["name"], known["name"],
        "else as B lets itself be known"
    );
}

async fn notices_are_paged_newest_first_and_filtered(cloud: &Cloud) {
    for n in 0..5 {
        let mut both = vec![to_project(B, NoticeKind::ImageShared), to_account("y")];
        for notice in &mut both {
            notice.at = notice.at.plus_seconds(n);
        }
        tell(cloud, both).await;
    }
    tell(
        cloud,
        vec![Notice {
            at: to_project(B, NoticeKind::ImageShared).at.plus_seconds(9),
            ..to_project(B, NoticeKind::ImageWithdrawn)
        }],
    )
    .await;
    let all = ids(cloud, "bob", "").await;
    assert_eq!(all, ["p6", "p5", "a5", "p4", "a4", "p3", "a3", "p2", "a2", "p1", "a1"]);
    let mut walked = Vec::new();
    let mut marker = String::new();
    loop {
        let path = format!("/api/v1/notices?limit=3{marker}");
        let page = get(cloud, "bob", &path).await;
        for notice in page["notices"].as_array().unwrap() {
            walked.push(notice["id"].as_str().unwrap().to_owned());
        }
        // What arrives meanwhile moves no page.
        tell(cloud, vec![to_account("y")]).await;
        let Some(next) = page["next"].as_str() else { break };
        marker = format!("&marker={next}");
    }
    assert_eq!(walked, all);
    assert_eq!(ids(cloud, "bob", "kind=image.withdrawn").await, ["p6"]);
    let either = "kind=image.withdrawn&kind=image.shared&limit=2&marker=p6.a1";
    assert_eq!(ids(cloud, "bob", either).await, ["p5", "p4"]);
    let refused = |path: &'static str| async move {
        cloud.request("bob", "GET", path, ()).await.expect(400).json()["code"].clone()
    };
    assert_eq!(refused("/api/v1/notices?kind=news").await, "INVALID_VALUE");
    assert_eq!(refused("/api/v1/notices?marker=5").await, "INVALID_MARKER");
    assert_eq!(refused("/api/v1/notices?colour=red").await, "UNKNOWN_FIELD");
}

async fn what_is_read_is_read_for_the_project_and_a_reader_may_only_look(cloud: &Cloud) {
    tell(cloud, vec![to_project(B, NoticeKind::ImageShared); 4]).await;
    tell(cloud, vec![to_account("y")]).await;
    let read = |person: &'static str, body: Value| async move {
        cloud.request(person, "POST", "/api/v1/notices/read", body).await
    };
    let answer = read("rob", json!({"ids": ["p1"]})).await.expect(403);
    assert_eq!(answer.json()["code"], "ROLE_TOO_WEAK");
    let left = read("bob", json!({"ids": ["p3", "p3", "a1", "p99"]})).await.expect(200).json();
    assert_eq!(left["unread"]["count"], 3);
    assert_eq!(ids(cloud, "rob", "unread=true").await, ["p4", "p2", "p1"], "for everybody");
    assert!(ids(cloud, "bob@B2", "unread=true").await.is_empty(), "the account's is read as well");
    let left = read("bob", json!({"up_to": "p2.a0"})).await.expect(200).json();
    assert_eq!(left["unread"]["count"], 1);
    assert_eq!(ids(cloud, "bob", "unread=true").await, ["p4"]);
    let dry =
        cloud.request("bob", "POST", "/api/v1/notices/read?dry_run=true", json!({"ids": ["p4"]}));
    assert_eq!(dry.await.expect(200).json()["code"], "DRY_RUN");
    assert_eq!(ids(cloud, "bob", "unread=true").await, ["p4"]);
    // A mark beyond the end is no mark on what is told later.
    read("bob", json!({"up_to": "p900.a900"})).await.expect(200);
    tell(cloud, vec![to_project(B, NoticeKind::ImageShared)]).await;
    assert_eq!(ids(cloud, "bob", "unread=true").await, ["p5"]);
    for bad in [json!({}), json!({"ids": ["5"]}), json!({"ids": [], "up_to": "p1.a1"})] {
        read("bob", bad).await.expect(400);
    }
    let many: Vec<String> = (0..1001).map(|n| format!("p{n}")).collect();
    assert_eq!(read("bob", json!({"ids": many})).await.expect(400).json()["code"], "TOO_MANY_IDS");
}

async fn unread_notices_are_counted_exactly_to_a_thousand(cloud: &Cloud) {
    let count = || async { get(cloud, "bob", "/api/v1/notices/counts").await["unread"].clone() };
    assert_eq!(count().await, json!({"count": 0, "is_more": false, "text": "0"}));
    tell(cloud, vec![to_project(B, NoticeKind::ImageShared); 999]).await;
    tell(cloud, vec![to_account("y")]).await;
    assert_eq!(count().await, json!({"count": 1000, "is_more": false, "text": "1000"}));
    tell(cloud, vec![to_account("y")]).await;
    assert_eq!(count().await, json!({"count": 1000, "is_more": true, "text": "1000+"}));
}

async fn rg_05_what_waits_elsewhere_is_counted_without_detail(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B2).await;
    let told = get(cloud, "bob", "/api/v1/notices/elsewhere").await;
    let there = |id: &str| {
        let contexts = told["contexts"].as_array().unwrap();
        contexts.iter().find(|there| there["project"] == id).cloned().unwrap()
    };
    assert_eq!((&there(B)["is_current"], &there(B)["pending"]["count"]), (&json!(true), &json!(0)));
    let other = there(B2);
    assert_eq!(other["pending"]["count"], 1);
    assert_eq!(
        (other["region"].as_str(), other["is_current"].as_bool()),
        (Some("r1"), Some(false))
    );
    assert!(!told.to_string().contains(sys1.as_str()), "no detail: {told}");
    let stranger = get(cloud, "carol", "/api/v1/notices/elsewhere").await;
    assert!(!stranger.to_string().contains(B2));
}

async fn old_and_many_notices_are_trimmed(cloud: &Cloud) {
    let most = usize::try_from(NOTICES_OF_INBOX).unwrap();
    tell(cloud, vec![to_project(B, NoticeKind::ImageShared); most + 5]).await;
    tell(cloud, vec![to_account("y")]).await;
    assert_eq!(notice::trim(&cloud.app).await.unwrap(), 1);
    assert_eq!(notice::trim(&cloud.app).await.unwrap(), 0);
    let all = "select cast(count(*) as bigint) from notice";
    assert_eq!(cloud.count(all).await, NOTICES_OF_INBOX + 1);
    assert_eq!(
        cloud
            .count(
                "select cast(min(number) as bigint) from notice where recipient_kind = 'project'"
            )
            .await,
        6
    );
    cloud.step(NOTICE_AGE_SECONDS).await;
    assert_eq!(notice::trim(&cloud.app).await.unwrap(), 0, "to their last moment");
    cloud.step(1).await;
    while notice::trim(&cloud.app).await.unwrap() > 0 {}
    assert_eq!(cloud.count(all).await, 0);
    cloud.forget();
    tell(cloud, vec![to_account("y")]).await;
    assert_eq!(ids(cloud, "bob", "").await, ["a2"], "numbers are never used twice");
}

async fn ap_08_a_stream_gives_what_is_told_and_resumes_where_it_ended(cloud: &Cloud) {
    tell(cloud, vec![to_project(B, NoticeKind::ImageShared)]).await;
    let mut ear = Ear::open(cloud, "bob", None).await;
    assert_eq!(ear.last_id, "p1.a0", "it begins now");
    tell(cloud, vec![to_project(B, NoticeKind::ImageWithdrawn), to_account("y")]).await;
    let event = ear.next().await.unwrap();
    assert_eq!((event.id.as_deref(), event.name.as_str()), (Some("p2.a0"), "notice"));
    let listed = get(cloud, "bob", "/api/v1/notices?kind=image.withdrawn").await;
    assert_eq!(event.data, listed["notices"][0], "events and lists show the same");
    assert_eq!(ear.notices(1).await, ["a1"]);
    assert_eq!(ear.last_id, "p2.a1");
    drop(ear);
    tell(cloud, vec![to_account("y"), to_project(B, NoticeKind::ImageDeleted)]).await;
    let mut again = Ear::open(cloud, "bob", Some("p2.a1")).await;
    assert_eq!(again.notices(2).await, ["p3", "a2"]);
    let bad = cloud.request("bob", "GET", "/api/v1/events?after=7", ()).await.expect(400);
    assert_eq!(bad.json()["code"], "INVALID_VALUE");
    cloud.request("nobody", "GET", "/api/v1/events", ()).await.expect(401);
}

async fn ap_08_nothing_is_lost_or_repeated_under_concurrent_writers(cloud: &Cloud) {
    const WRITERS: usize = 8;
    const EACH: usize = 25;
    let ear = Ear::open(cloud, "bob", None).await;
    let app = cloud.app.clone();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move {
                for n in 0..EACH {
                    let told = if n % 5 == 0 {
                        to_account("y")
                    } else {
                        to_project(B, NoticeKind::ImageShared)
                    };
                    let inbox = told.inbox();
                    let write =
                        move |tx: &mut lendglass_store::Tx<'_>| notice::tell(tx, &[told.clone()]);
                    app.db.write(write).await.unwrap();
                    app.bell.ring(&[inbox]);
                }
            })
        })
        .collect();
    // The listener goes away and comes back all the while.
    let (mut ear, mut heard) = (ear, Vec::new());
    while heard.len() < WRITERS * EACH {
        let left = WRITERS * EACH - heard.len();
        heard.extend(ear.notices(left.min(1 + heard.len() % 7)).await);
        ear = Ear::open(cloud, "bob", Some(&ear.last_id)).await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let numbers = |side: char| -> Vec<usize> {
        heard.iter().filter_map(|id| id.strip_prefix(side)?.parse().ok()).collect()
    };
    assert_eq!(numbers('p'), (1..=WRITERS * EACH * 4 / 5).collect::<Vec<_>>());
    assert_eq!(numbers('a'), (1..=WRITERS * EACH / 5).collect::<Vec<_>>());
}

/// rita and rob look at the lists of A and B while their colleagues act, in another window or by the CLI.
async fn ap_08_every_open_list_hears_of_what_changes_it(cloud: &Cloud) {
    let mut carol = Ear::open(cloud, "carol", None).await;
    let hears = async |who: &str| Ear::open(cloud, who, None).await;
    let (mut rita, sys1) = (hears("rita").await, cloud.image("alice", "sys1").await);
    rita.stale().await;
    for act in ["share", "accept", "reject", "accept", "unshare"] {
        let (mut rita, mut rob) = (hears("rita").await, hears("rob").await);
        match act {
            "share" => cloud.share("alice", &sys1, B).await,
            "accept" => cloud.accept("bob", &sys1).await,
            "reject" => cloud.reject("bob", &sys1).await,
            _ => cloud.unshare("alice", &sys1, B).await,
        };
        rita.stale().await;
        rob.stale().await;
    }
    // By the operator, to the owner's list; by a job, when it is done.
    let mut rita = hears("rita").await;
    let hidden = json!({"hidden": true});
    let path = format!("/api/v1/images/{sys1}");
    cloud.request("operator", "PATCH", &path, hidden).await.expect(200);
    rita.stale().await;
    cloud.request("alice", "POST", &format!("{path}/replicate"), json!({})).await.expect(202);
    let mut rita = hears("rita").await;
    cloud.settle().await;
    rita.stale().await;
    // A dry run changes nothing, and strangers hear nothing of all this.
    let mut rita = hears("rita").await;
    cloud.request("alice", "DELETE", &format!("{path}?dry_run=true"), ()).await.expect(200);
    let marks = [(A, &mut rita), (C, &mut carol)];
    for (project, ear) in marks {
        tell(cloud, vec![to_project(project, NoticeKind::ImageShared)]).await;
        assert_eq!(ear.any().await.unwrap().name, "notice", "{project}");
    }
}

async fn a_stream_ends_with_its_token(cloud: &Cloud) {
    let mut ear = Ear::open(cloud, "bob", None).await;
    let token = cloud.token("bob").await;
    let headers = [("x-subject-token", token.as_str())];
    cloud.request_with("bob", "DELETE", "/v3/auth/tokens", &headers, ()).await.expect(204);
    tell(cloud, vec![to_project(B, NoticeKind::ImageShared)]).await;
    let event = ear.next().await.unwrap();
    assert_eq!((event.name.as_str(), &event.data), ("end", &json!({"code": "TOKEN_REVOKED"})));
    assert_eq!(ear.next().await, None);
    cloud.forget();
    let mut ear = Ear::open(cloud, "bob", None).await;
    cloud.step(i64::from(cloud.app.settings.token_lifetime_seconds)).await;
    tell(cloud, vec![to_project(B, NoticeKind::ImageShared)]).await;
    assert_eq!(ear.next().await.unwrap().data, json!({"code": "TOKEN_EXPIRED"}));
    assert_eq!(ear.next().await, None);
    drop(ear);
    assert!(cloud.app.bell.inboxes().is_empty(), "nobody is remembered who has gone");
}

async fn a_stream_ends_when_the_server_stops(cloud: &Cloud) {
    let mut ear = Ear::open(cloud, "bob", None).await;
    cloud.app.bell.stop();
    assert_eq!(ear.next().await.unwrap().data, json!({"code": "SHUTTING_DOWN"}));
    assert_eq!(ear.next().await, None);
}

async fn streams_are_bounded(cloud: &Cloud) {
    let mut ears = Vec::new();
    for _ in 0..EVENT_STREAMS_OF_PROJECT {
        ears.push(Ear::open(cloud, "bob", None).await);
    }
    let refused = cloud.request("bob", "GET", "/api/v1/events", ()).await.expect(429);
    assert_eq!(refused.json()["code"], "TOO_MANY_STREAMS");
    let _other = Ear::open(cloud, "bob@B2", None).await;
    ears.pop();
    ears.push(Ear::open(cloud, "bob", None).await);
}

async fn a_stream_says_when_it_cannot_resume(cloud: &Cloud) {
    let most = usize::try_from(NOTICES_OF_INBOX).unwrap();
    tell(cloud, vec![to_project(B, NoticeKind::ImageShared); most + 5]).await;
    notice::trim(&cloud.app).await.unwrap();
    for lost in ["p1.a0", "p99999.a0"] {
        let mut ear = Ear::open(cloud, "bob", Some(lost)).await;
        assert_eq!(ear.next().await.unwrap().name, "gap", "{lost}");
    }
    let mut ear = Ear::open(cloud, "bob", Some("p5.a0")).await;
    assert_eq!(ear.notices(1).await, ["p6"], "all that is kept can be heard");
}

/// Two nodes on one PostgreSQL: each hears what the other told.
#[tokio::test(flavor = "multi_thread")]
async fn ap_08_nodes_hear_each_others_notices() {
    let one = TestServer::start(lendglass_store::db::Engine::Postgres, "lendglass").await;
    let two = one.second().await;
    let (stopping, stop) = watch::channel(false);
    let ears: Vec<_> = [&one, &two]
        .map(|node| tokio::spawn(events::hear_others(node.app.clone(), stop.clone())))
        .into();
    let mut at_one = Ear::open(&one, "bob", None).await;
    let mut at_two = Ear::open(&two, "bob", None).await;
    for (node, number) in [(&one, "p1"), (&two, "p2"), (&one, "p3")] {
        tell(node, vec![to_project(B, NoticeKind::ImageShared)]).await;
        assert_eq!(at_one.notices(1).await, [number]);
        assert_eq!(at_two.notices(1).await, [number]);
    }
    // What changes without being told is heard there as well.
    for name in ["first", "second"] {
        let mut rob = Ear::open(&two, "rob", None).await;
        one.request("bob", "POST", "/api/v1/images", json!({"name": name})).await.expect(201);
        rob.stale().await;
    }
    stopping.send(true).unwrap();
    for ear in ears {
        ear.await.unwrap();
    }
}

/// Ids in a query and in a header mean the same; the header, which browsers send by themselves, wins.
#[tokio::test(flavor = "multi_thread")]
async fn ap_08_the_header_goes_before_the_query() {
    let server = TestServer::start(lendglass_store::db::Engine::Sqlite, "lendglass").await;
    tell(&server, vec![to_project(B, NoticeKind::ImageShared); 3]).await;
    let request = Request::get("/api/v1/events?after=p0.a0")
        .header("x-auth-token", server.token("bob").await)
        .header("last-event-id", "p2.a0")
        .body(Body::empty())
        .unwrap();
    let response = server.open(request).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    let mut ear = Ear::of(response);
    assert_eq!(ear.notices(1).await, ["p3"]);
}
