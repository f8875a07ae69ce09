//! The rules of the installation, changed while it runs (PF-01, PF-03, PF-05), and what the operator
//! does with public images (T-005).

use lendglass_core::profile::Profile;
use lendglass_core::{Code, policy};
use serde_json::{Value, json};

use crate::cloud::{Cloud, offer};
use crate::support::{A, Answer, B, C};

stories! {
    huawei "huawei":
        pf_03_a_profile_changes_on_a_living_installation,
        pf_03_a_preview_counts_what_exceeds;
    ctyun "ctyun":
        pf_05_the_operator_overrides_one_project;
    lendglass "lendglass":
        pf_01_every_key_says_what_it_is_and_where_it_comes_from,
        pf_02_a_bad_change_changes_nothing,
        a_change_of_the_rules_is_in_the_trail,
        only_the_operator_changes_the_rules;
}

impl Cloud {
    async fn policies(&self, method: &str, path: &str, body: Value) -> Answer {
        self.request("operator", method, &format!("/api/v1/policies{path}"), body).await
    }

    /// One key of the operator's table.
    async fn rule(&self, scope: &str, key: &str) -> Value {
        let path = format!("/api/v1/policies?{scope}");
        let rules = self.request("operator", "GET", &path, ()).await.expect(200).json();
        let rules = rules["rules"].as_array().unwrap().clone();
        rules.into_iter().find(|rule| rule["key"] == key).unwrap()
    }
}

/// The code of a refusal in the native form.
fn code(answer: &Answer) -> String {
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}

async fn pf_03_a_profile_changes_on_a_living_installation(cloud: &Cloud) {
    let projects = cloud.projects(200).await;
    let sys1 = cloud.image("alice", "sys1").await;
    let all: Vec<&str> = projects.iter().map(String::as_str).collect();
    assert!(cloud.invite("alice", offer(&[&sys1], &all)).await.unwrap().is_done);

    let dry = json!({"profile": "ctyun", "dry_run": true});
    let dry = cloud.policies("PUT", "/profile", dry).await.expect(200).json();
    assert_eq!(dry["done"], false);
    let over = |report: &Value, key: &str| {
        let effects = report["effects"].as_array().unwrap().clone();
        effects.into_iter().find(|effect| effect["key"] == key).unwrap()["count"].clone()
    };
    assert_eq!(over(&dry, "share.max_tenants.system"), 1, "{dry}");
    assert_eq!(over(&dry, "share.max_shared_images"), 0);
    assert_eq!(cloud.policy("alice", "share.max_tenants.system").await, "256");

    let done = cloud.policies("PUT", "/profile", json!({"profile": "ctyun"})).await.expect(200);
    let done = done.json();
    assert_eq!((&done["done"], &done["changed"]), (&json!(true), &dry["changed"]));
    assert_eq!(cloud.members("alice", &sys1).await.len(), 200);
    assert_eq!(cloud.share("alice", &sys1, B).await, "SHARE_TENANT_QUOTA");
    for (key, value) in Profile::Ctyun.policy().entries() {
        assert_eq!(cloud.policy("alice", key).await, value, "{key}");
    }
    // Another node reads it as well, whatever profile it was started with.
    let other = Cloud::of(cloud.second().await);
    assert_eq!(other.policy("alice", "share.max_tenants.system").await, "128");
}

async fn pf_03_a_preview_counts_what_exceeds(cloud: &Cloud) {
    let (one, two) = (cloud.image("alice", "one").await, cloud.image("carol", "two").await);
    cloud.invite("alice", offer(&[&one], &[B, C])).await.unwrap();
    cloud.invite("carol", offer(&[&two], &[B, A])).await.unwrap();
    cloud.accept("bob", &one).await;
    let ask = |scope: Value, set: Value| {
        let mut body = json!({"set": set, "dry_run": true});
        body.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
        async move { cloud.policies("PATCH", "", body).await.expect(200).json()["effects"].clone() }
    };
    let everywhere = json!({"scope": "installation"});
    let of_alice = json!({"scope": "project", "id": A});
    let effect = |key: &str, ceiling: u32, count: u32, of: &str| json!([{"key": key, "ceiling": ceiling, "count": count, "is_more": false, "of": of}]);
    let key = "share.max_tenants.system";
    // Under huawei only accepted shares take a slot.
    let zero = ask(everywhere.clone(), json!({key: 0})).await;
    assert_eq!(zero, effect(key, 0, 1, "images"));
    let quota = "private_image.quota";
    assert_eq!(ask(everywhere.clone(), json!({quota: 0})).await, effect(quota, 0, 2, "projects"));
    assert_eq!(ask(of_alice.clone(), json!({quota: 0})).await, effect(quota, 0, 1, "projects"));
    assert_eq!(ask(everywhere.clone(), json!({quota: 51})).await, json!([]), "that raises it");
    let open = "share.max_open_invitations";
    assert_eq!(ask(everywhere.clone(), json!({open: 1})).await, effect(open, 1, 1, "images"));
    let out = "share.max_shared_images";
    assert_eq!(ask(everywhere.clone(), json!({out: 0})).await, effect(out, 0, 2, "projects"));
    for (key, value) in [("tags.max", 0), ("image.properties_max", 0)] {
        assert_eq!(ask(everywhere.clone(), json!({key: value})).await, effect(key, 0, 0, "images"));
    }
    let name = "image.name_max";
    assert_eq!(ask(everywhere.clone(), json!({name: 2})).await, effect(name, 2, 2, "images"));
    let region = json!({"scope": "region", "id": "r2"});
    assert_eq!(ask(region, json!({name: 2})).await, effect(name, 2, 0, "images"));
    // What has a rule of its own is not touched by one further off.
    let own = json!({"scope": "project", "id": A, "value": 10});
    cloud.policies("PUT", &format!("/{quota}"), own).await.expect(200);
    assert_eq!(ask(everywhere.clone(), json!({quota: 0})).await, effect(quota, 0, 1, "projects"));
    assert_eq!(cloud.policy("carol", quota).await, "50", "a preview changes nothing");
    // The counting rule alone puts images above the ceiling.
    cloud.policies("PUT", &format!("/{key}"), json!({"value": 1})).await.expect(200);
    let counted = ask(everywhere, json!({"share.pending_counts": true})).await;
    assert_eq!(counted[0], effect(key, 1, 2, "images")[0]);
}

async fn pf_05_the_operator_overrides_one_project(cloud: &Cloud) {
    let body = json!({"scope": "project", "id": A, "value": 300});
    let path = "/share.max_tenants.system";
    cloud.policies("PUT", path, body).await.expect(200);
    let projects = cloud.projects(301).await;
    let all: Vec<&str> = projects.iter().map(String::as_str).collect();
    let (alices, carols) = (cloud.image("alice", "a").await, cloud.image("carol", "c").await);
    for some in all[..300].chunks(128) {
        assert!(cloud.invite("alice", offer(&[&alices], some)).await.unwrap().is_done);
    }
    assert_eq!(cloud.share("alice", &alices, all[300]).await, "SHARE_TENANT_QUOTA");
    assert!(cloud.invite("carol", offer(&[&carols], &all[..128])).await.unwrap().is_done);
    assert_eq!(cloud.share("carol", &carols, all[128]).await, "SHARE_TENANT_QUOTA");

    let back = format!("{path}?scope=project&id={A}");
    let back = cloud.request("operator", "DELETE", &format!("/api/v1/policies{back}"), ()).await;
    assert_eq!(back.expect(200).json()["changed"][0]["after"], 128);
    assert_eq!(cloud.members("alice", &alices).await.len(), 300, "what was given stays");
    cloud.unshare("alice", &alices, all[0]).await;
    assert_eq!(cloud.share("alice", &alices, all[300]).await, "SHARE_TENANT_QUOTA");
}

async fn pf_01_every_key_says_what_it_is_and_where_it_comes_from(cloud: &Cloud) {
    let all = cloud.request("operator", "GET", "/api/v1/policies", ()).await.expect(200).json();
    assert_eq!(all["profile"], "lendglass");
    let rules = all["rules"].as_array().unwrap();
    assert_eq!(rules.len(), policy::KEYS.len());
    for rule in rules {
        assert_eq!((&rule["origin"], &rule["value"]), (&json!("profile"), &rule["default"]));
        let is_word = rule["type"] == "word";
        assert_eq!(rule["words"].is_array(), is_word, "{rule}");
        assert!(!is_word || rule["words"].as_array().unwrap().contains(&rule["value"]));
    }
    let key = "share.max_tenants.data";
    let path = format!("/{key}");
    let put = |body: Value| cloud.policies("PUT", &path, body);
    put(json!({"value": 7})).await.expect(200);
    put(json!({"scope": "region", "id": "r1", "value": null})).await.expect(200);
    let here = cloud.rule("scope=installation", key).await;
    assert_eq!((&here["value"], &here["origin"]), (&json!(7), &json!("installation")));
    assert_eq!((&here["default"], &here["inherited"]), (&json!(256), &json!(256)));
    assert_eq!((&here["set_by"], &here["type"]), (&json!("operator"), &json!("number")));
    assert_eq!((&here["is_nullable"], &here["is_locked"]), (&json!(true), &json!(false)));
    assert!(here["set_at"].as_str().unwrap().starts_with("2026-"));
    let project = cloud.rule(&format!("scope=project&id={A}"), key).await;
    assert_eq!((&project["value"], &project["origin"]), (&Value::Null, &json!("region")));
    put(json!({"scope": "project", "id": A, "value": 9})).await.expect(200);
    let project = cloud.rule(&format!("scope=project&id={A}"), key).await;
    assert_eq!((&project["value"], &project["inherited"]), (&json!(9), &Value::Null));
    let elsewhere = cloud.rule("scope=region&id=r2", key).await;
    assert_eq!((&elsewhere["value"], &elsewhere["origin"]), (&json!(7), &json!("installation")));
    assert_eq!(cloud.policy("alice", key).await, "9");
    assert_eq!(cloud.policy("bob", key).await, "none");
    assert_eq!(cloud.policy("dave", key).await, "7");
    let locked = cloud.rule("", "recipient.may_reshare").await;
    assert_eq!(locked["is_locked"], true);
}

async fn pf_02_a_bad_change_changes_nothing(cloud: &Cloud) {
    let good = ("share.max_ids_per_request", json!(3));
    for (bad, expected) in [
        (json!({"recipient.may_reshare": true}), Code::PolicyLocked),
        (json!({"share.max_tenants.system": -1}), Code::InvalidValue),
        (json!({"share.max_tenants.system": 1.5}), Code::InvalidValue),
        (json!({"share.max_tenants.system": [7]}), Code::InvalidValue),
        (json!({"share.max_tenants.system": "many"}), Code::InvalidValue),
        (json!({"image.name_max": null}), Code::InvalidValue),
        (json!({"share.acceptance": "maybe"}), Code::InvalidValue),
        (json!({"share.colour": "blue"}), Code::UnknownField),
    ] {
        let mut set = bad.as_object().unwrap().clone();
        set.insert(good.0.to_owned(), good.1.clone());
        let answer = cloud.policies("PATCH", "", json!({"set": set})).await;
        assert_eq!(code(&answer), expected.as_str(), "{bad}");
        assert_eq!(cloud.policy("alice", good.0).await, "256", "{bad}");
    }
    let both = json!({"set": {good.0: 3}, "unset": [good.0]});
    assert_eq!(code(&cloud.policies("PATCH", "", both).await), "INVALID_VALUE");
    for (scope, expected) in [
        (json!({"scope": "region", "id": "r9"}), "REGION_NOT_FOUND"),
        (json!({"scope": "project", "id": "nobody"}), "PROJECT_NOT_FOUND"),
        (json!({"scope": "project"}), "MISSING_FIELD"),
        (json!({"scope": "planet", "id": "x"}), "INVALID_VALUE"),
    ] {
        let mut body = json!({"set": {good.0: 3}});
        body.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
        assert_eq!(code(&cloud.policies("PATCH", "", body).await), expected);
    }
    let answer = cloud.policies("PUT", "/profile", json!({"profile": "azure"})).await;
    assert_eq!(code(&answer), "INVALID_VALUE");
    let set = json!({"set": {good.0: 3, "share.acceptance": "automatic"}});
    let done = cloud.policies("PATCH", "", set).await.expect(200).json();
    assert_eq!(done["changed"].as_array().unwrap().len(), 2);
    assert_eq!(cloud.policy("alice", good.0).await, "3");
    let unset = json!({"unset": [good.0, "share.acceptance", "tags.max"]});
    let done = cloud.policies("PATCH", "", unset).await.expect(200).json();
    assert_eq!(done["changed"].as_array().unwrap().len(), 2, "one was not set");
    assert_eq!(cloud.policy("alice", good.0).await, "256");
}

async fn a_change_of_the_rules_is_in_the_trail(cloud: &Cloud) {
    let told = |detail: &'static str| async move {
        let text = format!(
            "select cast(count(*) as bigint) from audit where verb = 'policy.change' \
             and user_id = 'operator' and detail = '{detail}'"
        );
        cloud.count(&text).await
    };
    let body = json!({"scope": "project", "id": A, "value": 7});
    cloud.policies("PUT", "/tags.max", body.clone()).await.expect(200);
    let detail = "scope=project:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa before=128 after=7";
    assert_eq!(told(detail).await, 1);
    cloud.policies("PUT", "/tags.max", body).await.expect(200);
    assert_eq!(told(detail).await, 1, "nothing changed, nothing is told");
    let dry = json!({"value": 9, "dry_run": true});
    cloud.policies("PUT", "/tags.max", dry).await.expect(200);
    cloud.policies("PUT", "/profile", json!({"profile": "glance"})).await.expect(200);
    assert_eq!(told("lendglass -> glance").await, 1);
    let all = "select cast(count(*) as bigint) from audit where verb = 'policy.change'";
    assert_eq!(cloud.count(all).await, 2);
}

async fn only_the_operator_changes_the_rules(cloud: &Cloud) {
    for person in ["alice", "bob", "rita"] {
        for (method, path, body) in [
            ("GET", "", None),
            ("PATCH", "", Some(json!({"set": {"tags.max": 7}}))),
            ("PUT", "/tags.max", Some(json!({"value": 7}))),
            ("PUT", "/profile", Some(json!({"profile": "glance"}))),
            ("DELETE", "/tags.max", None),
        ] {
            let path = format!("/api/v1/policies{path}");
            let answer = match body {
                None => cloud.request(person, method, &path, ()).await,
                Some(body) => cloud.request(person, method, &path, body).await,
            };
            assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (403, "OPERATOR_ONLY"));
        }
    }
    assert_eq!(cloud.policy("alice", "tags.max").await, "128");
}
