//! Signed requests in both forms of `SDK-HMAC-SHA256`, and what only they see and say.

use ring::{digest, hmac};
use serde_json::{Value, json};

use crate::support::{self, A, Answer, B, TestServer, on_both_engines};
use crate::{MEMBERS, job, make};

on_both_engines!("huawei":
    both_forms_are_their_users,
    what_is_not_as_it_was_signed_is_refused,
    a_key_finds_its_project_by_the_region,
    the_project_of_a_header_is_the_callers,
    signed_clients_know_the_computed_attributes_of_glances_images,
);

/// A key with its secret, and the form it signs in.
struct Signer {
    id: String,
    secret: String,
    /// OTC's form, with a scope.
    has_scope: bool,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

impl Signer {
    async fn of(server: &TestServer, person: &str, has_scope: bool) -> Signer {
        let made = server.request(person, "POST", "/api/v1/access-keys", json!({})).await;
        let made = made.expect(201).json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Signer { id: text("id"), secret: text("secret"), has_scope }
    }

    /// The headers of a request without a query that must be sorted.
    fn sign(&self, server: &TestServer, (method, path): (&str, &str), body: &[u8]) -> [String; 2] {
        let at = server.app.clock.now().seconds();
        let at = time::OffsetDateTime::from_unix_timestamp(at).unwrap();
        let format =
            time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
        let date = at.format(&format).unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let canonical = format!(
            "{method}\n{path}/\n{query}\nhost:cloud.test\nx-sdk-date:{date}\n\nhost;x-sdk-date\n{}",
            sha(body)
        );
        let digest = sha(canonical.as_bytes());
        let (who, tag) = if self.has_scope {
            let scope = format!("{}///sdk_request", &date[..8]);
            let seed = format!("SDK{}", self.secret).into_bytes();
            let parts = [&date[..8], "", "", "sdk_request"];
            let key = parts.iter().fold(seed, |key, part| mac(&key, part));
            let text = format!("SDK-HMAC-SHA256\n{date}\n{scope}\n{digest}");
            (format!("Credential={}/{scope}", self.id), mac(&key, &text))
        } else {
            let text = format!("SDK-HMAC-SHA256\n{date}\n{digest}");
            (format!("Access={}", self.id), mac(self.secret.as_bytes(), &text))
        };
        let signature = hex(&tag);
        let scheme = "SDK-HMAC-SHA256";
        [date, format!("{scheme} {who}, SignedHeaders=host;x-sdk-date, Signature={signature}")]
    }

    async fn ask(
        &self,
        server: &TestServer,
        (method, path): (&str, &str),
        more: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let [date, authorization] = self.sign(server, (method, path), &body);
        let mut headers = vec![("x-sdk-date", date.as_str()), ("authorization", &authorization)];
        headers.extend(more);
        if !body.is_empty() && !more.iter().any(|(name, _)| *name == "content-type") {
            headers.push(("content-type", "application/json"));
        }
        server.request_with("nobody", method, path, &headers, body).await
    }
}

async fn both_forms_are_their_users(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    for has_scope in [false, true] {
        let alice = Signer::of(&server, "alice", has_scope).await;
        let bob = Signer::of(&server, "bob", has_scope).await;
        let offer = json!({"images": [image], "projects": [B]});
        let begun = alice.ask(&server, ("POST", MEMBERS), &[], offer.clone()).await;
        assert_eq!(job(&server, "alice", begun).await["status"], "SUCCESS");
        let path = "/v2/cloudimages?__imagetype=shared&member_status=pending&visibility=shared";
        let seen = bob.ask(&server, ("GET", path), &[], Value::Null).await.expect(200).json();
        assert_eq!(seen["images"][0]["id"], image, "{has_scope}");
        let ended = alice.ask(&server, ("DELETE", MEMBERS), &[], offer).await;
        assert_eq!(job(&server, "alice", ended).await["status"], "SUCCESS");
    }
}

async fn what_is_not_as_it_was_signed_is_refused(server: TestServer) {
    for has_scope in [false, true] {
        let alice = Signer::of(&server, "alice", has_scope).await;
        let body = json!({"images": [], "projects": []}).to_string();
        let [date, good] = alice.sign(&server, ("POST", MEMBERS), body.as_bytes());
        let send = async |method: &str, path: &str, date: &str, good: &str, body: &str| {
            let headers = [
                ("x-sdk-date", date),
                ("authorization", good),
                ("content-type", "application/json"),
            ];
            server.request_with("nobody", method, path, &headers, body.as_bytes().to_vec()).await
        };
        let fields = ("POST", MEMBERS);
        // It holds: what is refused is that there is no image.
        send(fields.0, fields.1, &date, &good, &body).await.expect(400);
        let other = body.replace("images", "imagez");
        let rows = [
            ("PUT", MEMBERS, date.as_str(), good.as_str(), body.as_str()),
            ("POST", "/v2/cloudimages/action", &date, &good, &body),
            ("POST", MEMBERS, "20260101T000001Z", &good, &body),
            ("POST", MEMBERS, "yesterday", &good, &body),
            ("POST", MEMBERS, &date, "SDK-HMAC-SHA256 Access=a", &body),
            ("POST", MEMBERS, &date, &good, &other),
            ("POST", MEMBERS, &date, "Basic YTpi", &body),
        ];
        for (method, path, date, good, body) in rows {
            let refused = send(method, path, date, good, body).await.expect(401).json();
            assert_eq!(refused["error_code"], "APIGW.0301", "{method} {path} {body} {refused}");
        }
    }
}

async fn a_key_finds_its_project_by_the_region(server: TestServer) {
    let alice = Signer::of(&server, "alice", false).await;
    let find = async |name: &str| {
        let path = format!("/v3/projects?name={name}");
        alice.ask(&server, ("GET", &path), &[], Value::Null).await
    };
    let ids = |found: Value| -> Vec<String> {
        let projects = found["projects"].as_array().unwrap();
        projects.iter().map(|project| project["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(find("r1").await.expect(200).json()), [A]);
    assert_eq!(ids(find("A").await.expect(200).json()), [A], "a name of a project goes first");
    find("r2").await.refused(403, "OPERATOR_ONLY");
    find("r9").await.refused(403, "OPERATOR_ONLY");
    let there = json!({"project": {"name": "A-r2", "domain_id": "x", "region": "r2"}});
    let made = server.request("operator", "POST", "/v3/projects", there).await.expect(201).json();
    let there = made["project"]["id"].as_str().unwrap();
    let role = format!("/v3/projects/{there}/users/alice/roles/member");
    server.request("operator", "PUT", &role, ()).await.expect(204);
    server.app.identity.forget_key(&alice.id);
    assert_eq!(ids(find("r2").await.expect(200).json()), [there]);
    let by_token = server.request("alice", "GET", "/v3/projects?name=r1", ()).await;
    by_token.refused(403, "OPERATOR_ONLY");
}

async fn the_project_of_a_header_is_the_callers(server: TestServer) {
    let alice = Signer::of(&server, "alice", true).await;
    let list = ("GET", "/v2/cloudimages");
    for own in [A, "", "{project_id}"] {
        alice.ask(&server, list, &[("x-project-id", own)], Value::Null).await.expect(200);
    }
    for other in [B, "no-such-project"] {
        let refused = alice.ask(&server, list, &[("x-project-id", other)], Value::Null).await;
        assert_eq!(refused.expect(400).json()["error"]["code"], "IMG.0030", "{other}");
    }
}

/// DESIGN: the names with two underscores are Huawei's, and only for who signs.
async fn signed_clients_know_the_computed_attributes_of_glances_images(server: TestServer) {
    let alice = Signer::of(&server, "alice", false).await;
    let new = json!({"name": "sys1", "disk_format": "raw", "container_format": "bare",
        "__os_version": "Ubuntu 22.04 server 64bit", "__support_kvm": "true"});
    let by_token = server.request("alice", "POST", "/v2/images", new.clone()).await;
    by_token.refused(403, "PROPERTY_RESERVED");
    let made = alice.ask(&server, ("POST", "/v2/images"), &[], new).await.expect(201).json();
    for (name, value) in [
        ("__os_version", json!("Ubuntu 22.04 server 64bit")),
        ("__os_type", json!("Linux")),
        ("__platform", json!("Ubuntu")),
        ("__support_kvm", json!("true")),
        ("__imagetype", json!("private")),
        ("__system_support_market", json!(false)),
        ("os_version", json!("Ubuntu 22.04 server 64bit")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let path = format!("/v2/images/{}", made["id"].as_str().unwrap());
    let shown = alice.ask(&server, ("GET", &path), &[], Value::Null).await.expect(200).json();
    assert_eq!(shown["__os_type"], "Linux");
    let listed = "/v2/images?__os_version=Ubuntu%2022.04%20server%2064bit";
    let listed = alice.ask(&server, ("GET", listed), &[], Value::Null).await.expect(200).json();
    assert_eq!(listed["images"][0]["__platform"], "Ubuntu");
    let plain = server.request("alice", "GET", &path, ()).await.expect(200).json();
    let fields = plain.as_object().unwrap();
    assert!(!fields.keys().any(|name| name.starts_with("__")), "{plain}");

    let media_type = [("content-type", "application/openstack-images-v2.1-json-patch")];
    let patch = json!([
        {"op": "replace", "path": "/__os_version", "value": "CentOS 7.9 64bit"},
        {"op": "add", "path": "/__description", "value": "new"},
        {"op": "remove", "path": "/__support_kvm"},
    ]);
    let changed = alice.ask(&server, ("PATCH", &path), &media_type, patch.clone()).await;
    let changed = changed.expect(200).json();
    assert_eq!(
        (&changed["__platform"], &changed["description"]),
        (&json!("CentOS"), &json!("new"))
    );
    assert_eq!(changed.get("__support_kvm"), None);
    let forged = json!([{"op": "add", "path": "/__imagetype", "value": "gold"}]);
    let forged = alice.ask(&server, ("PATCH", &path), &media_type, forged).await;
    forged.refused(403, "PROPERTY_RESERVED");
    let by_token =
        server.request_with("alice", "PATCH", &path, &media_type, patch.to_string().into_bytes());
    by_token.await.expect(409);
}
