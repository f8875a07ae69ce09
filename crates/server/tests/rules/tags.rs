//! Tags: found by, predefined, enforced (T-048, RC-23); the list of what is shared (SH-26).

use lendglass_core::Code;
use lendglass_core::tag::TagScope;
use lendglass_server::service::tag;
use serde_json::{Value, json};

use crate::cloud::{Cloud, caller, refused};
use crate::support::B;

stories! {
    lendglass "lendglass":
        t_048_two_tags_must_both_match,
        rc_23_received_images_are_found_by_their_owners_tags,
        t_048_predefined_tags_are_offered_and_enforced,
        t_048_only_admins_and_the_operator_predefine,
        sh_26_the_list_tells_shared_images_from_others;
}

impl Cloud {
    async fn tagged(&self, name: &str, tags: &[&str]) -> String {
        let id = self.image("alice", name).await.to_string();
        let path = format!("/api/v1/images/{id}");
        self.request("alice", "PATCH", &path, json!({"tags": tags})).await.expect(200);
        id
    }

    /// The names of a list, in order of name.
    async fn names(&self, person: &str, query: &str) -> Vec<String> {
        let path = format!("/api/v1/images?sort=name&{query}");
        let page = self.request(person, "GET", &path, ()).await.expect(200).json();
        let names = page["images"].as_array().unwrap().iter();
        names.map(|image| image["name"].as_str().unwrap().to_owned()).collect()
    }
}

async fn t_048_two_tags_must_both_match(cloud: &Cloud) {
    cloud.tagged("both", &["env=prod", "team=red"]).await;
    cloud.tagged("one", &["env=prod", "team=blue", "plain"]).await;
    cloud.tagged("other", &["environment=prod"]).await;
    let list = async |query: &str| cloud.names("alice", query).await;
    assert_eq!(list("tag=env=prod").await, ["both", "one"]);
    assert_eq!(list("tag=env=prod&tag=team=red").await, ["both"]);
    assert_eq!(list("tag=env%3Dprod&tag=plain").await, ["one"]);
    assert_eq!(list("tag=env").await, [""; 0], "a key alone is another tag");
    assert_eq!(list("tag_key=env").await, ["both", "one"]);
    assert_eq!(list("tag_key=plain&tag_key=team").await, ["one"]);
}

async fn rc_23_received_images_are_found_by_their_owners_tags(cloud: &Cloud) {
    for (name, tags) in [("a", ["Enterprise=A"]), ("b", ["Enterprise=B"])] {
        let id = lendglass_core::ImageId::trusted(cloud.tagged(name, &tags).await);
        cloud.share("alice", &id, B).await;
        let pending = format!("view=received&state=pending&tag={}", tags[0]);
        assert_eq!(cloud.names("bob", &pending).await, [name]);
        cloud.accept("bob", &id).await;
        let path = format!("/api/v1/images/{id}");
        let change = cloud.request("bob", "PATCH", &path, json!({"tags": []})).await.expect(403);
        assert_eq!(change.json()["code"], "SHARED_IMAGE_READONLY");
    }
    assert_eq!(cloud.names("bob", "view=received&tag=Enterprise=A").await, ["a"]);
    assert_eq!(cloud.names("bob", "tag=Enterprise=B").await, ["b"]);
    assert_eq!(cloud.names("bob", "view=received&tag_key=Enterprise").await, ["a", "b"]);
}

async fn t_048_predefined_tags_are_offered_and_enforced(cloud: &Cloud) {
    let sys1 = cloud.tagged("sys1", &["old"]).await;
    let put = async |person: &str, key: &str, body: Value| {
        let path = format!("/api/v1/tags/predefined/{key}");
        cloud.request(person, "PUT", &path, body).await
    };
    put("operator", "cost", json!({"scope": "installation"})).await.expect(200);
    let env = json!({"values": ["prod", "dev"]});
    assert_eq!(put("alice", "env", env).await.expect(200).json()["scope"], "project");
    let listed = async |person: &str| {
        let all = cloud.request(person, "GET", "/api/v1/tags/predefined", ()).await.expect(200);
        let all = all.json()["tags"].as_array().unwrap().clone();
        all.iter().map(|tag| tag["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (listed("rita").await, listed("bob").await),
        (vec!["cost".into(), "env".into()], vec!["cost".to_owned()])
    );

    let tags = async |tags: Value| {
        let path = format!("/api/v1/images/{sys1}");
        cloud.request("alice", "PATCH", &path, json!({"tags": tags})).await
    };
    tags(json!(["old", "anything=goes"])).await.expect(200);
    tags(json!(["old"])).await.expect(200);
    let env = json!({"values": ["prod", "dev"], "enforced": true});
    put("alice", "env", env).await.expect(200);
    tags(json!(["old", "env=prod", "cost=7"])).await.expect(200);
    for (bad, known) in [("env=moon", "env=prod, env=dev"), ("new", "cost, env")] {
        let refused = tags(json!(["old", bad])).await.expect(400).json();
        assert_eq!(
            (&refused["code"], &refused["detail"]["known"]),
            (&json!("TAG_NOT_PREDEFINED"), &json!(known))
        );
    }
    let new = json!({"name": "x", "tags": ["new"]});
    let refused = cloud.request("alice", "POST", "/api/v1/images", new.clone()).await.expect(400);
    assert_eq!(refused.json()["code"], "TAG_NOT_PREDEFINED");
    let path = format!("/v2/images/{sys1}/tags/new");
    cloud.request("alice", "PUT", &path, ()).await.expect(400);
    cloud.request("bob", "POST", "/api/v1/images", new.clone()).await.expect(201);

    let path = "/api/v1/tags/predefined/env";
    cloud.request("alice", "DELETE", path, ()).await.expect(204);
    assert_eq!(
        cloud.request("alice", "DELETE", path, ()).await.expect(404).json()["code"],
        "TAG_NOT_FOUND"
    );
    cloud.request("alice", "POST", "/api/v1/images", new).await.expect(201);
    let told = "select cast(count(*) as bigint) from audit where verb = 'tags.change'";
    assert_eq!(cloud.count(told).await, 4);
}

async fn t_048_only_admins_and_the_operator_predefine(cloud: &Cloud) {
    let set = async |person: &str, scope: TagScope, key: &str| {
        tag::set(&cloud.app, &caller(person), scope, key, Vec::new(), true).await
    };
    assert_eq!(refused(set("bob", TagScope::Project, "k").await), Code::RoleTooWeak);
    assert_eq!(refused(set("alice", TagScope::Installation, "k").await), Code::OperatorOnly);
    assert_eq!(refused(set("alice", TagScope::Project, "k=v").await), Code::InvalidValue);
    for n in 0..100 {
        set("alice", TagScope::Project, &format!("key {n}")).await.unwrap();
    }
    assert_eq!(refused(set("alice", TagScope::Project, "more").await), Code::PredefinedTagQuota);
    set("alice", TagScope::Project, "key 7").await.unwrap();
    let gone = tag::remove(&cloud.app, &caller("alice"), TagScope::Installation, "key 7").await;
    assert_eq!(refused(gone), Code::OperatorOnly);
}

async fn sh_26_the_list_tells_shared_images_from_others(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.image("alice", "sys2").await;
    cloud.share("alice", &sys1, B).await;
    assert_eq!(cloud.names("alice", "shared=true").await, ["sys1"]);
    assert_eq!(cloud.names("alice", "shared=false").await, ["sys2"]);
    cloud.unshare("alice", &sys1, B).await;
    assert_eq!(cloud.names("alice", "shared=true").await, [""; 0]);
}
