//! Access keys: who makes them, who sees them, what ends them.

use lendglass_core::limits::ACCESS_KEYS_OF_USER;
use serde_json::json;

use crate::support::{self, TestServer, on_both_engines};

on_both_engines!(
    "lendglass":
    keys_a_user_makes_and_removes_his_own_keys,
    keys_are_made_with_a_password_only,
);

async fn keys_a_user_makes_and_removes_his_own_keys(server: TestServer) {
    let made = server.request("rita", "POST", "/api/v1/access-keys", json!({})).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.json();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), made["secret"].as_str().unwrap().len()), (32, 32));
    let listed = server.request("rita", "GET", "/api/v1/access-keys", ()).await.expect(200);
    let text = String::from_utf8(listed.bytes.to_vec()).unwrap();
    assert!(text.contains(&id) && !text.contains(made["secret"].as_str().unwrap()), "{text}");
    let path = format!("/api/v1/access-keys/{id}");
    for other in ["alice", "bob"] {
        let listed = server.request(other, "GET", "/api/v1/access-keys", ()).await.expect(200);
        assert_eq!(listed.json()["access_keys"], json!([]), "{other}");
        let refused = server.request(other, "DELETE", &path, ()).await;
        refused.refused(404, "CREDENTIAL_NOT_FOUND");
    }
    let off = server.request("rita", "PATCH", &path, json!({"enabled": false})).await.expect(200);
    assert_eq!(off.json()["enabled"], false);
    server.request("rita", "DELETE", &path, ()).await.expect(204);
    server.request("rita", "DELETE", &path, ()).await.refused(404, "CREDENTIAL_NOT_FOUND");
    let trail = server.request("alice", "GET", "/api/v1/audit", ()).await.expect(200).json();
    let trail = trail.to_string();
    for detail in ["access_key.create", "access_key.disable", "access_key.delete"] {
        assert!(trail.contains(detail), "{detail}: {trail}");
    }
    for _ in 0..ACCESS_KEYS_OF_USER {
        server.request("alice", "POST", "/api/v1/access-keys", json!({})).await.expect(201);
    }
    let refused = server.request("alice", "POST", "/api/v1/access-keys", json!({})).await;
    refused.refused(413, "ACCESS_KEY_QUOTA");
    server.request("alice@A2", "POST", "/api/v1/access-keys", json!({})).await.expect(201);
}

async fn keys_are_made_with_a_password_only(server: TestServer) {
    let wish =
        json!({"application_credential": {"name": "robot", "secret": "s", "unrestricted": true}});
    let path = "/v3/users/bob/application_credentials";
    let made = server.request("bob", "POST", path, wish).await.expect(201).json();
    let auth = json!({"auth": {"identity": {"methods": ["application_credential"],
        "application_credential": {"id": made["application_credential"]["id"], "secret": "s"}}}});
    let signed = server.request("nobody", "POST", "/v3/auth/tokens", auth).await.expect(201);
    let token = signed.header("x-subject-token").to_owned();
    let headers = [("x-auth-token", token.as_str())];
    let path = "/api/v1/access-keys";
    let refused = server.request_with("nobody", "POST", path, &headers, json!({})).await;
    refused.refused(403, "NOT_AVAILABLE_HERE");
    server.request_with("nobody", "GET", path, &headers, ()).await.expect(200);
}
