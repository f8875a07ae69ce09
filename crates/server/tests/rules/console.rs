//! What the console asks that no client of a cloud does: public images in the operator's order and by
//! system (T-005), what the installation has (T-002), whether pages help (UI-07), and what exactly an
//! event changed (T-049).

use lendglass_core::image::Visibility;
use lendglass_core::limits::{FEEDBACK_CHARS, FEEDBACK_OF_USER};
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::support::A;

stories! {
    lendglass "lendglass":
        t_005_public_images_are_ordered_by_the_operator_and_grouped_by_system,
        t_002_drivers_formats_and_limits_are_those_of_the_server,
        ui_07_feedback_is_kept_for_the_operator,
        t_049_an_event_tells_what_a_field_was_and_is;
}

impl Cloud {
    async fn get(&self, person: &str, path: &str) -> Value {
        self.request(person, "GET", path, ()).await.expect(200).json()
    }
}

async fn names(cloud: &Cloud, person: &str, query: &str) -> Vec<String> {
    let page = cloud.get(person, &format!("/api/v1/images?view=public&{query}")).await;
    let images = page["images"].as_array().unwrap();
    images.iter().map(|image| image["name"].as_str().unwrap().to_owned()).collect()
}

async fn t_005_public_images_are_ordered_by_the_operator_and_grouped_by_system(cloud: &Cloud) {
    let mut ids = Vec::new();
    let wanted = [("a", "ubuntu", 0), ("b", "debian", 20), ("c", "ubuntu", 3), ("d", "", 0)];
    for (name, system, rank) in wanted {
        let id = cloud.image("alice", name).await;
        cloud.change(&id, |image| image.visibility = Visibility::Public).await;
        let path = format!("/api/v1/images/{id}");
        let mut body = json!({"rank": rank});
        if !system.is_empty() {
            body["properties"] = json!({"os_distro": system});
        }
        let changed = cloud.request("operator", "PATCH", &path, body).await.expect(200).json();
        assert_eq!(changed["rank"], rank);
        ids.push(id);
    }
    let own = format!("/api/v1/images/{}", ids[0]);
    let refused = cloud.request("alice", "PATCH", &own, json!({"rank": 1})).await.expect(403);
    assert_eq!(refused.json()["code"], "OPERATOR_ONLY");
    cloud.request("alice", "PATCH", &own, json!({"rank": 0})).await.expect(200);

    // What has a place comes first; the rest by name. The same over pages.
    let order = "sort=rank:asc,name:asc";
    assert_eq!(names(cloud, "carol", order).await, ["c", "b", "a", "d"]);
    assert_eq!(names(cloud, "carol", "sort=rank:desc,name:desc").await, ["d", "a", "b", "c"]);
    assert_eq!(names(cloud, "carol", "sort=os:asc,name:asc").await, ["d", "b", "a", "c"]);
    for order in [order, "sort=os:desc,name:asc"] {
        let (mut walked, mut marker) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/images?view=public&{order}&limit=1{marker}");
            let page = cloud.get("carol", &path).await;
            for image in page["images"].as_array().unwrap() {
                walked.push(image["name"].as_str().unwrap().to_owned());
            }
            let Some(next) = page["next"].as_str() else { break };
            marker = format!("&marker={next}");
        }
        assert_eq!(walked, names(cloud, "carol", order).await, "{order}");
    }

    let systems = async |query: &str| {
        let path = format!("/api/v1/images/systems?view=public{query}");
        cloud.get("carol", &path).await["systems"].clone()
    };
    let group = |system: Value, images: u32| json!({"system": system, "images": images});
    let all = systems("").await;
    assert_eq!(all[0], group(json!("ubuntu"), 2));
    let rest: Vec<&Value> = all.as_array().unwrap()[1..].iter().collect();
    assert_eq!(rest.len(), 2, "{all}");
    assert!(rest.contains(&&group(json!("debian"), 1)), "{all}");
    assert!(rest.contains(&&group(Value::Null, 1)), "{all}");
    assert_eq!(systems("&name=b").await, json!([group(json!("debian"), 1)]));
    cloud.request("carol", "GET", "/api/v1/images/systems?colour=red", ()).await.expect(400);
    assert_eq!(cloud.get("carol", "/api/v1/images/systems?view=owned").await["systems"], json!([]));
}

async fn t_002_drivers_formats_and_limits_are_those_of_the_server(cloud: &Cloud) {
    let told = cloud.get("rob", "/api/v1/capabilities").await;
    let settings = &cloud.app.settings;
    let database = match cloud.app.db.engine() {
        lendglass_store::db::Engine::Sqlite => "sqlite",
        lendglass_store::db::Engine::Postgres => "postgresql",
    };
    assert_eq!(told["drivers"]["database"], database);
    assert_eq!(told["drivers"]["stores"], json!({"r1": "folder", "r2": "folder"}));
    assert_eq!(told["drivers"]["compute"], Value::Null);
    assert_eq!(told["limits"]["image_bytes"], settings.image_size_max_bytes);
    assert_eq!(told["limits"]["list_page"], settings.list_limit_max);
    assert_eq!(told["digests"], json!(["md5", "sha512"]));
    // Each format it tells of is one it takes a record of, and no other is.
    for format in told["disk_formats"].as_array().unwrap() {
        let body = json!({"name": "x", "disk_format": format});
        cloud.request("alice", "POST", "/api/v1/images", body).await.expect(201);
    }
    let body = json!({"name": "x", "disk_format": "floppy"});
    cloud.request("alice", "POST", "/api/v1/images", body).await.expect(400);
    cloud.request("nobody", "GET", "/api/v1/capabilities", ()).await.expect(401);
}

async fn ui_07_feedback_is_kept_for_the_operator(cloud: &Cloud) {
    let say =
        async |who: &str, body: Value| cloud.request(who, "POST", "/api/v1/feedback", body).await;
    let page = |page: &str, helpful: bool, text: Value| json!({"page": page, "helpful": helpful, "text": text});
    say("rob", page("images/private", false, json!("=1+1 <b>"))).await.expect(204);
    cloud.step(1).await;
    say("alice", page("images/private", true, Value::Null)).await.expect(204);
    cloud.step(1).await;
    cloud.forget();
    // The last word counts.
    say("rob", page("images/private", true, json!("  "))).await.expect(204);
    for who in ["alice", "rob"] {
        let refused = cloud.request(who, "GET", "/api/v1/feedback", ()).await.expect(403);
        assert_eq!(refused.json()["code"], "OPERATOR_ONLY");
    }
    let first = cloud.get("operator", "/api/v1/feedback?limit=1").await;
    let one = &first["feedback"][0];
    assert_eq!(
        (&one["user"], &one["helpful"], &one["text"]),
        (&json!("rob"), &json!(true), &Value::Null)
    );
    let next = first["next"].as_str().unwrap();
    let rest = cloud.get("operator", &format!("/api/v1/feedback?marker={next}")).await;
    let rest_of = rest["feedback"].as_array().unwrap();
    assert_eq!(rest_of.len(), 1);
    assert_eq!((&rest_of[0]["user"], &rest_of[0]["project"]), (&json!("alice"), &json!(A)));
    assert_eq!(rest["next"], Value::Null);

    let long = "x".repeat(FEEDBACK_CHARS + 1);
    for bad in [
        page("", true, Value::Null),
        page("a page", true, Value::Null),
        page(&"x".repeat(65), true, Value::Null),
        page("x", true, json!(long)),
        json!({"page": "x"}),
    ] {
        say("alice", bad).await.expect(400);
    }
    for n in 1..FEEDBACK_OF_USER {
        say("alice", page(&format!("p{n}"), true, Value::Null)).await.expect(204);
    }
    say("alice", page("too-many", true, Value::Null)).await.expect(400);
    say("alice", page("p1", false, Value::Null)).await.expect(204);
}

async fn t_049_an_event_tells_what_a_field_was_and_is(cloud: &Cloud) {
    let id = cloud.image("alice", "old name, 100 %").await;
    let path = format!("/api/v1/images/{id}");
    let body = json!({
        "name": "neuer Name = 新", "protected": true, "tags": ["a", "b"], "properties": {"x y": "1"}
    });
    cloud.request("alice", "PATCH", &path, body).await.expect(200);
    let query = format!("/api/v1/audit?verb=image.update&target={id}");
    let event = cloud.get("rita", &query).await["events"][0].clone();
    let change = |field: &str, before: Value, after: Value| json!({"field": field, "before": before, "after": after});
    let expected = json!([
        change("name", json!("old name, 100 %"), json!("neuer Name = 新")),
        change("properties.x y", Value::Null, json!("1")),
        change("protected", json!("false"), json!("true")),
        change("tags", json!(""), json!("a, b")),
    ]);
    assert_eq!(event["changes"], expected, "{event}");

    // What the operator does shows to the owner, what he changed does not: values are their maker's.
    cloud.request("operator", "PATCH", &path, json!({"hidden": true})).await.expect(200);
    let owners = cloud.get("rita", &query).await["events"].clone();
    let by_operator = owners.as_array().unwrap().iter().find(|event| event["is_own"] == false);
    assert_eq!(by_operator.unwrap().get("changes"), None, "{owners}");
    let own = cloud.get("operator", &format!("{query}&all=true")).await["events"].clone();
    let hidden = change("hidden", json!("false"), json!("true"));
    assert!(
        own.as_array().unwrap().iter().any(|event| event["changes"] == json!([hidden])),
        "{own}"
    );

    cloud
        .request("operator", "PUT", "/api/v1/policies/tags.max", json!({"value": 5}))
        .await
        .expect(200);
    let policy =
        cloud.get("operator", "/api/v1/audit?verb=policy.change").await["events"][0].clone();
    assert_eq!(
        policy["changes"],
        json!([change("tags.max", json!("128"), json!("5"))]),
        "{policy}"
    );
}
