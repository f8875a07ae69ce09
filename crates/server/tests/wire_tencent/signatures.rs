//! Signed requests: what holds, and what is wrong, late, sent again, or bent into something else.

use serde_json::json;

use crate::signing::{Pair, Sent, Tc3, key_of, older};
use crate::support::{self, A, TestServer, on_both_engines};
use crate::{BOB, MODIFY, ask_of, code_of, count, image, permit};

on_both_engines!(
    "tencent":
    each_signature_is_its_users,
    what_is_wrong_missing_or_late_is_refused,
    a_credential_is_for_one_service_and_its_key_for_one_region,
    what_was_signed_is_what_counts,
    a_change_counts_once_on_all_nodes,
    a_signature_seen_on_a_look_changes_nothing_on_any_node,
    calls_of_one_second_that_are_signed_alike_hold,
    no_change_takes_the_parameters_of_a_list,
    headers_change_nothing_of_signed_parameters,
    other_schemes_speak_this_dialect_too,
);

const QUOTA: &str = "DescribeImageQuota";
const FAILURE: &str = "AuthFailure.SignatureFailure";
const MALFORMED: &str = "AuthFailure.InvalidAuthorization";

fn quota() -> Tc3 {
    Tc3::of(QUOTA, &json!({}))
}

async fn each_signature_is_its_users(server: TestServer) {
    let (alice, bob) = (key_of(&server, "alice").await, key_of(&server, "bob").await);
    let id = image(&server, "alice", "erp").await;
    let share = Tc3::of(MODIFY, &permit("SHARE", &id, &[BOB]));
    assert_eq!(code_of(&share.send(&server, &alice).await), "none");
    let of = json!({"Filters": [{"Name": "image-type", "Values": ["SHARED_IMAGE"]}]});
    for with_action in [false, true] {
        let seen = Tc3 { with_action, ..Tc3::of("DescribeImages", &of) };
        assert_eq!(seen.send(&server, &bob).await["ImageSet"][0]["ImageId"], id);
    }
    let unsigned = Tc3 { is_unsigned: true, ..quota() };
    assert_eq!(unsigned.send(&server, &bob).await["ImageNumQuota"], 500);
    let flat = [
        ("Action", "DescribeImages"),
        ("Filters.0.Name", "image-type"),
        ("Filters.0.Values.0", "SHARED_IMAGE"),
        ("Limit", "5"),
    ];
    for scheme in ["HmacSHA1", "HmacSHA256"] {
        for method in ["GET", "POST"] {
            let seen = older(&server, &bob, method, scheme, &flat).to(&server).await;
            assert_eq!(seen["ImageSet"][0]["ImageId"], id, "{scheme} {method}");
        }
    }
}

async fn what_is_wrong_missing_or_late_is_refused(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let good = quota().sign(&server, &pair);
    assert_eq!(good.code(&server).await, "none");
    let wrong = Pair { secret: "guess".into(), ..pair.clone() };
    let unknown = Pair { id: "AKIDNOBODY".into(), ..pair.clone() };
    let (wrong, unknown) =
        (quota().send(&server, &wrong).await, quota().send(&server, &unknown).await);
    assert_eq!((code_of(&wrong).as_str(), &wrong["Error"]), (FAILURE, &unknown["Error"]));

    let missing = [
        good.clone().without("authorization"),
        good.clone().with("authorization", "SKIP"),
        good.clone().with("authorization", "TC3-HMAC-SHA256 Signature=00"),
        good.clone().with("authorization", "Bearer nonsense"),
        good.clone().without("x-tc-timestamp"),
        good.clone().with("x-tc-timestamp", "soon"),
    ];
    for sent in missing {
        assert_eq!(sent.code(&server).await, MALFORMED, "{:?}", sent.headers);
    }
    let day_before = Tc3 { seconds: -86_400, ..quota() }.sign(&server, &pair);
    let stamp = server.app.clock.now().seconds().to_string();
    let moved = day_before.clone().with("x-tc-timestamp", &stamp);
    assert_eq!(moved.code(&server).await, MALFORMED, "the credential is of another day");
    assert_eq!(day_before.code(&server).await, "AuthFailure.SignatureExpire");

    for (seconds, expected) in [
        (300, "none"),
        (-300, "none"),
        (301, "AuthFailure.SignatureExpire"),
        (-301, "AuthFailure.SignatureExpire"),
    ] {
        let call = Tc3 { seconds, ..quota() };
        assert_eq!(code_of(&call.send(&server, &pair).await), expected, "{seconds}");
    }
    let bad = [
        (&[("Action", QUOTA), ("SignatureMethod", "HmacMD5")][..], MALFORMED),
        (&[("Action", QUOTA), ("Timestamp", "soon")][..], MALFORMED),
        (&[("Action", QUOTA), ("Nonce", "-1")][..], MALFORMED),
        (&[("Action", QUOTA), ("Timestamp", "1")][..], "AuthFailure.SignatureExpire"),
        (&[("Action", QUOTA), ("SecretId", "AKIDNOBODY")][..], FAILURE),
    ];
    for (parameters, expected) in bad {
        let sent = older(&server, &pair, "GET", "HmacSHA1", parameters);
        assert_eq!(sent.code(&server).await, expected, "{parameters:?}");
    }
}

async fn a_credential_is_for_one_service_and_its_key_for_one_region(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let elsewhere = Tc3 { service: "lighthouse", ..quota() };
    assert_eq!(code_of(&elsewhere.send(&server, &pair).await), MALFORMED);
    let light = Tc3 { version: "2020-03-24", ..Tc3::of("DescribeBlueprints", &json!({})) };
    assert_eq!(code_of(&light.send(&server, &pair).await), MALFORMED);
    let light = Tc3 { service: "lighthouse", ..light };
    assert_eq!(light.send(&server, &pair).await["TotalCount"], 0);
    let version = Tc3 { version: "2019-01-01", ..quota() };
    assert_eq!(code_of(&version.send(&server, &pair).await), "NoSuchVersion");

    for (region, expected) in [("r2", "UnsupportedRegion"), ("r9", "InvalidRegion.NotFound")] {
        let call = Tc3 { region, ..quota() };
        assert_eq!(code_of(&call.send(&server, &pair).await), expected);
        let flat = [("Action", QUOTA), ("Region", region)];
        assert_eq!(older(&server, &pair, "GET", "HmacSHA256", &flat).code(&server).await, expected);
    }
    let there = json!({"project": {"name": "A-r2", "domain_id": "x", "region": "r2"}});
    let made = server.request("operator", "POST", "/v3/projects", there).await.expect(201).json();
    let role = format!(
        "/v3/projects/{}/users/alice/roles/member",
        made["project"]["id"].as_str().unwrap()
    );
    server.request("operator", "PUT", &role, ()).await.expect(204);
    server.app.identity.forget_key(&pair.id);
    assert_eq!(Tc3 { region: "r2", ..quota() }.send(&server, &pair).await["ImageNumQuota"], 500);
}

async fn what_was_signed_is_what_counts(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let id = image(&server, "alice", "erp").await;
    let signed = Tc3::of(MODIFY, &permit("CANCEL", &id, &[])).sign(&server, &pair);
    let other = signed.clone().carrying(&permit("SHARE", &id, &[BOB]));
    assert_eq!(other.code(&server).await, FAILURE, "another body");
    let host = signed.clone().with("content-type", "text/plain");
    assert_eq!(host.code(&server).await, FAILURE, "another media type");
    let get = Sent { method: "GET", ..signed.clone() };
    assert_eq!(get.code(&server).await, FAILURE, "another method");
    let query = Sent { path: "/?ImageId=img-00000000".into(), method: "GET", ..signed.clone() };
    assert_eq!(query.code(&server).await, FAILURE, "a query that was not signed");
    let named = Tc3 { with_action: true, ..Tc3::of("DescribeImages", &json!({"ImageIds": [id]})) };
    let bent = named.sign(&server, &pair).with("x-tc-action", "DeleteImages");
    assert_eq!(bent.code(&server).await, FAILURE, "another action, where it is signed");
    assert_eq!(signed.code(&server).await, "none");

    let flat = [("Action", "DescribeImages"), ("ImageIds.0", id.as_str())];
    let get = older(&server, &pair, "GET", "HmacSHA1", &flat);
    let changes = [
        ("Action=DescribeImages", "Action=DeleteImages"),
        ("Nonce=4711", "Nonce=4712"),
        ("img-", "img_"),
        ("HmacSHA1", "HmacSHA256"),
    ];
    for (from, to) in changes {
        let changed = Sent { path: get.path.replace(from, to), ..get.clone() };
        assert_ne!(changed.path, get.path, "{from}");
        assert_eq!(changed.code(&server).await, FAILURE, "{to}");
    }
    let twice = Sent { path: format!("{}&Action=DeleteImages", get.path), ..get.clone() };
    assert_eq!(twice.code(&server).await, MALFORMED, "a parameter twice");
    assert_eq!(count(&server, "alice", &id).await, 1);
}

async fn a_change_counts_once_on_all_nodes(server: TestServer) {
    let second = server.second().await;
    let pair = key_of(&server, "alice").await;
    let id = image(&server, "alice", "erp").await;
    let share = Tc3::of(MODIFY, &permit("SHARE", &id, &[BOB])).sign(&server, &pair);
    assert_eq!(share.code(&server).await, "none");
    let cancel = [
        ("Action", MODIFY),
        ("ImageId", id.as_str()),
        ("AccountIds.0", BOB),
        ("Permission", "CANCEL"),
    ];
    let cancel = older(&server, &pair, "POST", "HmacSHA256", &cancel);
    assert_eq!(cancel.code(&second).await, "none");
    assert_eq!(cancel.code(&second).await, FAILURE, "its nonce was the client's");
    assert_eq!(cancel.code(&server).await, FAILURE);
    server.step(2).await;
    second.app.identity.refresh().await.unwrap();
    assert_eq!(share.code(&server).await, FAILURE, "the share would be back");
    assert_eq!(share.code(&second).await, FAILURE);
    server.step(400).await;
    assert_eq!(share.code(&server).await, "AuthFailure.SignatureExpire");
    assert_eq!(cancel.code(&server).await, "AuthFailure.SignatureExpire");
}

async fn a_signature_seen_on_a_look_changes_nothing_on_any_node(server: TestServer) {
    let second = server.second().await;
    let pair = key_of(&server, "alice").await;
    let id = image(&server, "alice", "erp").await;
    let looks = [
        Tc3::of("DescribeImages", &json!({"ImageIds": [id]})),
        Tc3 { is_unsigned: true, ..Tc3::of("DescribeImages", &json!({"Limit": 1})) },
    ];
    for look in looks {
        let look = look.sign(&server, &pair);
        assert_eq!(look.code(&server).await, "none");
        assert_eq!(look.code(&second).await, "none", "a look may be repeated");
        server.step(2).await;
        second.app.identity.refresh().await.unwrap();
        let bent = look.with("x-tc-action", "DeleteImages").carrying(&json!({"ImageIds": [id]}));
        for node in [&second, &server] {
            assert_eq!(bent.code(node).await, FAILURE);
        }
    }
    assert_eq!(count(&server, "alice", &id).await, 1);
}

/// The SDKs sign neither the action nor anything that a second call would have of its own.
async fn calls_of_one_second_that_are_signed_alike_hold(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let id = image(&server, "alice", "erp").await;
    let body = json!({"ImageIds": [id]});
    let look = Tc3::of("DescribeImages", &body).send(&server, &pair).await;
    assert_eq!(look["TotalCount"], 1);
    assert_eq!(code_of(&Tc3::of("DeleteImages", &body).send(&server, &pair).await), "none");
    assert_eq!(count(&server, "alice", &id).await, 0);
}

/// On this the signature of a list relies, which nobody remembers.
async fn no_change_takes_the_parameters_of_a_list(server: TestServer) {
    for (action, version, _) in lendglass_server::wire::tencent::table() {
        if action.starts_with("Describe") {
            continue;
        }
        for parameter in ["Filters", "Offset", "Limit"] {
            let mut body = json!({
                "ImageId": "img-00000000", "ImageIds": [], "BlueprintId": "lhbp-00000000",
                "BlueprintIds": [], "AccountIds": [], "Permission": "SHARE",
                "DestinationRegions": ["r1"],
            });
            body[parameter] = json!(1);
            let refused = ask_of(&server, "alice", (action, version), body).await;
            assert_eq!(code_of(&refused), "UnknownParameter", "{action} {parameter}");
        }
    }
}

async fn headers_change_nothing_of_signed_parameters(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let id = image(&server, "alice", "erp").await;
    let flat = [("Action", "DescribeImages"), ("ImageIds.0", id.as_str())];
    for method in ["GET", "POST"] {
        let look = older(&server, &pair, method, "HmacSHA1", &flat);
        let bent = look
            .with("x-tc-action", "DeleteImages")
            .with("x-tc-version", "2020-03-24")
            .with("x-tc-region", "r2");
        assert_eq!(bent.to(&server).await["TotalCount"], 1, "{method}: it is still a look");
    }
    assert_eq!(count(&server, "alice", &id).await, 1);
}

async fn other_schemes_speak_this_dialect_too(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let token = server.token("alice").await;
    let headers = [
        ("authorization", format!("Bearer {token}")),
        ("x-tc-action", QUOTA.to_owned()),
        ("x-tc-version", "2017-03-12".to_owned()),
    ];
    let bearer =
        Sent { method: "POST", path: "/".into(), headers: headers.into(), body: "{}".into() };
    assert_eq!(bearer.to(&server).await["ImageNumQuota"], 500);
    // A signature of this scheme where Huawei's is expected by its form, and the other way round.
    let good = quota().sign(&server, &pair);
    let (_, text) = good.headers.iter().find(|(name, _)| *name == "authorization").unwrap();
    let text = text.replace("TC3-HMAC-SHA256", "SDK-HMAC-SHA256");
    let other = good.clone().with("authorization", &text);
    assert_eq!(other.code(&server).await, MALFORMED, "it has no X-Sdk-Date");
    let other = Sent { path: "/v2/images".into(), method: "GET", ..good };
    let refused = other.raw(&server).await;
    refused.refused(401, "SIGNATURE_INVALID");
    let me = server.request("alice", "GET", "/api/v1/me", ()).await.expect(200).json();
    assert_eq!(me["project"]["id"], A);
}
