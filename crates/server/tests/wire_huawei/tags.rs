//! Tags with keys and values.

use serde_json::{Value, json};

use crate::support::{self, A, TestServer, on_both_engines};
use crate::{check_img, found, make};

on_both_engines!("huawei":
    tags_are_put_listed_and_taken_away,
    images_are_found_by_their_tags,
);

async fn labels(server: &TestServer, id: &str) -> Value {
    found(server, "alice", &format!("id={id}")).await[0]["tags"].clone()
}

async fn tags_are_put_listed_and_taken_away(server: TestServer) {
    let id = make(&server, "alice", json!({"tags": ["plain"]})).await;
    let base = format!("/v2/{A}/images/{id}/tags");
    let send = async |method: &str, path: &str, body: Value| {
        server.request("alice", method, path, body).await
    };
    let tag = |key: &str, value: &str| json!({"key": key, "value": value});
    send("POST", &base, json!({"tag": tag("env", "test")})).await.expect(204);
    send("POST", &base, json!({"tag": tag("env", "prod")})).await.expect(204);
    assert_eq!(labels(&server, &id).await, json!(["plain", "env=prod"]));
    send("PUT", "/v1/cloudimages/tags", json!({"image_id": id, "tag": "team.a.b"}))
        .await
        .expect(204);
    let put = json!({"image_id": id, "image_tag": tag("plain", "not")});
    send("PUT", "/v1/cloudimages/tags", put).await.expect(204);
    let listed = server.request("alice", "GET", &base, ()).await.expect(200).json();
    let expected = json!([tag("plain", "not"), tag("env", "prod"), tag("team", "a.b")]);
    assert_eq!(listed["tags"], expected);

    let action = format!("{base}/action");
    let create = json!({"action": "create", "tags": [tag("x", "1"), tag("y", "")]});
    send("POST", &action, create).await.expect(204);
    let delete =
        json!({"action": "delete", "tags": [{"key": "x"}, tag("env", "other"), {"key": "no"}]});
    send("POST", &action, delete).await.expect(204);
    assert_eq!(labels(&server, &id).await, json!(["plain=not", "env=prod", "team=a.b", "y"]));
    let twice = json!({"action": "create", "tags": [tag("x", "1"), tag("x", "2")]});
    check_img(send("POST", &action, twice).await, "IMG.0001");
    check_img(send("POST", &base, json!({"tag": tag("a=b", "")})).await, "IMG.0001");

    server.request("alice", "DELETE", &format!("{base}/env"), ()).await.expect(204);
    let gone = server.request("alice", "DELETE", &format!("{base}/env"), ()).await.expect(404);
    assert_eq!(gone.json()["error"]["code"], "IMG.0031");
    let path = format!("/v1/{A}/cloudimages/{id}/tags/delete");
    send("DELETE", &path, json!({"tags": [tag("team", "a.b")]})).await.expect(204);
    assert_eq!(labels(&server, &id).await, json!(["plain=not", "y"]));
    let many: Vec<Value> = (0..9).map(|n| tag(&format!("k{n}"), "v")).collect();
    check_img(send("POST", &action, json!({"action": "create", "tags": many})).await, "IMG.0001");
}

async fn images_are_found_by_their_tags(server: TestServer) {
    let red = make(&server, "alice", json!({"name": "red", "tags": ["c=red", "big"]})).await;
    let blue = make(&server, "alice", json!({"name": "blue", "tags": ["c=blue"]})).await;
    let none = make(&server, "alice", json!({"name": "none"})).await;
    make(&server, "bob", json!({"tags": ["c=red"]})).await;
    let path = format!("/v2/{A}/images/resource_instances/action");
    for (wanted, mut expected) in [
        (json!({"tags": [{"key": "c", "values": ["red", "green"]}]}), vec![&red]),
        (json!({"tags": [{"key": "c", "values": []}]}), vec![&red, &blue]),
        (
            json!({"tags_any": [{"key": "big"}, {"key": "c", "values": ["blue"]}]}),
            vec![&red, &blue],
        ),
        (json!({"not_tags": [{"key": "big"}]}), vec![&blue, &none]),
        (json!({"not_tags_any": [{"key": "c"}]}), vec![&none]),
        (json!({"without_any_tag": true}), vec![&none]),
        (json!({"matches": [{"key": "resource_name", "value": "e"}]}), vec![&red, &blue, &none]),
        (json!({"matches": [{"key": "resource_id", "value": red}]}), vec![&red]),
    ] {
        let mut body = json!({"action": "filter", "limit": "100"});
        body.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
        let view = server.request("alice", "POST", &path, body).await.expect(200).json();
        let list = view["resources"].as_array().unwrap();
        let mut ids: Vec<&str> = list.iter().map(|r| r["resource_id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        expected.sort_unstable();
        assert_eq!(ids, expected, "{wanted}");
        assert_eq!(view["total_count"], expected.len());
    }
    let count = server.request("alice", "POST", &path, json!({"action": "count"})).await;
    assert_eq!(count.expect(200).json(), json!({"total_count": 3}));
    let paged = json!({"action": "filter", "limit": "2", "offset": "2"});
    let paged = server.request("alice", "POST", &path, paged).await.expect(200).json();
    assert_eq!(paged["resources"].as_array().unwrap().len(), 1);

    let all = server.request("alice", "GET", &format!("/v2/{A}/images/tags"), ()).await.expect(200);
    let expected = json!([{"key": "big", "values": [""]}, {"key": "c", "values": ["blue", "red"]}]);
    assert_eq!(all.json()["tags"], expected);
    let path = "/v1/cloudimages/tags?name=red&limit=1&page=2";
    let tags = server.request("alice", "GET", path, ()).await.expect(200).json();
    assert_eq!(tags, json!({"tags": ["c=red"]}));
}
