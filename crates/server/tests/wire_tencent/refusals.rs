//! What is refused, in Tencent's words (AP-04).

use lendglass_core::image::{Encryption, Image, ImageKind, ImageStatus, Visibility};
use lendglass_core::limits::JSON_BODY_BYTES;
use serde_json::{Value, json};

use crate::support::{self, TestServer, on_both_engines};
use crate::{BOB, CAROL, MODIFY, ask, code, code_of, count, force, image, permit, response};

on_both_engines!(
    "tencent":
    ap_04_shares_are_refused_in_the_vendors_words,
    ap_04_lists_attributes_and_deletions_are_too,
    copies_are_made_in_every_region_or_in_none,
    ceilings_have_their_codes,
    what_cannot_be_read_is_refused,
    refusals_are_in_the_language_that_was_asked_for,
);

async fn ap_04_shares_are_refused_in_the_vendors_words(server: TestServer) {
    let id = image(&server, "alice", "erp").await;
    let share = |image: &str, account: &str| permit("SHARE", image, &[account]);
    let rows = [
        ("alice", share("img-1", BOB), "InvalidImageId.Malformed"),
        ("alice", share("img-ABCDEFGH", BOB), "InvalidImageId.Malformed"),
        ("alice", share("img-00000000", BOB), "InvalidImageId.NotFound"),
        ("carol", share(&id, BOB), "InvalidImageId.NotFound"),
        ("alice", share(&id, "100000000001"), "InvalidAccountIs.YourSelf"),
        ("alice", share(&id, "999"), "InvalidAccountId.NotFound"),
        ("alice", share(&id, "x"), "InvalidParameterValue.InvalidAppIdFormat"),
        ("alice", permit("LEND", &id, &[BOB]), "InvalidParameterValue"),
        ("alice", permit("SHARE", &id, &[]), "MissingParameter"),
        ("alice", permit("CANCEL", &id, &[BOB]), "InvalidAccountId.NotFound"),
        ("alice", json!({"ImageId": id}), "MissingParameter"),
        (
            "alice",
            json!({"ImageId": {}, "AccountIds": [], "Permission": "SHARE"}),
            "InvalidParameterValue",
        ),
        (
            "alice",
            json!({"ImageId": id, "AccountIds": [], "Permission": "CANCEL", "A": 1}),
            "UnknownParameter",
        ),
        ("rita", share(&id, BOB), "AuthFailure.UnauthorizedOperation"),
        ("nobody", share(&id, BOB), "AuthFailure.InvalidAuthorization"),
    ];
    for (person, body, expected) in rows {
        assert_eq!(code(&server, person, MODIFY, body.clone()).await, expected, "{person} {body}");
    }
    type Change = fn(&mut Image);
    let changes: [(Change, &str); 6] = [
        (|image| image.status = ImageStatus::Queued, "InvalidParameterValue.InvalidImageState"),
        (|image| image.kind = ImageKind::FullServer, "InvalidParameter.InstanceImageNotSupport"),
        (|image| image.visibility = Visibility::Public, "InvalidParameterValue.InvalidImageId"),
        (|image| image.is_published = true, "InvalidParameterValue.InvalidImageId"),
        (
            |image| image.encryption = Encryption::DefaultKey,
            "UnsupportedOperation.EncryptedImagesNotSupported",
        ),
        (
            |image| image.encryption = Encryption::OwnKey,
            "UnsupportedOperation.EncryptedImagesNotSupported",
        ),
    ];
    for (change, expected) in changes {
        force(&server, &id, change).await;
        assert_eq!(code(&server, "alice", MODIFY, share(&id, BOB)).await, expected);
        force(&server, &id, |image| {
            image.status = ImageStatus::Active;
            image.kind = ImageKind::SystemDisk;
            image.visibility = Visibility::Private;
            image.is_published = false;
            image.encryption = Encryption::None;
        })
        .await;
    }
    assert_eq!(code(&server, "alice", MODIFY, share(&id, BOB)).await, "none");
    let own = "UnauthorizedOperation.ImageNotBelongToAccount";
    assert_eq!(code(&server, "bob", MODIFY, share(&id, CAROL)).await, own);
    let of = json!({"ImageId": id});
    assert_eq!(code(&server, "bob", "DescribeImageSharePermission", of).await, own);
    let of = json!({"ImageId": "img-0"});
    let malformed = code(&server, "bob", "DescribeImageSharePermission", of).await;
    assert_eq!(malformed, "InvalidImageId.Malformed");
}

async fn ap_04_lists_attributes_and_deletions_are_too(server: TestServer) {
    let id = image(&server, "alice", "erp").await;
    assert_eq!(code(&server, "alice", MODIFY, permit("SHARE", &id, &[BOB])).await, "none");
    let filter = |name: &str, values: Value| json!({"Filters": [{"Name": name, "Values": values}]});
    let eleven = vec![json!({"Name": "image-name", "Values": ["a"]}); 11];
    let lists = [
        (
            json!({"ImageIds": [id], "Filters": filter("image-name", json!(["a"]))["Filters"]}),
            "InvalidParameter.InvalidParameterCoexistImageIdsFilters",
        ),
        (filter("colour", json!(["red"])), "InvalidFilter"),
        (filter("image-type", json!(["MINE"])), "InvalidParameterValue"),
        (
            filter("image-name", json!(["a", "b", "c", "d", "e", "f"])),
            "InvalidFilterValue.LimitExceeded",
        ),
        (json!({"Filters": eleven}), "InvalidFilterValue.LimitExceeded"),
        (json!({"Limit": 101}), "InvalidParameterValue.LimitExceeded"),
        (json!({"Limit": -1}), "InvalidParameterValue"),
        (json!({"Offset": "many"}), "InvalidParameterValue"),
        (json!({"Filters": [{"Name": "image-name"}]}), "MissingParameter"),
        (json!({"Filters": {"Name": "image-name"}}), "InvalidParameterValue"),
        (json!({"ImageIds": ["img"]}), "InvalidImageId.Malformed"),
        (json!({"ImageIds": vec![id.clone(); 1001]}), "InvalidParameterValue.LimitExceeded"),
        (json!({"Owner": "me"}), "UnknownParameter"),
        (json!({"ImageIds": ["img-00000000"]}), "none"),
        (filter("cdc-cache-status", json!(["CACHED"])), "none"),
    ];
    for (body, expected) in lists {
        assert_eq!(
            code(&server, "alice", "DescribeImages", body.clone()).await,
            expected,
            "{body}"
        );
    }
    let name = |name: &str| json!({"ImageId": id, "ImageName": name});
    let attributes = [
        ("bob", name("mine"), "UnsupportedOperation.SharedImageModifyUnsupported"),
        ("carol", name("mine"), "InvalidImageId.NotFound"),
        ("alice", name(&"x".repeat(61)), "InvalidParameterValue.TooLarge"),
        ("alice", name("a/b"), "InvalidParameterValue"),
        ("alice", json!({"ImageId": id, "ImageFamily": "f"}), "UnsupportedOperation"),
        ("alice", name(&"x".repeat(60)), "none"),
    ];
    for (person, body, expected) in attributes {
        let got = code(&server, person, "ModifyImageAttribute", body.clone()).await;
        assert_eq!(got, expected, "{person} {body}");
    }
    let ids = json!({"ImageIds": [id]});
    let deletions = [
        ("alice", ids.clone(), "InvalidImageId.InShared"),
        ("bob", ids.clone(), "InvalidParameterValue.InvalidImageIdIsShared"),
        ("carol", ids.clone(), "InvalidImageId.NotFound"),
        ("alice", json!({"ImageIds": ["img-1"]}), "InvalidImageId.Malformed"),
        ("alice", json!({"ImageIds": [id, "img-00000000"]}), "InvalidImageId.NotFound"),
        ("alice", json!({}), "MissingParameter"),
    ];
    for (person, body, expected) in deletions {
        let got = code(&server, person, "DeleteImages", body.clone()).await;
        assert_eq!(got, expected, "{person} {body}");
    }
    assert_eq!(code(&server, "alice", MODIFY, permit("CANCEL", &id, &[BOB])).await, "none");
    let dry = json!({"ImageIds": [id], "DryRun": true});
    assert_eq!(code(&server, "alice", "DeleteImages", dry).await, "DryRunOperation");
    force(&server, &id, |image| image.is_protected = true).await;
    let kept = code(&server, "alice", "DeleteImages", ids.clone()).await;
    assert_eq!(kept, "InvalidParameterValue.InvalidImageId");
    force(&server, &id, |image| image.is_protected = false).await;
    assert_eq!(code(&server, "alice", "DeleteImages", ids).await, "none");
    for action in ["CreateImage", "ImportImage", "ExportImages", "DescribeImportImageOs"] {
        assert_eq!(code(&server, "alice", action, json!({})).await, "UnsupportedOperation");
    }
    for action in ["RunInstances", "NoSuchAction", ""] {
        let headers = [("x-tc-action", action), ("x-tc-version", "2017-03-12")];
        let answer = server.request_with("alice", "POST", "/", &headers, json!({})).await;
        assert_eq!(code_of(&response(answer)), "InvalidAction", "{action}");
    }
}

async fn copies_are_made_in_every_region_or_in_none(server: TestServer) {
    let id = image(&server, "alice", "erp").await;
    let to = |regions: &[&str]| json!({"ImageIds": [id], "DestinationRegions": regions, "ImageSetRequired": true});
    let both = to(&["r1", "r2"]);
    let nowhere = code(&server, "alice", "SyncImages", both.clone()).await;
    assert_eq!(nowhere, "UnsupportedOperation.Region", "her account has no project there");
    let all = ask(&server, "alice", "DescribeImages", json!({})).await;
    assert_eq!(all["TotalCount"], 1, "nothing was copied here either");
    let there = json!({"project": {"name": "A-r2", "domain_id": "x", "region": "r2"}});
    let made = server.request("operator", "POST", "/v3/projects", there).await.expect(201).json();
    let project = made["project"]["id"].as_str().unwrap().to_owned();
    let role = format!("/v3/projects/{project}/users/alice/roles/member");
    server.request("operator", "PUT", &role, ()).await.expect(204);
    let made = ask(&server, "alice", "SyncImages", both).await;
    let copies = made["ImageSet"].as_array().unwrap();
    assert_eq!((&copies[0]["Region"], &copies[1]["Region"]), (&json!("r1"), &json!("r2")));
    lendglass_server::jobs::drain(&server.app, "test").await.unwrap();
    assert_eq!(count(&server, "alice", copies[0]["ImageId"].as_str().unwrap()).await, 1);
    assert_eq!(count(&server, "alice", copies[1]["ImageId"].as_str().unwrap()).await, 0);

    assert_eq!(code(&server, "alice", MODIFY, permit("SHARE", &id, &[BOB])).await, "none");
    let rows = [
        ("alice", to(&["r9"]), "InvalidRegion.NotFound"),
        ("alice", to(&["r1", "Rio!"]), "InvalidRegion.NotFound"),
        ("alice", to(&[]), "MissingParameter"),
        (
            "alice",
            json!({"ImageIds": [id, id], "DestinationRegions": ["r1"]}),
            "InvalidParameterValue.LimitExceeded",
        ),
        (
            "alice",
            json!({"ImageIds": [id], "DestinationRegions": ["r1"], "Encrypt": true}),
            "UnsupportedOperation.SyncEncryptImageNotSupport",
        ),
        (
            "alice",
            json!({"ImageIds": [id], "DestinationRegions": ["r1"], "DryRun": true}),
            "DryRunOperation",
        ),
        (
            "alice",
            json!({"ImageIds": [id], "DestinationRegions": ["r1"], "ImageName": "x".repeat(61)}),
            "InvalidParameterValue.TooLarge",
        ),
        ("bob", to(&["r1"]), "InvalidParameterValue.InvalidImageId"),
        ("carol", to(&["r1"]), "InvalidImageId.NotFound"),
    ];
    for (person, body, expected) in rows {
        assert_eq!(code(&server, person, "SyncImages", body.clone()).await, expected, "{body}");
    }
    force(&server, &id, |image| image.kind = ImageKind::FullServer).await;
    let whole = code(&server, "alice", "SyncImages", to(&["r1"])).await;
    assert_eq!(whole, "InvalidParameter.InstanceImageNotSupport");
}

async fn ceilings_have_their_codes(server: TestServer) {
    let id = image(&server, "alice", "erp").await;
    let set = async |key: &str, value: u32| {
        let path = format!("/api/v1/policies/{key}");
        server.request("operator", "PUT", &path, json!({"value": value})).await.expect(200);
    };
    set("share.max_tenants.system", 1).await;
    let two = code(&server, "alice", MODIFY, permit("SHARE", &id, &[BOB, CAROL])).await;
    assert_eq!(two, "OverQuota");
    set("share.max_ids_per_request", 1).await;
    let two = code(&server, "alice", MODIFY, permit("SHARE", &id, &[BOB, CAROL])).await;
    assert_eq!(two, "InvalidParameterValue.LimitExceeded");
    set("private_image.quota", 1).await;
    assert_eq!(ask(&server, "alice", "DescribeImageQuota", json!({})).await["ImageNumQuota"], 1);
    let copy = json!({"ImageIds": [id], "DestinationRegions": ["r1"]});
    let full = code(&server, "alice", "SyncImages", copy).await;
    assert_eq!(full, "ImageQuotaLimitExceeded");
}

async fn what_cannot_be_read_is_refused(server: TestServer) {
    let headers = [("x-tc-action", "DescribeImages"), ("x-tc-version", "2017-03-12")];
    let form = [headers[0], headers[1], ("content-type", "application/x-www-form-urlencoded")];
    let rows = [
        (&headers[..], b"{".to_vec(), "InvalidParameter"),
        (&headers[..], b"\xff".to_vec(), "InvalidParameter"),
        (&headers[..], "[".repeat(100).into_bytes(), "InvalidParameter"),
        (&headers[..], b"[]".to_vec(), "InvalidParameterValue"),
        (&headers[..], vec![b' '; JSON_BODY_BYTES + 1], "RequestSizeLimitExceeded"),
        (&form[..], b"ImageIds.1=a".to_vec(), "InvalidParameterValue"),
        (&form[..], b"ImageIds.0=a&ImageIds.x=b".to_vec(), "InvalidParameterValue"),
        (&form[..], b"Limit=%FF".to_vec(), "InvalidParameterValue"),
        (&form[..], b"Limit=7&Offset=0".to_vec(), "none"),
    ];
    for (headers, body, expected) in rows {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let answer = server.request_with("alice", "POST", "/", headers, body).await;
        assert_eq!(code_of(&response(answer)), expected, "{shown}");
    }
    let none = [("x-tc-action", "DescribeImages")];
    let answer = server.request_with("alice", "POST", "/", &none, json!({})).await;
    assert_eq!(code_of(&response(answer)), "NoSuchVersion");
    let get = "/?Action=DescribeImages&Version=2017-03-12&Limit=1";
    assert_eq!(response(server.request("alice", "GET", get, ()).await)["TotalCount"], 0);
    // Without an action the root is Glance's.
    assert!(
        server.request("alice", "GET", "/", ()).await.expect(300).json()["versions"].is_array()
    );
}

async fn refusals_are_in_the_language_that_was_asked_for(server: TestServer) {
    let mut texts = Vec::new();
    for language in ["en-US", "zh-CN", ""] {
        let headers = [
            ("x-tc-action", "DescribeImageSharePermission"),
            ("x-tc-version", "2017-03-12"),
            ("x-tc-language", language),
        ];
        let body = json!({"ImageId": "img-00000000"});
        let answer = server.request_with("alice", "POST", "/", &headers, body).await;
        let refused = response(answer);
        texts.push(refused["Error"]["Message"].as_str().unwrap().to_owned());
    }
    assert!(texts[0].is_ascii() && !texts[1].is_ascii(), "{texts:?}");
    assert_eq!(texts[1], texts[2], "the vendor's own language is Chinese");
}
