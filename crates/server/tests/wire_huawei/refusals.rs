//! What is refused, in Huawei's words (AP-04).

use lendglass_core::ImageId;
use lendglass_core::image::{Encryption, Image, ImageKind, ImageStatus, Visibility};
use lendglass_store::image as store_image;
use serde_json::{Value, json};

use crate::support::{self, B, C, D, TestServer, on_both_engines};
use crate::{MEMBERS, UNKNOWN, answer, check_img, job, make, share};

on_both_engines!("huawei":
    ap_04_each_refusal_has_its_code,
    what_is_malformed_is_refused_at_once,
    the_gateway_speaks_in_its_own_shape,
    who_may_only_read_shares_nothing,
);

/// Changes a record behind everybody's back.
async fn force(server: &TestServer, id: &str, change: fn(&mut Image)) {
    let id = ImageId::trusted(id);
    let write = move |tx: &mut lendglass_store::Tx<'_>| {
        let before = store_image::lock(tx, &id)?.unwrap();
        let mut after = before.clone();
        change(&mut after);
        store_image::update(tx, &before, &after)
    };
    server.app.db.write(write).await.unwrap();
}

async fn ap_04_each_refusal_has_its_code(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    let offer = async |to: &str| share(&server, "alice", &[&image], &[to]).await;
    check_img(share(&server, "alice", &[&image], &[crate::support::A]).await, "IMG.0076");
    check_img(share(&server, "alice", &[&image], &["feedfeed"]).await, "IMG.0108");
    check_img(share(&server, "alice", &[&image], &[D]).await, "IMG.0177");
    check_img(share(&server, "alice", &[UNKNOWN], &[B]).await, "IMG.0066");
    check_img(share(&server, "carol", &[&image], &[B]).await, "IMG.0066");
    check_img(answer(&server, "bob", &image, B, "accepted").await, "IMG.0066");

    type Change = fn(&mut Image);
    let changes: [(Change, &str); 6] = [
        (|image| image.visibility = Visibility::Public, "IMG.0089"),
        (|image| image.encryption = Encryption::DefaultKey, "IMG.0098"),
        (|image| image.encryption = Encryption::OwnKey, "IMG.0099"),
        (|image| image.is_published = true, "IMG.0107"),
        (|image| image.status = ImageStatus::Queued, "IMG.0046"),
        (|image| image.kind = ImageKind::FullServer, "IMG.0135"),
    ];
    for (change, code) in changes {
        force(&server, &image, change).await;
        check_img(offer(B).await, code);
        force(&server, &image, |image| {
            image.visibility = Visibility::Private;
            image.encryption = Encryption::None;
            image.is_published = false;
            image.status = ImageStatus::Active;
            image.kind = ImageKind::SystemDisk;
        })
        .await;
    }

    let ceiling = json!({"set": {"share.max_tenants.system": 1, "share.pending_counts": true}});
    job(&server, "alice", offer(B).await).await;
    server.request("operator", "PATCH", "/api/v1/policies", ceiling).await.expect(200);
    check_img(offer(C).await, "IMG.0088");
    job(&server, "bob", answer(&server, "bob", &image, B, "accepted").await).await;
    check_img(share(&server, "bob", &[&image], &[C]).await, "IMG.0047");
    check_img(answer(&server, "bob", &image, C, "accepted").await, "IMG.0114");
}

async fn what_is_malformed_is_refused_at_once(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    let bodies: [(Value, &str); 8] = [
        (json!({"images": ["no-id"], "projects": [B]}), "IMG.0066"),
        (json!({"images": [image], "projects": [""]}), "IMG.0067"),
        (json!({"images": [image]}), "IMG.0001"),
        (json!({"projects": [B]}), "IMG.0001"),
        (json!({"images": image, "projects": [B]}), "IMG.0001"),
        (json!({"images": [image], "projects": [7]}), "IMG.0067"),
        (json!([]), "IMG.0001"),
        (json!({"images": [image], "projects": [B], "organizations": ["o-1"]}), "IMG.0067"),
    ];
    for (body, code) in bodies {
        check_img(server.request("alice", "POST", MEMBERS, body).await, code);
    }
    let pending = json!({"images": [image], "project_id": B, "status": "pending"});
    check_img(server.request("bob", "PUT", MEMBERS, pending).await, "IMG.0001");
    check_img(server.request("alice", "POST", MEMBERS, b"{".to_vec()).await, "IMG.0001");
    // What is not known here is ignored, and so is an empty vault.
    let sent = json!({"images": [image], "projects": [B], "domains": [], "license_type": "byol"});
    job(&server, "alice", server.request("alice", "POST", MEMBERS, sent).await).await;
    let body = json!({"images": [image], "project_id": B, "status": "accepted", "vault_id": ""});
    job(&server, "bob", server.request("bob", "PUT", MEMBERS, body).await).await;
}

async fn the_gateway_speaks_in_its_own_shape(server: TestServer) {
    let nobody = server.request("nobody", "GET", "/v2/cloudimages", ()).await.expect(401);
    assert_eq!(nobody.json()["error_code"], "APIGW.0301");
    assert_eq!(nobody.json()["request_id"], nobody.header("x-request-id"));
    assert!(!nobody.header("x-request-id").is_empty());
    for path in ["/v1/nothing", "/v2.1/cloudimages/nothing", "/v2/cloudimages/a/b/c"] {
        let answer = server.request("alice", "GET", path, ()).await.expect(404);
        assert_eq!(answer.json()["error_code"], "APIGW.0101", "{path}");
    }
    let answer = server.request("alice", "PATCH", MEMBERS, json!({})).await.expect(405);
    assert_eq!(answer.json()["error_code"], "APIGW.0101");
    let chinese = [("x-language", "zh-cn")];
    let answer = server.request_with("alice", "GET", "/v1/nothing", &chinese, ()).await;
    assert!(!answer.json()["error_msg"].as_str().unwrap().is_ascii());
}

async fn who_may_only_read_shares_nothing(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    let refused = share(&server, "rita", &[&image], &[B]).await.expect(403);
    assert_eq!(refused.json()["error"]["code"], "IMG.0026");
}
