//! EOP signatures through CTyun's own calls: what holds, and all that does not.

use ring::digest;
use serde_json::json;

use crate::support::{self, Answer, TestServer, on_both_engines};
use crate::{Pair, call, hex, key_of, mac, make, send, sign, signed, stamp};

on_both_engines!("ctyun-v4":
    a_signature_holds_for_what_was_signed_only,
    a_wrong_signature_tells_nothing_of_the_key,
    stamps_have_a_window_and_one_reading,
    a_change_counts_once_on_every_node,
    signatures_of_other_clouds_open_these_calls_too,
    a_key_acts_in_the_region_that_is_named,
);

/// Asserts that the gateway refuses a signature.
#[track_caller]
fn check_declined(answer: Answer, reason: &str) -> Answer {
    let answer = answer.expect(401);
    let body = answer.json();
    assert_eq!((&body["statusCode"], &body["code"]), (&json!("CTAPI_10009"), &json!("10009")));
    assert_eq!(body["reason"], reason, "{body}");
    answer
}

async fn a_signature_holds_for_what_was_signed_only(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let image = make(&server, "alice", json!({})).await;
    let (method, path, body) =
        call("shared-image/create", json!({"imageID": image, "destinationAccountID": "y"}));
    let date = stamp(&server, 0);
    let headers = sign(&pair, &date, "one", "", &body);
    let other = String::from_utf8(body.clone()).unwrap().replace("\"y\"", "\"z\"").into_bytes();
    check_declined(send(&server, (method, &path), &headers, other).await, "SIGNATURE_INVALID");
    let queried = format!("{path}?destinationAccountID=z");
    check_declined(
        send(&server, (method, &queried), &headers, body.clone()).await,
        "SIGNATURE_INVALID",
    );
    for name in ["eop-date", "ctyun-eop-request-id"] {
        let mut changed = headers.clone();
        changed.iter_mut().find(|(known, _)| *known == name).unwrap().1 = stamp(&server, 1);
        let answer = send(&server, (method, &path), &changed, body.clone()).await;
        check_declined(answer, "SIGNATURE_INVALID");
        changed.retain(|(known, _)| *known != name);
        let answer = send(&server, (method, &path), &changed, body.clone()).await;
        check_declined(answer, "SIGNATURE_MALFORMED");
    }
    for text in
        ["", "AK", "AK Headers=eop-date Signature=x", "AK Headers=ctyun-eop-request-id;eop-date"]
    {
        let mut broken = headers.clone();
        broken[0].1 = text.to_owned();
        let answer = send(&server, (method, &path), &broken, body.clone()).await;
        check_declined(answer, "SIGNATURE_MALFORMED");
    }
    // Nothing of this was taken for the request itself.
    let answer = send(&server, (method, &path), &headers, body).await.expect(200).json();
    assert_eq!(answer["statusCode"], 800, "{answer}");

    // A query in any order and encoding of the same values, as clients sign and send it.
    for (sent, signed) in [
        ("queryContent=a%20b%2Fc&regionID=r1", "queryContent=a%20b%2Fc&regionID=r1"),
        ("regionID=r1&queryContent=a+b/c", "queryContent=a+b%2Fc&regionID=r1"),
        ("regionID=r1&queryContent=a=b", "queryContent=a%3Db&regionID=r1"),
    ] {
        let headers = sign(&pair, &date, &server.app.ids.uuid(), signed, b"");
        let answer =
            send(&server, ("GET", &format!("/v4/image/list?{sent}")), &headers, vec![]).await;
        assert_eq!(answer.expect(200).json()["statusCode"], 800, "{sent}");
    }
}

async fn a_wrong_signature_tells_nothing_of_the_key(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let wrong = Pair { id: pair.id.clone(), secret: "guess".into() };
    let unknown = Pair { id: "F".repeat(32), secret: pair.secret.clone() };
    let texts = async |pair: &Pair| {
        let begun = std::time::Instant::now();
        let answer = signed(&server, pair, "list", json!({})).await;
        assert!(begun.elapsed().as_millis() >= 20, "answered no sooner than a key can be read");
        let body = check_declined(answer, "SIGNATURE_INVALID").json().to_string();
        let request_id = body.split("req-").nth(1).unwrap()[..36].to_owned();
        body.replace(&request_id, "")
    };
    assert_eq!(texts(&wrong).await, texts(&unknown).await);
    let disabled = key_of(&server, "rita").await;
    let path = format!("/api/v1/access-keys/{}", disabled.id);
    server.request("rita", "PATCH", &path, json!({"enabled": false})).await.expect(200);
    assert_eq!(texts(&disabled).await, texts(&unknown).await);
}

async fn stamps_have_a_window_and_one_reading(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let at = async |pair: &Pair, seconds: i64| {
        let headers =
            sign(pair, &stamp(&server, seconds), &server.app.ids.uuid(), "regionID=r1", b"");
        send(&server, ("GET", "/v4/image/list?regionID=r1"), &headers, vec![]).await
    };
    at(&pair, 899).await.expect(200);
    at(&pair, -899).await.expect(200);
    for late in [901, -901, 4 * 3600, 8 * 3600] {
        check_declined(at(&pair, late).await, "SIGNATURE_EXPIRED");
    }
    let beijing = key_of(&server, "bob").await;
    at(&beijing, 8 * 3600 + 899).await.expect(200);
    at(&beijing, 8 * 3600 - 899).await.expect(200);
    for late in [8 * 3600 + 901, 8 * 3600 - 901, 0] {
        check_declined(at(&beijing, late).await, "SIGNATURE_EXPIRED");
    }
}

async fn a_change_counts_once_on_every_node(server: TestServer) {
    let second = server.second().await;
    let pair = key_of(&server, "alice").await;
    let image = make(&server, "alice", json!({})).await;
    let date = stamp(&server, 0);
    // What was signed to look cannot be used to change, here or elsewhere.
    let query = format!("imageID={image}&regionID=r1");
    let headers = sign(&pair, &date, "look", &query, b"");
    let detail = format!("/v4/image/detail?{query}");
    for node in [&server, &second, &server] {
        send(node, ("GET", &detail), &headers, vec![]).await.expect(200);
        for name in ["delete", "deactivate"] {
            let path = format!("/v4/image/{name}?{query}");
            let moved = send(node, ("POST", &path), &headers, vec![]).await;
            check_declined(moved, "SIGNATURE_MALFORMED");
        }
    }
    // Nor can a change be done twice, or as another one.
    let body = json!({"imageID": image, "regionID": "r1", "destinationAccountID": "y"});
    let body = body.to_string().into_bytes();
    let headers = sign(&pair, &date, "share", "", &body);
    let create = ("POST", "/v4/image/shared-image/create");
    assert_eq!(
        send(&server, create, &headers, body.clone()).await.expect(200).json()["statusCode"],
        800
    );
    for node in [&server, &second] {
        for path in
            ["/v4/image/shared-image/create", "/v4/image/delete", "/v4/image/shared-image/delete"]
        {
            let again = send(node, ("POST", path), &headers, body.clone()).await;
            check_declined(again, "SIGNATURE_REPLAYED");
        }
    }
    // Its id is free again when the signature has run out.
    server.step(1_000).await;
    let headers = sign(&pair, &stamp(&server, 0), "share", "", &body);
    assert_eq!(
        send(&server, create, &headers, body).await.expect(200).json()["errorCode"],
        "Image.Share.AlreadyShared"
    );
}

/// Headers of a list signed as Huawei's SDKs do.
fn sign_as_huawei(pair: &Pair, date: &str) -> Vec<(&'static str, String)> {
    let sha = |text: &str| hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    let canonical = format!(
        "GET\n/v4/image/list/\nregionID=r1\nhost:cloud.test\nx-sdk-date:{date}\n\nhost;x-sdk-date\n{}",
        sha("")
    );
    let text = format!("SDK-HMAC-SHA256\n{date}\n{}", sha(&canonical));
    let signature = hex(&mac(pair.secret.as_bytes(), &text));
    let authorization = format!(
        "SDK-HMAC-SHA256 Access={}, SignedHeaders=host;x-sdk-date, Signature={signature}",
        pair.id
    );
    vec![("authorization", authorization), ("x-sdk-date", date.to_owned())]
}

async fn signatures_of_other_clouds_open_these_calls_too(server: TestServer) {
    let list = ("GET", "/v4/image/list?regionID=r1");
    let (pair, date) = (key_of(&server, "alice").await, stamp(&server, 0));
    let headers = sign_as_huawei(&pair, &date);
    let answer = send(&server, list, &headers, vec![]).await.expect(200).json();
    assert_eq!(answer["statusCode"], 800, "{answer}");
    let elsewhere = ("GET", "/v4/image/list?regionID=r2");
    check_declined(send(&server, elsewhere, &headers, vec![]).await, "SIGNATURE_INVALID");
    let wrong = Pair { id: pair.id.clone(), secret: "guess".into() };
    let headers = sign_as_huawei(&wrong, &date);
    check_declined(send(&server, list, &headers, vec![]).await, "SIGNATURE_INVALID");
    // One scheme's signature is not another's.
    let eop = sign(&pair, &date, "one", "regionID=r1", b"");
    let (_, signature) = eop[0].1.split_once("Signature=").unwrap();
    let headers = [
        (
            "authorization",
            format!(
                "SDK-HMAC-SHA256 Access={}, SignedHeaders=x-sdk-date, Signature={signature}",
                pair.id
            ),
        ),
        ("x-sdk-date", date),
    ];
    check_declined(send(&server, list, &headers, vec![]).await, "SIGNATURE_INVALID");
    for authorization in ["SDK-HMAC-SHA256 Access=a", "TC3-HMAC-SHA256 Credential=a"] {
        let headers = [("authorization", authorization.to_owned())];
        check_declined(send(&server, list, &headers, vec![]).await, "SIGNATURE_MALFORMED");
    }
}

async fn a_key_acts_in_the_region_that_is_named(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let there = signed(&server, &pair, "list", json!({"regionID": "r2"})).await;
    assert_eq!(there.expect(200).json()["errorCode"], "Openapi.RegionInfo.AccessFailed");
    let project = json!({"project": {"name": "A-r2", "domain_id": "x", "region": "r2"}});
    let made = server.request("operator", "POST", "/v3/projects", project).await.expect(201).json();
    let project = made["project"]["id"].as_str().unwrap();
    let role = format!("/v3/projects/{project}/users/alice/roles/member");
    server.request("operator", "PUT", &role, ()).await.expect(204);
    server.app.identity.forget_key(&pair.id);
    let there = signed(&server, &pair, "list", json!({"regionID": "r2"})).await;
    assert_eq!(there.expect(200).json()["statusCode"], 800);
}
