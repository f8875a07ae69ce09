//! How a request wants to be carried out: tried without effect (AP-07), done once however often it is
//! sent (AP-05). Through the router.

use lendglass_core::ImageId;
use lendglass_core::share::ShareState;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::support::{Answer, B, C};

stories! {
    huawei "huawei":
        ap_05_a_key_has_one_effect_and_one_answer,
        ap_05_a_refused_request_leaves_its_key_free,
        ap_05_a_key_belongs_to_its_user_and_its_request,
        ap_05_racing_twins_make_one_image,
        ap_07_a_dry_run_says_what_would_be_and_changes_nothing,
        ap_07_a_dry_run_of_a_batch_reports_its_pairs;
}

async fn create(cloud: &Cloud, person: &str, key: &str, name: &str) -> Answer {
    let headers = [("idempotency-key", key)];
    cloud.request_with(person, "POST", "/api/v1/images", &headers, json!({"name": name})).await
}

async fn images(cloud: &Cloud) -> i64 {
    cloud.count("select cast(count(*) as bigint) from image").await
}

async fn ap_05_a_key_has_one_effect_and_one_answer(cloud: &Cloud) {
    let first = create(cloud, "alice", "k-1", "sys1").await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = create(cloud, "alice", "k-1", "sys1").await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json(), first.json());
    assert_eq!(images(cloud).await, 1);
    cloud.step(24 * 3600 + 1).await;
    cloud.forget();
    cloud.settle().await;
    create(cloud, "alice", "k-1", "sys1").await.expect(201);
    assert_eq!(images(cloud).await, 2, "a day later the key is new");
}

async fn ap_05_a_refused_request_leaves_its_key_free(cloud: &Cloud) {
    let bad = "no/slash under huawei";
    assert_eq!(
        create(cloud, "alice", "k-1", bad).await.expect(400).json()["code"],
        "INVALID_VALUE"
    );
    create(cloud, "alice", "k-1", "sys1").await.expect(201);
    let long = "k".repeat(256);
    assert_eq!(
        create(cloud, "alice", &long, "x").await.expect(400).json()["code"],
        "INVALID_VALUE"
    );
}

async fn ap_05_a_key_belongs_to_its_user_and_its_request(cloud: &Cloud) {
    create(cloud, "alice", "k-1", "sys1").await.expect(201);
    let other = create(cloud, "alice", "k-1", "sys2").await.expect(409);
    assert_eq!(other.json()["code"], "IDEMPOTENCY_KEY_REUSED");
    create(cloud, "bob", "k-1", "sys1").await.expect(201);
    assert_eq!(images(cloud).await, 2);
}

async fn ap_05_racing_twins_make_one_image(cloud: &Cloud) {
    let twins = (0..8).map(|_| create(cloud, "alice", "k-1", "sys1"));
    let answers = futures_util::future::join_all(twins).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(made >= 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.json()["code"], "IDEMPOTENCY_IN_PROGRESS");
    }
    assert_eq!(images(cloud).await, 1);
}

/// Everything that a change could leave behind.
async fn traces(cloud: &Cloud) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["image", "share", "audit", "job", "notice", "undo", "standing_rule", "upload"] {
        let text = format!("select cast(count(*) as bigint) from {table}");
        counts.push(cloud.count(&text).await);
    }
    counts
        .push(cloud.count("select cast(coalesce(sum(updated_at), 0) as bigint) from image").await);
    counts
}

async fn ap_07_a_dry_run_says_what_would_be_and_changes_nothing(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let iso = ImageId::trusted(cloud.app.ids.uuid());
    let image = format!("/api/v1/images/{sys1}");
    let gone = format!("/api/v1/images/{iso}");
    let rule = format!("/api/v1/rules/{C}");
    let calls: Vec<(&str, &str, String, Value, u16)> = vec![
        ("alice", "POST", "/api/v1/images".into(), json!({"name": "new"}), 200),
        ("alice", "POST", "/api/v1/images".into(), json!({"name": "a/b"}), 400),
        ("alice", "PATCH", image.clone(), json!({"name": "other"}), 200),
        ("bob", "PATCH", image.clone(), json!({"name": "other"}), 403),
        ("carol", "PATCH", image.clone(), json!({"name": "other"}), 404),
        ("alice", "POST", format!("{image}/deactivate"), Value::Null, 200),
        ("bob", "POST", format!("{image}/replicate"), json!({}), 200),
        ("carol", "POST", format!("{image}/replicate"), json!({}), 404),
        ("alice", "DELETE", image.clone(), Value::Null, 200),
        ("alice", "DELETE", gone, Value::Null, 404),
        ("bob", "DELETE", image.clone(), Value::Null, 403),
        ("operator", "PUT", rule, json!({"verdict": "accept"}), 200),
    ];
    let before = traces(cloud).await;
    for (person, method, path, body, status) in calls {
        let dry = format!("{path}?dry_run=true");
        let answer = if body.is_null() {
            cloud.request(person, method, &dry, ()).await
        } else {
            cloud.request(person, method, &dry, body).await
        };
        let answer = answer.expect(status);
        if status == 200 {
            assert_eq!(answer.json()["code"], "DRY_RUN", "{person} {method} {path}");
        }
        assert_eq!(traces(cloud).await, before, "{person} {method} {path}");
    }
}

async fn ap_07_a_dry_run_of_a_batch_reports_its_pairs(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let before = traces(cloud).await;
    let body = json!({"images": [sys1.as_str()], "recipients": [B, "nobody-there"]});
    let answer = cloud.request("alice", "POST", "/api/v1/shares?dry_run=true", body).await;
    let report = answer.expect(200).json();
    assert_eq!(report["done"], false);
    assert_eq!(report["results"][0]["state"], "pending");
    assert_eq!(report["results"][1]["code"], "TENANT_NOT_FOUND");
    assert_eq!(traces(cloud).await, before);
    assert_eq!(cloud.received("bob", ShareState::Pending).await, []);
}
