//! What is refused, in CTyun's words (AP-04).

use lendglass_core::ImageId;
use lendglass_core::image::{Encryption, Image, ImageKind, ImageStatus, Visibility};
use lendglass_store::image as store_image;
use serde_json::{Value, json};

use crate::support::{self, TestServer, on_both_engines};
use crate::{UNKNOWN, check_refused, done, make};

on_both_engines!("ctyun-v4":
    ap_04_each_refusal_has_its_code,
    what_is_malformed_is_refused,
    regions_are_named_in_every_call,
    the_gateway_speaks_in_its_own_shape,
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
    let create = "shared-image/create";
    let offer = |image: &str, to: &str| json!({"imageID": image, "destinationAccountID": to});
    for (person, fields, code) in [
        ("alice", offer(&image, "x"), "Image.Share.SelfShare"),
        ("alice", offer(&image, "feedfeed"), "Image.Share.AccountNotFound"),
        ("alice", offer(&image, "bob"), "Image.Share.AccountNotFound"),
        ("alice", offer(UNKNOWN, "y"), "Image.Image.NotFound"),
        ("carol", offer(&image, "y"), "Image.Image.NotFound"),
        ("rita", offer(&image, "y"), "CTIAM_0005"),
    ] {
        check_refused(&server, person, create, fields, code).await;
    }
    let of_image = json!({"imageID": image});
    let answer = "shared-image/accept";
    check_refused(&server, "bob", answer, of_image.clone(), "Image.Image.NotFound").await;

    type Change = fn(&mut Image);
    let changes: [(Change, &str); 6] = [
        (|image| image.visibility = Visibility::Public, "Image.Image.TypeNotSharable"),
        (|image| image.encryption = Encryption::OwnKey, "Image.Image.TypeNotSharable"),
        (|image| image.is_published = true, "Image.Image.TypeNotSharable"),
        (|image| image.kind = ImageKind::FullServer, "Image.Image.TypeNotSharable"),
        (|image| image.kind = ImageKind::Iso, "Image.Share.QuotaExceeded"),
        (|image| image.status = ImageStatus::Queued, "Image.Image.NotActive"),
    ];
    for (change, code) in changes {
        force(&server, &image, change).await;
        check_refused(&server, "alice", create, offer(&image, "y"), code).await;
        force(&server, &image, |image| {
            image.visibility = Visibility::Private;
            image.encryption = Encryption::None;
            image.is_published = false;
            image.status = ImageStatus::Active;
            image.kind = ImageKind::SystemDisk;
        })
        .await;
    }
    let ceiling = json!({"set": {"share.max_tenants.system": 1}});
    server.request("operator", "PATCH", "/api/v1/policies", ceiling).await.expect(200);
    done(&server, "alice", create, offer(&image, "y")).await;
    check_refused(&server, "alice", create, offer(&image, "z"), "Image.Share.QuotaExceeded").await;
    done(&server, "bob", answer, of_image.clone()).await;
    check_refused(&server, "bob", create, offer(&image, "z"), "Image.Image.NotOwned").await;
    check_refused(&server, "alice", answer, of_image, "Image.Share.NotFound").await;
    let denied = json!({"name": "none", "users": ["alice"],
        "statements": [{"effect": "deny", "actions": ["ims:images:share"]}]});
    server.request("alice", "POST", "/api/v1/access/policies", denied).await.expect(201);
    check_refused(&server, "alice", create, offer(&image, "z"), "CTIAM_1044").await;
}

async fn what_is_malformed_is_refused(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    let path = "/v4/image/shared-image/create";
    let parameter = "Openapi.Parameter.Error";
    let bodies: [(Value, &str); 7] = [
        (
            json!({"regionID": "r1", "imageID": "no-id", "destinationAccountID": "y"}),
            "Image.Image.NotFound",
        ),
        (
            json!({"regionID": "r1", "imageID": image, "destinationAccountID": "\u{1}"}),
            "Image.Share.AccountNotFound",
        ),
        (json!({"regionID": "r1", "imageID": image}), parameter),
        (json!({"regionID": "r1", "destinationAccountID": "y"}), parameter),
        (json!({"regionID": "r1", "imageID": [image], "destinationAccountID": "y"}), parameter),
        (json!({"imageID": image, "destinationAccountID": "y"}), parameter),
        (json!([]), parameter),
    ];
    for (body, code) in bodies {
        let answer = server.request("alice", "POST", path, body.clone()).await.expect(200).json();
        crate::check_code(&answer, code, &format!("“{body}”"));
    }
    for body in [&b"{"[..], b"\xff", b"nul", &[b'['; 100]] {
        let answer = server.request("alice", "POST", path, body.to_vec()).await.expect(200).json();
        crate::check_code(&answer, parameter, "“no JSON”");
    }
    let large = vec![b' '; 1024 * 1024 + 1];
    let answer = server.request("alice", "POST", path, large).await.expect(200).json();
    crate::check_code(&answer, parameter, "too large");
    let answer = server.request("alice", "GET", "/v4/image/list?regionID=r1&a=%ff", ()).await;
    crate::check_code(&answer.expect(200).json(), parameter, "“no text”");
}

async fn regions_are_named_in_every_call(server: TestServer) {
    let unknown = "Openapi.RegionInfo.AccessFailed";
    for (person, region) in
        [("alice", "r9"), ("alice", "no region"), ("alice", "r2"), ("dave", "r1")]
    {
        let fields = json!({"regionID": region});
        check_refused(&server, person, "list", fields.clone(), unknown).await;
        check_refused(&server, person, "delete", fields, unknown).await;
    }
    done(&server, "dave", "list", json!({"regionID": "r2"})).await;
    let answer = server.request("alice", "GET", "/v4/image/list", ()).await.expect(200).json();
    crate::check_code(&answer, "Openapi.Parameter.Error", "no region");
    // A region in the endpoint goes first.
    let path = "/region/r1/v4/image/list?regionID=bb9fdb42056f11eda1610242ac110002";
    let answer = server.request("alice", "GET", path, ()).await.expect(200).json();
    assert_eq!(answer["statusCode"], 800, "{answer}");
}

async fn the_gateway_speaks_in_its_own_shape(server: TestServer) {
    // Who is not known learns nothing of his request.
    for (method, path) in [
        ("GET", "/v4/image/list?regionID=r1"),
        ("GET", "/v4/image/list?regionID=r9"),
        ("POST", "/v4/image/delete"),
    ] {
        let nobody = server.request("nobody", method, path, b"{".to_vec()).await.expect(401);
        let body = nobody.json();
        assert_eq!((&body["statusCode"], &body["code"]), (&json!("CTAPI_10002"), &json!("10002")));
        assert_eq!(
            (&body["returnObj"], &body["requestId"]),
            (&json!({}), &json!(nobody.header("x-trace-id")))
        );
        let headers = [("x-auth-token", "forged")];
        let forged = server.request_with("nobody", method, path, &headers, b"{".to_vec()).await;
        assert_eq!(forged.expect(401).json()["statusCode"], "CTAPI_10002");
    }
    for path in ["/v4/image", "/v4/image/nothing", "/v4/ecs/list-instances"] {
        let answer = server.request("alice", "GET", path, ()).await.expect(404);
        assert_eq!(answer.json()["statusCode"], "Openapi.Api.NotFound", "{path}");
        assert!(!answer.header("x-trace-id").is_empty());
    }
    let answer = server.request("alice", "GET", "/v4/image/delete", ()).await.expect(405);
    assert_eq!(answer.json()["statusCode"], "Openapi.Api.NotFound");
}
