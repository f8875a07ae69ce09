//! Lighthouse: the other family of servers of an account (US-11a), and blueprints across accounts.

use lendglass_core::image::{ImageKind, ImageStatus};
use serde_json::{Value, json};

use crate::support::{self, TestServer, on_both_engines};
use crate::{BOB, CAROL, MODIFY, ask, ask_light, code, code_light, force, image, permit};

on_both_engines!(
    "tencent":
    us_11a_an_image_is_listed_in_the_other_family,
    blueprints_are_shared_and_renamed_and_given_up,
    what_cannot_be_a_blueprint_is_told_beforehand,
    refusals_are_in_lighthouses_words,
);

fn mark(verb: &str, image: &str) -> Value {
    json!({"ImageId": image, "Permission": verb})
}

fn of_type(kind: &str) -> Value {
    json!({"Filters": [{"Name": "blueprint-type", "Values": [kind]}]})
}

async fn blueprints(server: &TestServer, person: &str, body: Value) -> Vec<Value> {
    let listed = ask_light(server, person, "DescribeBlueprints", body).await;
    let rows = listed["BlueprintSet"].as_array().unwrap().clone();
    assert_eq!(listed["TotalCount"], rows.len());
    rows
}

async fn us_11a_an_image_is_listed_in_the_other_family(server: TestServer) {
    let id = image(&server, "alice", "erp").await;
    image(&server, "alice", "crm").await;
    assert!(blueprints(&server, "alice", json!({})).await.is_empty());
    let done = ask_light(&server, "alice", MODIFY, mark("SHARE", &id)).await;
    let blueprint = done["BlueprintId"].as_str().unwrap();
    assert_eq!(blueprint, id.replace("img-", "lhbp-"));
    let seen = blueprints(&server, "alice", json!({})).await;
    assert_eq!((seen.len(), &seen[0]["BlueprintId"]), (1, &json!(blueprint)));
    for (field, value) in [
        ("ImageId", json!(id)),
        ("BlueprintName", json!("erp")),
        ("BlueprintType", json!("PRIVATE")),
        ("BlueprintState", json!("NORMAL")),
        ("PlatformType", json!("LINUX_UNIX")),
        ("BlueprintShared", json!(false)),
    ] {
        assert_eq!(seen[0][field], value, "{field}");
    }
    for (name, value, found) in [
        ("blueprint-id", blueprint, 1),
        ("blueprint-name", "ERP", 1),
        ("blueprint-name", "crm", 0),
        ("blueprint-state", "NORMAL", 1),
        ("blueprint-state", "OFFLINE", 0),
        ("platform-type", "WINDOWS", 0),
        ("scene-id", "1", 0),
    ] {
        let filters = json!({"Filters": [{"Name": name, "Values": [value]}]});
        assert_eq!(blueprints(&server, "alice", filters).await.len(), found, "{name} {value}");
    }
    let again = code_light(&server, "alice", MODIFY, mark("SHARE", &id)).await;
    assert_eq!(again, "UnsupportedOperation.ImageAlreadyShared");
    // A copy is an image like any other.
    let copy = json!({"ImageIds": [id], "DestinationRegions": ["r1"]});
    assert_eq!(code(&server, "alice", "SyncImages", copy).await, "none");
    lendglass_server::jobs::drain(&server.app, "test").await.unwrap();
    assert_eq!(blueprints(&server, "alice", json!({})).await.len(), 1);
    assert_eq!(code_light(&server, "alice", MODIFY, mark("CANCEL", &id)).await, "none");
    assert!(blueprints(&server, "alice", json!({})).await.is_empty());
    let again = code_light(&server, "alice", MODIFY, mark("CANCEL", &id)).await;
    assert_eq!(again, "UnsupportedOperation.ImageUnableToShare");
}

async fn blueprints_are_shared_and_renamed_and_given_up(server: TestServer) {
    let id = image(&server, "alice", "erp").await;
    let blueprint = id.replace("img-", "lhbp-");
    let with = |accounts: &[&str]| json!({"BlueprintId": blueprint, "AccountIds": accounts});
    let share = "ShareBlueprintAcrossAccounts";
    let none = code_light(&server, "alice", share, with(&[BOB])).await;
    assert_eq!(none, "ResourceNotFound.BlueprintIdNotFound", "it is an image, and no blueprint");
    ask_light(&server, "alice", MODIFY, mark("SHARE", &id)).await;
    assert_eq!(code_light(&server, "alice", share, with(&[BOB, CAROL])).await, "none");
    let again = code_light(&server, "alice", share, with(&[BOB])).await;
    assert_eq!(again, "UnsupportedOperation.BlueprintAlreadyShared");
    let seen = blueprints(&server, "bob", of_type("SHARED")).await;
    assert_eq!(
        (&seen[0]["BlueprintId"], &seen[0]["BlueprintType"]),
        (&json!(blueprint), &json!("SHARED"))
    );
    assert_eq!(blueprints(&server, "alice", of_type("PRIVATE")).await[0]["BlueprintShared"], true);
    let infos = "DescribeBlueprintsShareAcrossAccountInfos";
    let all = ask_light(&server, "alice", infos, json!({"BlueprintIds": [blueprint]})).await;
    assert_eq!(all["TotalCount"], 2);
    let one = json!({"BlueprintIds": [blueprint], "Offset": 0, "Limit": 1,
        "Filters": [{"Name": "account-id", "Values": [CAROL]}]});
    let one = ask_light(&server, "alice", infos, one).await;
    assert_eq!(one["BlueprintShareAcrossAccountInfoSet"][0]["AccountId"], CAROL);

    let rename = json!({"BlueprintId": blueprint, "BlueprintName": "erp 2", "Description": "new"});
    let modify = "ModifyBlueprintAttribute";
    let refused = code_light(&server, "bob", modify, rename.clone()).await;
    assert_eq!(refused, "UnauthorizedOperation.NoPermission");
    assert_eq!(code_light(&server, "alice", modify, rename).await, "none");
    let seen = blueprints(&server, "bob", of_type("SHARED")).await;
    assert_eq!(
        (&seen[0]["BlueprintName"], &seen[0]["Description"]),
        (&json!("erp 2"), &json!("new"))
    );

    let ids = json!({"BlueprintIds": [blueprint]});
    let refused = code_light(&server, "bob", "DeleteBlueprints", ids.clone()).await;
    assert_eq!(refused, "UnsupportedOperation.NotSupportSharedBlueprint");
    let cancel = "CancelShareBlueprintAcrossAccounts";
    assert_eq!(code_light(&server, "alice", cancel, with(&[BOB])).await, "none");
    let again = code_light(&server, "alice", cancel, with(&[BOB])).await;
    assert_eq!(again, "UnsupportedOperation.BlueprintHasNotShared");
    assert!(blueprints(&server, "bob", of_type("SHARED")).await.is_empty());
    assert_eq!(code_light(&server, "alice", "DeleteBlueprints", ids).await, "none");
    assert!(blueprints(&server, "carol", of_type("SHARED")).await.is_empty());
    let kept = json!({"ImageIds": [id]});
    let kept = ask(&server, "carol", "DescribeImages", kept).await;
    assert_eq!(kept["TotalCount"], 1, "the image stays, and its shares");
}

async fn what_cannot_be_a_blueprint_is_told_beforehand(server: TestServer) {
    let id = image(&server, "alice", "erp").await;
    assert_eq!(code(&server, "alice", MODIFY, permit("SHARE", &id, &[BOB])).await, "none");
    let row = async |person: &str| {
        let listed = ask_light(&server, person, "DescribeImagesToShare", json!({"ImageIds": [id]}));
        listed.await["ImageSet"][0].clone()
    };
    let seen = row("alice").await;
    assert_eq!((&seen["IsShareable"], &seen["UnshareableReason"]), (&json!(true), &json!("")));
    assert_eq!((&seen["ImageClass"], seen.get("ImageCreator")), (&json!("SystemImage"), None));
    assert_eq!(row("bob").await["IsShareable"], false, "it is not his");
    let no = code_light(&server, "bob", MODIFY, mark("SHARE", &id)).await;
    assert_eq!(no, "UnauthorizedOperation.NoPermission");
    for (kind, status) in [
        (ImageKind::DataDisk, ImageStatus::Active),
        (ImageKind::FullServer, ImageStatus::Active),
        (ImageKind::SystemDisk, ImageStatus::Deactivated),
    ] {
        force(&server, &id, move |image| (image.kind, image.status) = (kind, status)).await;
        let seen = row("alice").await;
        assert_eq!(seen["IsShareable"], false, "{kind:?} {status:?}");
        assert!(!seen["UnshareableReason"].as_str().unwrap().is_empty());
        let class = if kind == ImageKind::FullServer { "InstanceImage" } else { "SystemImage" };
        assert_eq!(seen["ImageClass"], class);
        let no = code_light(&server, "alice", MODIFY, mark("SHARE", &id)).await;
        assert_eq!(no, "UnsupportedOperation.ImageUnableToShare", "{kind:?} {status:?}");
    }
}

async fn refusals_are_in_lighthouses_words(server: TestServer) {
    let id = image(&server, "alice", "erp").await;
    ask_light(&server, "alice", MODIFY, mark("SHARE", &id)).await;
    let blueprint = id.replace("img-", "lhbp-");
    let share = |id: &str, account: &str| json!({"BlueprintId": id, "AccountIds": [account]});
    let rows = [
        ("alice", MODIFY, mark("SHARE", "img-1"), "InvalidParameterValue.InvalidImageIdMalformed"),
        ("alice", MODIFY, mark("SHARE", "img-00000000"), "ResourceNotFound.ImageIdNotFound"),
        ("carol", MODIFY, mark("SHARE", &id), "ResourceNotFound.ImageIdNotFound"),
        ("alice", MODIFY, mark("LEND", &id), "InvalidParameterValue"),
    ];
    for (person, action, body, expected) in rows {
        assert_eq!(code_light(&server, person, action, body.clone()).await, expected, "{body}");
    }
    let across = "ShareBlueprintAcrossAccounts";
    let rows = [
        ("alice", share("lhbp-1", BOB), "InvalidParameterValue.BlueprintIdMalformed"),
        ("alice", share(&id, BOB), "InvalidParameterValue.BlueprintIdMalformed"),
        ("alice", share("lhbp-00000000", BOB), "ResourceNotFound.BlueprintIdNotFound"),
        ("carol", share(&blueprint, BOB), "ResourceNotFound.BlueprintIdNotFound"),
        ("alice", share(&blueprint, "100000000001"), "InvalidParameterValue.AccountIdSameWithUin"),
        ("alice", share(&blueprint, "999"), "InvalidParameterValue.AccountIdsNotExist"),
        ("alice", share(&blueprint, "x"), "InvalidParameterValue.AccountIdsNotExist"),
        ("alice", json!({"BlueprintId": blueprint}), "MissingParameter"),
    ];
    for (person, body, expected) in rows {
        assert_eq!(code_light(&server, person, across, body.clone()).await, expected, "{body}");
    }
    for action in ["CreateBlueprint", "SyncBlueprint"] {
        let refused = code_light(&server, "alice", action, json!({})).await;
        assert_eq!(refused, "UnsupportedOperation", "{action}");
    }
    assert_eq!(code_light(&server, "alice", "DescribeInstances", json!({})).await, "InvalidAction");
    let limit = json!({"Limit": 101});
    let refused = code_light(&server, "alice", "DescribeBlueprints", limit).await;
    assert_eq!(refused, "InvalidParameterValue.LimitExceeded");
}
