//! The audit trail: one event for each deed, durable before the first byte of a read, seen by both
//! sides (T-049, XC-01).

use std::collections::{BTreeMap, BTreeSet};

use lendglass_core::image::ImageKind;
use lendglass_core::share::ShareEvent;
use lendglass_core::{Code, ImageId};
use lendglass_server::service::audit::reads;
use lendglass_server::service::download::{self, Bytes};
use lendglass_server::service::image::{self, Edit};
use lendglass_server::service::replicate::replicate;
use lendglass_server::service::upload;
use lendglass_store::{Statement, upload as store_upload};
use serde_json::{Value, json};

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
        xc_01_both_sides_see_a_share,
        xc_01_what_was_refused_stands_in_the_trail_of_who_asked;
}

/// (verb, result, counterpart) of an event.
type Told = (String, String, String);

impl Cloud {
    pub async fn sql(&self, text: &str) -> u64 {
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

    // Both sides read that he ended a share.
    let ended = cloud.accepted_image("sys3").await;
    assert_eq!(cloud.unshare("operator", &ended, B).await, "removed");
    for person in ["alice", "bob"] {
        let page = cloud.audit(person, &format!("target={ended}&verb=share.withdraw")).await;
        assert_eq!(verbs(&page), ["share.withdraw"], "{person}");
    }
}

async fn xc_01_what_was_refused_stands_in_the_trail_of_who_asked(cloud: &Cloud) {
    let id = cloud.image("alice", "sys1").await;
    let share = async |who: &str, recipients: Value, dry: bool| {
        let body = json!({"images": [id.as_str()], "recipients": recipients, "dry_run": dry});
        cloud.request(who, "POST", "/api/v1/shares", body).await
    };
    let refusals = async |who: &str| {
        let page = cloud.audit(who, "result=refused").await;
        let events = page["events"].as_array().unwrap().clone();
        let told = events.iter().map(|event| {
            let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
            (text("verb"), text("code"), text("detail"))
        });
        told.collect::<BTreeSet<_>>()
    };
    let event = |verb: &str, code: &str, detail: &str| {
        (verb.to_owned(), code.to_owned(), detail.to_owned())
    };
    share("alice", json!(["nobody", A]), true).await.expect(200);
    assert_eq!(refusals("alice").await, BTreeSet::new(), "a dry run attempts nothing");

    // Nothing of the batch stands, so B hears of nothing.
    share("alice", json!(["nobody", "nothing", A, B]), false).await.expect(400);
    let too_many: Vec<String> = (0..300).map(|n| format!("t{n}")).collect();
    share("alice", json!(too_many), false).await.expect(400);
    let invite = |code: &str, detail: &str| event("share.invite", code, detail);
    let expected = [
        invite("TENANT_NOT_FOUND", "recipients=nobody,nothing"),
        invite("SELF_SHARE", &format!("recipients={A}")),
        invite("TOO_MANY_IDS", ""),
    ];
    assert_eq!(refusals("alice").await, expected.into());
    assert_eq!(verbs(&cloud.audit("bob", "").await), [""; 0]);

    // Passed on by who may not: in his trail alone.
    cloud.share("alice", &id, B).await;
    cloud.accept("bob", &id).await;
    share("bob", json!([C]), false).await.expect(403);
    let reshare = invite("RESHARE_FORBIDDEN", &format!("recipients={C}"));
    assert_eq!(refusals("bob").await, [reshare].into());
    assert_eq!(refusals("alice").await.len(), 3);
    share("carol", json!([B]), false).await.expect(404);
    assert_eq!(refusals("carol").await, BTreeSet::new(), "who sees nothing leaves nothing");
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
