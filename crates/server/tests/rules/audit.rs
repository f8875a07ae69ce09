//! The audit trail: one event for each deed, read by both sides, chained so that tampering shows
//! (T-049, XC-01).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lendglass_core::image::ImageKind;
use lendglass_core::share::ShareEvent;
use lendglass_core::{Code, Error, ImageId};
use lendglass_server::drivers::syslog::Target;
use lendglass_server::service::audit::chain::{self, Head};
use lendglass_server::service::audit::verify::{Finding, Verdict, verify};
use lendglass_server::service::audit::{forward, reads};
use lendglass_server::service::download::{self, Bytes};
use lendglass_server::service::image::{self, Edit};
use lendglass_server::service::replicate::replicate;
use lendglass_server::service::upload;
use lendglass_store::audit_chain::{self as store_chain, Duty};
use lendglass_store::{Statement, upload as store_upload};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket, UnixDatagram};

use crate::cloud::{BYTES, Cloud, caller, offer, refused};
use crate::support::{A, B, C};

stories! {
    lendglass "lendglass":
        t_049_each_operation_adds_exactly_one_event,
        t_049_reads_of_bytes_are_written_before_the_first_byte,
        t_049_a_read_that_cannot_be_written_down_is_refused,
        t_049_refused_reads_leave_one_event_in_ten_minutes,
        t_049_a_reader_of_a_sees_none_of_b,
        t_049_pages_and_filters,
        t_049_csv_is_no_formula,
        t_049_cadf,
        t_049_every_kind_of_tampering_is_found,
        t_049_two_sealers_never_fork_the_chain,
        t_049_a_sealer_may_die_between_any_two_steps,
        t_049_syslog_gets_all_in_order_at_least_once,
        xc_01_both_sides_see_a_share;
}

/// (verb, result, counterpart) of an event.
type Told = (String, String, String);

impl Cloud {
    async fn sql(&self, text: &str) -> u64 {
        let statement = std::sync::Arc::new(Statement::composed(text.to_owned()));
        self.app.db.write(move |tx| tx.execute(&statement, &[])).await.unwrap()
    }

    async fn told(&self) -> Vec<Told> {
        let text = "select verb, result, coalesce(counterpart_id, '') from audit order by at, id";
        let rows = self.app.db.read(&Statement::composed(text.to_owned()), vec![]).await.unwrap();
        let read = |row: lendglass_store::Row| {
            let mut columns = row.read();
            (columns.text().unwrap(), columns.text().unwrap(), columns.text().unwrap())
        };
        rows.into_iter().map(read).collect()
    }

    /// What happened since `before`, the events in any order.
    async fn news(&self, before: &[Told]) -> Vec<Told> {
        let mut count: BTreeMap<Told, i64> = BTreeMap::new();
        for told in self.told().await {
            *count.entry(told).or_default() += 1;
        }
        for told in before {
            *count.entry(told.clone()).or_default() -= 1;
        }
        let times = |(told, n): (Told, i64)| vec![told; usize::try_from(n).unwrap()];
        count.into_iter().flat_map(times).collect()
    }

    async fn seal(&self) -> Head {
        let head = chain::round(&self.app.db, self.app.trail.key(), "one").await.unwrap();
        head.expect("something was sealed")
    }

    async fn verdict(&self, from: i64, known: Option<&Head>) -> Verdict {
        let key = self.app.trail.key();
        verify(&self.app.db, key, from, known, self.app.clock.now()).await.unwrap()
    }

    async fn audit(&self, person: &str, query: &str) -> Value {
        let path = format!("/api/v1/audit?{query}");
        self.request(person, "GET", &path, ()).await.expect(200).json()
    }

    /// Reads a range of an image as a person does; what comes is as long as was asked for.
    async fn read_range(&self, person: &str, id: &ImageId, range: std::ops::Range<u64>) {
        match download::open(&self.app, &caller(person), id).await.unwrap() {
            Bytes::Disk(_, disk) => disk.read(&self.app, &range).await.map(|_| ()).unwrap(),
            Bytes::None(_) => panic!("the image has bytes"),
        }
    }

    async fn counted(&self) -> (i64, i64, i64) {
        (
            self.count("select cast(count(*) as bigint) from audit where verb = 'image.download'")
                .await,
            self.count("select cast(coalesce(sum(ranges), 0) as bigint) from audit_read").await,
            self.count("select cast(coalesce(sum(bytes), 0) as bigint) from audit_read").await,
        )
    }
}

fn verbs(page: &Value) -> Vec<&str> {
    page["events"].as_array().unwrap().iter().map(|e| e["verb"].as_str().unwrap()).collect()
}

fn told(verb: &str, result: &str, counterpart: &str) -> Told {
    (verb.to_owned(), result.to_owned(), counterpart.to_owned())
}

/// Does something and checks which events came of it.
macro_rules! check_events {
    ($cloud:expr, $what:expr => $($event:expr),+ $(,)?) => {{
        let before = $cloud.told().await;
        let done = $what;
        $cloud.settle().await;
        assert_eq!($cloud.news(&before).await, [$($event),+], "{}", stringify!($what));
        done
    }};
}

async fn t_049_each_operation_adds_exactly_one_event(cloud: &Cloud) {
    let (app, alice, operator) = (&cloud.app, caller("alice"), caller("operator"));
    let one = |verb: &str| told(verb, "ok", "");
    let id = check_events!(cloud, cloud.queued("alice", "sys1", ImageKind::SystemDisk).await
        => one("image.create"));
    check_events!(cloud, cloud.fill("alice", &id, BYTES).await.unwrap() => one("image.upload"));
    for edit in [
        Edit::Name(Some("erp".to_owned())),
        Edit::AddTag("prod".to_owned()),
        Edit::RemoveTag("prod".to_owned()),
        Edit::SetProperty("x".to_owned(), "1".to_owned()),
    ] {
        check_events!(cloud, image::update(app, &alice, &id, vec![edit.clone()]).await.unwrap()
            => one("image.update"));
    }
    check_events!(cloud, image::deactivate(app, &alice, &id).await.unwrap()
        => one("image.deactivate"));
    check_events!(cloud, image::reactivate(app, &alice, &id).await.unwrap()
        => one("image.reactivate"));
    check_events!(cloud, image::deactivate(app, &operator, &id).await.unwrap()
        => told("image.deactivate", "ok", A));
    check_events!(cloud, image::reactivate(app, &operator, &id).await.unwrap()
        => told("image.reactivate", "ok", A));
    check_events!(cloud, cloud.read("alice", &id).await.unwrap() => one("image.download"));

    check_events!(cloud, cloud.invite("alice", offer(&[&id], &[B, C])).await.unwrap()
        => told("share.invite", "ok", B), told("share.invite", "ok", C));
    check_events!(cloud, cloud.accept("bob", &id).await => told("share.accept", "ok", A));
    check_events!(cloud, cloud.read("bob", &id).await.unwrap() => told("image.download", "ok", A));
    cloud.set(None, "recipient.may_reopen", "true").await;
    let copy = check_events!(cloud, replicate(app, &caller("bob"), &id, None).await.unwrap().0.id
        => told("image.replicate", "ok", A));
    check_events!(cloud, cloud.answer("bob", &id, ShareEvent::Reopen).await
        => told("share.reopen", "ok", A));
    check_events!(cloud, cloud.reject("bob", &id).await => told("share.reject", "ok", A));
    check_events!(cloud, cloud.unshare("alice", &id, B).await => told("share.withdraw", "ok", B));
    check_events!(cloud, cloud.delete("bob", &copy).await.unwrap() => one("image.delete"));
    check_events!(cloud, cloud.delete("alice", &id).await.unwrap()
        => one("image.delete"), told("share.withdraw", "ok", C));

    let id = cloud.image("alice", "lapses").await;
    let mut request = offer(&[&id], &[B]);
    request.lapses_at = Some(app.clock.now().plus_seconds(60));
    cloud.invite("alice", request).await.unwrap();
    cloud.step(61).await;
    check_events!(cloud, cloud.settle().await => told("share.lapse", "ok", B));

    let own = replicate(app, &alice, &id, None);
    check_events!(cloud, own.await.unwrap() => one("image.replicate"));
    let lost = cloud.queued("alice", "lost", ImageKind::SystemDisk).await;
    let mut receiving = upload::begin(app, &alice, &lost, None).await.unwrap();
    receiving.receive(b"some").await.unwrap();
    check_events!(cloud, receiving.give_up("the client went away").await.unwrap()
        => told("image.upload_fail", "failed", ""));
    let dead = upload::begin(app, &alice, &lost, None).await.unwrap();
    app.db.write(store_upload::end_leases).await.unwrap();
    check_events!(cloud, cloud.settle().await => told("image.upload_fail", "failed", ""));
    drop(dead);

    let user = json!({"user": {"name": "eve", "domain_id": "x"}});
    let made = check_events!(cloud,
        cloud.request("operator", "POST", "/v3/users", user.clone()).await.expect(201).json()
        => one("identity.change"));
    let path = format!("/v3/users/{}", made["user"]["id"].as_str().unwrap());
    let change = json!({"user": {"description": "new here"}});
    check_events!(cloud, cloud.request("operator", "PATCH", &path, change.clone()).await.expect(200)
        => one("identity.change"));
    check_events!(cloud, cloud.request("operator", "DELETE", &path, ()).await.expect(204)
        => one("identity.change"));
    let quiet = cloud.told().await;
    image::update(app, &alice, &id, vec![Edit::Name(Some("lapses".to_owned()))]).await.unwrap();
    cloud.show("alice", &id).await.unwrap();
    assert_eq!(cloud.news(&quiet).await, [], "what changes nothing and reads no bytes is no event");
}

async fn t_049_reads_of_bytes_are_written_before_the_first_byte(cloud: &Cloud) {
    let id = cloud.accepted_image("sys1").await;
    let open = download::open(&cloud.app, &caller("bob"), &id).await.unwrap();
    assert_eq!(cloud.counted().await, (0, 0, 0), "no byte was asked for yet");
    let Bytes::Disk(_, disk) = open else { panic!("the image has bytes") };
    disk.read(&cloud.app, &(0..4)).await.unwrap();
    assert_eq!(cloud.counted().await, (1, 1, 4), "durable before the reader is handed out");
    for at in 0..20 {
        cloud.read_range("bob", &id, at..at + 2).await;
    }
    assert_eq!(cloud.counted().await, (1, 1, 4), "further ranges cost no transaction");
    reads::flush(&cloud.app).await.unwrap();
    assert_eq!(cloud.counted().await, (1, 21, 44));
    reads::flush(&cloud.app).await.unwrap();
    assert_eq!(cloud.counted().await, (1, 21, 44), "counted once");

    // Another caller, and the same one from a node that knows nothing of the window.
    cloud.read_range("alice", &id, 0..1).await;
    assert_eq!(cloud.counted().await, (2, 22, 45));
    let second = cloud.second().await;
    if let Bytes::Disk(..) = download::open(&cloud.app, &caller("bob"), &id).await.unwrap() {
        reads::note(&second.app, &caller("bob"), &id, None, &(0..1)).await.unwrap();
    }
    assert_eq!(cloud.counted().await, (2, 23, 46), "ten minutes are ten minutes on every node");

    cloud.step(599).await;
    cloud.read_range("bob", &id, 0..1).await;
    assert_eq!(cloud.counted().await.0, 2);
    cloud.step(1).await;
    cloud.read_range("bob", &id, 0..1).await;
    assert_eq!(cloud.counted().await.0, 3, "a new window after ten minutes");
    reads::flush(&cloud.app).await.unwrap();
    assert_eq!(cloud.counted().await, (3, 25, 48), "nothing counted is lost with its window");

    // At once: one event.
    cloud.step(601).await;
    let together = (0..8).map(|_| cloud.read_range("bob", &id, 0..1));
    futures_util::future::join_all(together).await;
    reads::flush(&cloud.app).await.unwrap();
    assert_eq!(cloud.counted().await, (4, 33, 56));

    // On the wire: HEAD reads nothing, a range what it says.
    cloud.step(601).await;
    cloud.forget();
    let path = format!("/api/v1/images/{id}/file");
    cloud.request("bob", "HEAD", &path, ()).await.expect(200);
    assert_eq!(cloud.counted().await.0, 4);
    cloud.request_with("bob", "GET", &path, &[("range", "bytes=0-9")], ()).await.expect(206);
    assert_eq!(cloud.counted().await, (5, 34, 66));
    let page = cloud.audit("bob", "verb=image.download&limit=1").await;
    assert_eq!(page["events"][0]["ranges"], 1);
    assert_eq!(page["events"][0]["bytes"], 10);
    assert_eq!(page["events"][0]["detail"], "range=0-9");
    let owners = cloud.audit("alice", "verb=image.download&limit=1").await;
    assert_eq!(owners["events"][0]["project"], B);
    assert_eq!(owners["events"][0]["bytes"], Value::Null, "how much is bob's business");

    // Public images as well; who reads them is not their owner's business.
    let open_to_all = cloud.image("alice", "public").await;
    let public = vec![Edit::Visibility(lendglass_core::image::Visibility::Public)];
    image::update(&cloud.app, &caller("operator"), &open_to_all, public).await.unwrap();
    cloud.set(None, "public.may_download", "true").await;
    cloud.read_range("carol", &open_to_all, 0..1).await;
    assert_eq!(cloud.counted().await.0, 6);
    let seen = cloud.audit("alice", &format!("target={open_to_all}")).await;
    assert!(!verbs(&seen).contains(&"image.download"));
}

async fn t_049_a_read_that_cannot_be_written_down_is_refused(cloud: &Cloud) {
    let id = cloud.image("alice", "sys1").await;
    cloud.sql("alter table audit_read rename to audit_read_away").await;
    let path = format!("/v2/images/{id}/file");
    let answer = cloud.request("alice", "GET", &path, ()).await;
    assert!(answer.status.is_server_error(), "{}", answer.status);
    assert!(!answer.bytes.windows(4).any(|part| part == &BYTES[..4]));
    cloud.sql("alter table audit_read_away rename to audit_read").await;
    assert_eq!(cloud.read("alice", &id).await.unwrap(), BYTES);
    assert_eq!(cloud.counted().await.0, 1, "what failed left nothing");
}

async fn t_049_refused_reads_leave_one_event_in_ten_minutes(cloud: &Cloud) {
    let id = cloud.image("alice", "sys1").await;
    cloud.share("alice", &id, B).await;
    for _ in 0..3 {
        assert_eq!(refused(cloud.read("bob", &id).await), Code::ShareNotAccepted);
        assert_eq!(refused(cloud.read("carol", &id).await), Code::ImageNotFound);
    }
    let page = cloud.audit("bob", "result=refused").await;
    assert_eq!(verbs(&page), ["image.download"]);
    assert_eq!(page["events"][0]["code"], "SHARE_NOT_ACCEPTED");
    assert_eq!(verbs(&cloud.audit("carol", "").await), [""; 0], "who sees nothing leaves nothing");
    assert!(!verbs(&cloud.audit("alice", "").await).contains(&"image.download"));
    cloud.accept("bob", &id).await;
    cloud.read("bob", &id).await.unwrap();
    assert_eq!(verbs(&cloud.audit("bob", "verb=image.download&result=ok").await).len(), 1);
}

async fn xc_01_both_sides_see_a_share(cloud: &Cloud) {
    let id = cloud.image("alice", "sys1").await;
    cloud.share("alice", &id, B).await;
    cloud.accept("bob", &id).await;
    cloud.unshare("alice", &id, B).await;
    let all = ["share.withdraw", "share.accept", "share.invite"];
    for person in ["alice", "rita", "bob", "rob"] {
        let page = cloud.audit(person, &format!("target={id}")).await;
        let shares: BTreeSet<&str> =
            verbs(&page).into_iter().filter(|verb| verb.starts_with("share.")).collect();
        assert_eq!(shares, all.into(), "{person}");
        for event in page["events"].as_array().unwrap() {
            let is_own = event["is_own"].as_bool().unwrap();
            let own = if matches!(person, "alice" | "rita") { A } else { B };
            assert_eq!(is_own, event["project"] == own, "{event}");
            for hidden in ["user", "account", "detail", "source", "request_id", "seq"] {
                let shown = event.get(hidden).is_some();
                assert_eq!(shown, is_own && hidden != "seq", "{person}: {hidden} in {event}");
            }
        }
    }
    for person in ["bob@B2", "carol", "dave"] {
        assert_eq!(verbs(&cloud.audit(person, "").await), [""; 0], "{person}");
    }

    // An account's share is seen by all its projects of the region.
    let of_account = cloud.image("alice", "sys2").await;
    let mut request = offer(&[&of_account], &[]);
    request.recipients = vec![crate::cloud::account_named("y")];
    cloud.invite("alice", request).await.unwrap();
    for person in ["bob", "bob@B2"] {
        let page = cloud.audit(person, &format!("target={of_account}")).await;
        assert_eq!(verbs(&page), ["share.invite"], "{person}");
    }
    assert_eq!(verbs(&cloud.audit("carol", "").await), [""; 0]);

    // What the operator does to somebody's image stands in its owner's trail.
    image::deactivate(&cloud.app, &caller("operator"), &of_account).await.unwrap();
    let page = cloud.audit("alice", "verb=image.deactivate").await;
    assert_eq!(verbs(&page), ["image.deactivate"]);
    assert_eq!(page["events"][0].get("user"), None);
}

async fn t_049_a_reader_of_a_sees_none_of_b(cloud: &Cloud) {
    let of_a = cloud.image("alice", "sys1").await;
    let of_b = cloud.image("bob", "sys2").await;
    let page = cloud.audit("rita", "").await;
    assert_eq!(verbs(&page).len(), 2);
    assert!(
        page["events"].as_array().unwrap().iter().all(|event| event["target"] == of_a.as_str())
    );
    assert_eq!(verbs(&cloud.audit("rita", &format!("target={of_b}")).await), [""; 0]);
    for query in ["all=true".to_owned(), format!("project={B}")] {
        let path = format!("/api/v1/audit?{query}");
        for person in ["rita", "alice"] {
            let answer = cloud.request(person, "GET", &path, ()).await.expect(403);
            assert_eq!(answer.json()["code"], "OPERATOR_ONLY");
        }
    }
    assert_eq!(verbs(&cloud.audit("rita", &format!("project={A}")).await).len(), 2);
    cloud.request("nobody", "GET", "/api/v1/audit", ()).await.expect(401);
    let everything = cloud.audit("operator", "all=true").await;
    let targets: Vec<&str> = everything["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["target"].as_str().unwrap())
        .collect();
    assert!(targets.contains(&of_a.as_str()) && targets.contains(&of_b.as_str()));
    let of_project = cloud.audit("operator", &format!("project={B}")).await;
    assert_eq!(verbs(&of_project).len(), 2);
    assert_eq!(of_project["events"][0]["user"], "bob", "nothing is hidden from the operator");
}

async fn t_049_pages_and_filters(cloud: &Cloud) {
    let mut ids = Vec::new();
    for at in 0..7 {
        ids.push(cloud.queued("alice", &format!("image {at}"), ImageKind::SystemDisk).await);
        cloud.step(1).await;
    }
    for id in &ids[..3] {
        cloud.fill("alice", id, BYTES).await.unwrap();
        cloud.share("alice", id, B).await;
        cloud.accept("bob", id).await;
    }
    for (person, filter) in [
        ("alice", ""),
        ("bob", ""),
        ("alice", "&verb=share.accept"),
        ("alice", "&user=alice"),
        ("operator", "&all=true"),
    ] {
        let whole = cloud.audit(person, &format!("limit=500{filter}")).await;
        let (mut paged, mut marker) = (Vec::new(), String::new());
        loop {
            let page = cloud.audit(person, &format!("limit=2{filter}{marker}")).await;
            paged.extend(page["events"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { break };
            marker = format!("&marker={next}");
        }
        assert_eq!(Value::from(paged), whole["events"], "{person} {filter}");
        assert!(!verbs(&whole).is_empty(), "{person} {filter}");
    }
    let count = |page: Value| verbs(&page).len();
    assert_eq!(count(cloud.audit("alice", "verb=image.create").await), 7);
    assert_eq!(count(cloud.audit("alice", "verb=share.accept").await), 3);
    assert_eq!(count(cloud.audit("alice", "verb=share.accept&user=bob").await), 0, "hidden");
    let on_one = cloud.audit("alice", &format!("target={}", ids[0])).await;
    assert_eq!(count(on_one), 4);
    let between = "verb=image.create&from=2026-01-01T00:00:02Z&to=2026-01-01T00:00:04Z";
    assert_eq!(count(cloud.audit("alice", between).await), 2);
    for wrong in ["verb=x", "result=x", "from=x", "marker=x", "format=x", "limit=x", "colour=red"] {
        cloud.request("alice", "GET", &format!("/api/v1/audit?{wrong}"), ()).await.expect(400);
    }
    assert_eq!(count(cloud.audit("alice", "limit=0").await), 0);
}

async fn t_049_csv_is_no_formula(cloud: &Cloud) {
    let id = cloud.image("alice", "sys1").await;
    cloud.step(1).await;
    let mut villain = caller("alice");
    villain.source = "=HYPERLINK(\"http://evil.example\",\"a,b\")".to_owned();
    villain.request_id = "@SUM(A1)".to_owned();
    image::update(&cloud.app, &villain, &id, vec![Edit::AddTag("x".to_owned())]).await.unwrap();
    let path = "/api/v1/audit?format=csv&limit=1";
    let answer = cloud.request("alice", "GET", path, ()).await.expect(200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains(",\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"a,b\"\")\","), "{text}");
    assert!(text.contains(",'@SUM(A1),"), "{text}");
    let marker = answer.header("x-next-marker").to_owned();
    assert!(!marker.is_empty());
    let path = format!("/api/v1/audit?format=csv&limit=9&marker={marker}");
    let rest = cloud.request("alice", "GET", &path, ()).await.expect(200);
    assert_eq!(rest.header("x-next-marker"), "");
    assert_eq!(String::from_utf8(rest.bytes.to_vec()).unwrap().lines().count(), 3);
}

async fn t_049_cadf(cloud: &Cloud) {
    let id = cloud.image("alice", "sys1").await;
    cloud.share("alice", &id, B).await;
    refused(cloud.read("bob", &id).await);
    let page = cloud.audit("bob", "format=cadf").await;
    for event in page["events"].as_array().unwrap() {
        assert_eq!(event["typeURI"], "http://schemas.dmtf.org/cloud/audit/1.0/event");
        for field in ["id", "eventType", "eventTime", "action", "outcome"] {
            assert!(event[field].is_string(), "{field} in {event}");
        }
        for part in ["initiator", "target", "observer"] {
            assert!(event[part]["id"].is_string() && event[part]["typeURI"].is_string(), "{event}");
        }
    }
    let by = |action: &str| {
        let found = page["events"].as_array().unwrap().iter().find(|e| e["action"] == action);
        found.expect("the event is there").clone()
    };
    let read = by("read/image.download");
    assert_eq!(read["outcome"], "failure");
    assert_eq!(read["reason"]["reasonCode"], "SHARE_NOT_ACCEPTED");
    assert_eq!(read["initiator"]["id"], "bob");
    let invite = by("create/share.invite");
    assert_eq!(
        (&invite["outcome"], &invite["initiator"]["id"]),
        (&json!("success"), &json!("unknown"))
    );
    assert_eq!(invite["initiator"]["project_id"], A);
}

async fn t_049_every_kind_of_tampering_is_found(cloud: &Cloud) {
    let empty = cloud.verdict(1, None).await;
    assert!(empty.is_whole(), "{empty:?}");
    for at in 0..12 {
        cloud.queued("alice", &format!("image {at}"), ImageKind::SystemDisk).await;
    }
    let head = cloud.seal().await;
    let last = head.seq;
    assert!(last >= 12);
    let whole = cloud.verdict(1, Some(&head)).await;
    assert!(whole.is_whole() && whole.head == head, "{whole:?}");
    assert_eq!(whole.rows, u64::try_from(last).unwrap());
    assert!(cloud.verdict(5, Some(&head)).await.is_whole());
    let short = chain::round(&cloud.app.db, cloud.app.trail.key(), "one").await.unwrap();
    assert_eq!(short, None, "nothing is left to seal");

    let altered = |verdict: &Verdict| -> Vec<i64> {
        let seq = |finding: &Finding| {
            let Finding::Altered { seq, .. } = finding else { panic!("{finding}") };
            *seq
        };
        verdict.findings.iter().map(seq).collect()
    };

    // Changed: each column.
    for column in [
        "at = at + 1",
        "verb = 'image.delete'",
        "region_id = 'r9'",
        "user_id = 'mallory'",
        "project_id = 'p'",
        "account_id = 'q'",
        "counterpart_kind = 'project'",
        "counterpart_id = 'z'",
        "target = 'elsewhere'",
        "detail = 'nothing'",
        "source = '::1'",
        "request_id = 'other'",
        "result = 'failed'",
        "code = 'INTERNAL'",
    ] {
        let name = column.split(' ').next().unwrap();
        cloud
            .sql(&format!("create table kept as select {name} as was from audit where seq = 6"))
            .await;
        cloud.sql(&format!("update audit set {column} where seq = 6")).await;
        assert_eq!(altered(&cloud.verdict(1, None).await), [6], "{column}");
        cloud.sql(&format!("update audit set {name} = (select was from kept) where seq = 6")).await;
        cloud.sql("drop table kept").await;
        assert!(cloud.verdict(1, None).await.is_whole(), "{column}");
    }

    // Moved: two rows have changed places.
    cloud.sql("update audit set seq = -1 where seq = 4").await;
    cloud.sql("update audit set seq = 4 where seq = 5").await;
    cloud.sql("update audit set seq = 5 where seq = -1").await;
    let moved = altered(&cloud.verdict(1, None).await);
    assert!(moved.contains(&4) && moved.contains(&5), "{moved:?}");
    cloud.sql("update audit set seq = -1 where seq = 4").await;
    cloud.sql("update audit set seq = 4 where seq = 5").await;
    cloud.sql("update audit set seq = 5 where seq = -1").await;
    assert!(cloud.verdict(1, None).await.is_whole());

    // Removed from the middle, and set back to be sealed anew.
    cloud.sql("create table kept as select * from audit where seq in (7, 8)").await;
    cloud.sql("delete from audit where seq in (7, 8)").await;
    let removed = cloud.verdict(1, None).await;
    assert_eq!(removed.findings, [Finding::Missing { first: 7, last: 8 }]);
    cloud.sql("insert into audit select * from kept").await;
    cloud.sql("drop table kept").await;
    assert!(cloud.verdict(1, None).await.is_whole());

    // Inserted: at a place that is taken, and after the head.
    cloud.sql("drop index audit_by_seq").await;
    let forged = |seq: i64| {
        format!(
            "insert into audit (id, at, verb, region_id, user_id, project_id, account_id, target, \
             detail, source, request_id, result, seq, mac) select 'zz', at, verb, region_id, \
             user_id, project_id, account_id, target, detail, source, request_id, result, {seq}, \
             mac from audit where seq = 6"
        )
    };
    cloud.sql(&forged(6)).await;
    let doubled = cloud.verdict(1, None).await;
    assert!(
        doubled.findings.iter().any(|f| matches!(f, Finding::Doubled { seq: 6, .. })),
        "{doubled:?}"
    );
    cloud.sql("delete from audit where id = 'zz'").await;
    cloud.sql(&forged(last + 1)).await;
    let beyond = cloud.verdict(1, None).await;
    assert!(beyond.findings.contains(&Finding::BeyondHead { head: last, last: last + 1 }));
    let stuck = chain_error(cloud).await;
    assert!(stuck.internal_text().contains("beyond its head"), "{stuck:?}");
    cloud.sql("delete from audit where id = 'zz'").await;
    assert!(cloud.verdict(1, None).await.is_whole());
    cloud.sql("delete from audit where request_id = 'probe'").await;

    // Cut off: by the head in the database, and by the one of the log where that was set back too.
    cloud.sql("create table early as select * from audit_lease where name = 'sealer'").await;
    cloud.queued("alice", "late", ImageKind::SystemDisk).await;
    let late = cloud.seal().await;
    cloud.sql(&format!("delete from audit where seq = {}", late.seq)).await;
    let cut = cloud.verdict(1, None).await;
    let known_from = "the database";
    assert_eq!(cut.findings, [Finding::CutOff { last, head: late.seq, known_from }]);
    cloud.sql("update audit_lease set head = (select head from early) where name = 'sealer'").await;
    assert!(cloud.verdict(1, None).await.is_whole(), "the database alone cannot know");
    let cut = cloud.verdict(1, Some(&late)).await;
    let known_from = "the log";
    assert_eq!(cut.findings, [Finding::CutOff { last, head: late.seq, known_from }]);
    // ... and written anew by whoever holds the key: other seals than the log knows.
    cloud.queued("alice", "other", ImageKind::SystemDisk).await;
    let other = cloud.seal().await;
    assert_eq!(other.seq, late.seq);
    let seq = late.seq;
    let known = cloud.verdict(1, Some(&late)).await;
    assert_eq!(known.findings, [Finding::OtherHead { seq, known_from }]);

    // A head of somebody else's making.
    cloud.sql("update audit_lease set head = 'aes256gcm:AAAA' where name = 'sealer'").await;
    assert_eq!(cloud.verdict(1, None).await.findings, [Finding::HeadForged]);
    assert!(Head::parse(&other.to_string()) == Some(other.clone()));
}

/// What a sealer says that cannot go on.
async fn chain_error(cloud: &Cloud) -> Error {
    let mut probe = caller("alice");
    probe.request_id = "probe".to_owned();
    let new = image::NewImage::default();
    image::create(&cloud.app, &probe, new).await.unwrap();
    chain::round(&cloud.app.db, cloud.app.trail.key(), "one").await.unwrap_err()
}

async fn t_049_two_sealers_never_fork_the_chain(cloud: &Cloud) {
    let other = cloud.second().await;
    let app = &cloud.app;
    let write = async {
        for at in 0..60 {
            cloud.queued("alice", &format!("image {at}"), ImageKind::SystemDisk).await;
        }
    };
    let sealer = |db: lendglass_store::Db, owner: &'static str| async move {
        for _ in 0..60 {
            chain::round(&db, app.trail.key(), owner).await.unwrap();
            // As if every lease were over at once: only the locked row keeps them apart.
            db.write(store_chain::end_leases).await.unwrap();
        }
    };
    let two = (sealer(app.db.clone(), "one"), sealer(other.app.db.clone(), "two"));
    tokio::join!(write, two.0, two.1);
    while store_chain::has_unsealed(&app.db).await.unwrap() {
        app.db.write(store_chain::end_leases).await.unwrap();
        chain::round(&app.db, app.trail.key(), "one").await.unwrap();
    }
    let verdict = cloud.verdict(1, None).await;
    assert!(verdict.is_whole(), "{verdict:?}");
    let rows = cloud.count("select cast(count(*) as bigint) from audit").await;
    assert_eq!(verdict.head.seq, rows, "every row has its place");

    // A lease that is not over keeps the other one out.
    cloud.queued("alice", "more", ImageKind::SystemDisk).await;
    app.db.write(store_chain::end_leases).await.unwrap();
    cloud.seal().await;
    cloud.queued("alice", "more", ImageKind::SystemDisk).await;
    let db = &other.app.db;
    assert_eq!(chain::round(db, app.trail.key(), "two").await.unwrap(), None);
    chain::release(&app.db, "one").await.unwrap();
    let taken = chain::round(db, app.trail.key(), "two").await.unwrap();
    assert_eq!(taken.map(|head| head.seq), Some(rows + 2));
}

async fn t_049_a_sealer_may_die_between_any_two_steps(cloud: &Cloud) {
    for at in 0..3 {
        cloud.queued("alice", &format!("image {at}"), ImageKind::SystemDisk).await;
    }
    // It dies before the commit, after each of its steps: nothing of it stays.
    for steps in 1..=3 {
        let died = cloud
            .app
            .db
            .write(move |tx| {
                let lease = store_chain::claim(tx, Duty::Sealer, "dead", 60)?.expect("it is free");
                let rows = store_chain::unsealed(tx, 2)?;
                if steps >= 2 {
                    let link = |(row, seq)| store_chain::Link { seq, mac: "1:no".to_owned(), row };
                    let links: Vec<_> = rows.into_iter().zip(1..).map(link).collect();
                    store_chain::seal(tx, &links)?;
                }
                if steps >= 3 {
                    store_chain::advance(tx, &lease, 2, Some("no"))?;
                }
                Err::<(), _>(Error::new(Code::Unavailable))
            })
            .await;
        assert_eq!(refused(died), Code::Unavailable);
        let sealed = "select cast(count(*) as bigint) from audit where seq is not null";
        assert_eq!(cloud.count(sealed).await, 0);
    }
    // It dies after the commit, with its lease: the next one goes on when that is over.
    let head = chain::round(&cloud.app.db, cloud.app.trail.key(), "dead").await.unwrap().unwrap();
    cloud.queued("alice", "later", ImageKind::SystemDisk).await;
    assert_eq!(chain::round(&cloud.app.db, cloud.app.trail.key(), "next").await.unwrap(), None);
    cloud.sql("update audit_lease set lease_until = 0").await;
    let next = chain::round(&cloud.app.db, cloud.app.trail.key(), "next").await.unwrap().unwrap();
    assert_eq!(next.seq, head.seq + 1);
    assert!(cloud.verdict(1, Some(&head)).await.is_whole());
}

async fn t_049_syslog_gets_all_in_order_at_least_once(cloud: &Cloud) {
    for at in 0..5 {
        cloud.queued("alice", &format!("image {at}"), ImageKind::SystemDisk).await;
    }
    let sealed = cloud.seal().await.seq;
    let db = &cloud.app.db;

    // A receiver that breaks off has not got them: all come again.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::Tcp(listener.local_addr().unwrap().to_string());
    let broken = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        peer.read_exact(&mut [0; 10]).await.unwrap();
        peer.set_zero_linger().unwrap();
    };
    let (sent, ()) = tokio::join!(forward::round(db, &target, "one"), broken);
    assert_eq!(refused(sent), Code::Unavailable);
    let mut text = String::new();
    let whole = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        peer.read_to_string(&mut text).await.unwrap();
        peer.shutdown().await.unwrap();
    };
    let (sent, ()) = tokio::join!(forward::round(db, &target, "one"), whole);
    assert_eq!(i64::try_from(sent.unwrap()).unwrap(), sealed);
    let messages = framed(&text);
    let places: Vec<i64> = messages.iter().map(|message| place_of(message)).collect();
    assert_eq!(places, (1..=sealed).collect::<Vec<_>>());
    let create = messages.iter().find(|message| message.contains("image.create")).unwrap();
    assert!(create.starts_with("<110>1 2026-01-01T00:00:00.000000Z "), "{create}");
    assert!(create.contains(" lendglassd - image.create [lendglass@32473 seq=\""), "{create}");
    assert!(create.contains(" user=\"alice\"") && create.ends_with(']'), "{create}");
    assert_eq!(forward::round(db, &target, "one").await.unwrap(), 0, "once is enough");

    // UDP, and the machine's own socket. A value cannot leave its quotes.
    let mut villain = caller("alice");
    villain.source = "1\"] evil [x y=\"\n".to_owned();
    image::create(&cloud.app, &villain, image::NewImage::default()).await.unwrap();
    cloud.seal().await;
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let target = Target::Udp(udp.local_addr().unwrap().to_string());
    assert_eq!(forward::round(db, &target, "one").await.unwrap(), 1);
    let mut buffer = [0; 4096];
    let count = udp.recv(&mut buffer).await.unwrap();
    let message = String::from_utf8(buffer[..count].to_vec()).unwrap();
    assert!(message.contains("source=\"1\\\"\\] evil [x y=\\\"\u{fffd}\""), "{message}");
    assert_eq!(place_of(&message), sealed + 1);

    let path = cloud.home().folder.path().join("log");
    let socket = UnixDatagram::bind(&path).unwrap();
    cloud.queued("alice", "last", ImageKind::SystemDisk).await;
    cloud.seal().await;
    assert_eq!(
        forward::round(db, &Target::Unix(path), "two").await.unwrap(),
        0,
        "one has the lease"
    );
    cloud.sql("update audit_lease set lease_until = 0 where name = 'syslog'").await;
    let path = cloud.home().folder.path().join("log");
    assert_eq!(forward::round(db, &Target::Unix(path), "two").await.unwrap(), 1);
    let count = socket.recv(&mut buffer).await.unwrap();
    assert_eq!(place_of(std::str::from_utf8(&buffer[..count]).unwrap()), sealed + 2);
}

/// Messages with their lengths before them (RFC 6587).
fn framed(text: &str) -> Vec<String> {
    let (mut rest, mut messages) = (text, Vec::new());
    while let Some((length, after)) = rest.split_once(' ') {
        let (message, later) = after.split_at(length.parse().unwrap());
        messages.push(message.to_owned());
        rest = later;
    }
    assert_eq!(rest, "");
    messages
}

fn place_of(message: &str) -> i64 {
    let (_, after) = message.split_once(" seq=\"").unwrap();
    after.split_once('"').unwrap().0.parse().unwrap()
}

/// Rows are inserted and once sealed; no statement of the program changes or removes one otherwise.
#[test]
fn t_049_the_trail_is_append_only() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut touching = Vec::new();
    for folder in ["store/src", "store/migrations", "server/src"] {
        collect(&crates.join(folder), &mut touching);
    }
    let update = "update audit set seq = $2, mac = $3 where id = $1 and seq is null";
    assert_eq!(touching, [update]);
}

fn collect(folder: &Path, touching: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, touching);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
        for words in [
            "update audit ",
            "delete from audit ",
            "delete from audit\"",
            "truncate audit",
            "drop table audit",
            "replace into audit",
        ] {
            for (at, _) in text.match_indices(words) {
                let rest = &text[at..];
                touching.push(rest[..rest.find('"').unwrap_or(rest.len())].to_owned());
            }
        }
    }
}
