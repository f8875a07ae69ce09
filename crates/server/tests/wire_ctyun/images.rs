//! Records: shown, changed, labelled, withheld, copied, deleted.

use serde_json::{Value, json};

use crate::support::{self, TestServer, on_both_engines};
use crate::{UNKNOWN, ask, check_refused, done, make};

on_both_engines!("lendglass":
    an_image_has_its_fields_by_old_and_new_names,
    what_is_changed_is_seen_in_every_dialect,
    labels_are_bound_to_several_images_or_to_none,
    an_image_is_withheld_and_given_back,
    copies_have_names,
    what_is_not_here_is_refused,
);

async fn detail(server: &TestServer, person: &str, image: &str) -> Value {
    let fields = json!({"imageID": image, "errorFree": false});
    done(server, person, "detail", fields).await["images"][0].clone()
}

async fn an_image_has_its_fields_by_old_and_new_names(server: TestServer) {
    let fields = json!({"name": "web", "min_disk": 40, "min_ram": 1500, "max_ram": "4096",
        "os_version": "Ubuntu 22.04 server 64bit", "hw_firmware_type": "uefi",
        "description": "front", "tags": ["env=prod", "blue"]});
    let image = make(&server, "alice", fields).await;
    let seen = detail(&server, "alice", &image).await;
    for (name, value) in [
        ("imageID", json!(image)),
        ("imageName", json!("web")),
        ("description", json!("front")),
        ("imageType", Value::Null),
        ("imageClass", json!("ECS")),
        ("imageSource", json!("image_file")),
        ("imageSize", json!(12)),
        ("size", json!(12)),
        ("diskSize", json!(40)),
        ("diskFormat", json!("raw")),
        ("architecture", json!("x86_64")),
        ("bootMode", json!("uefi")),
        ("osType", json!("linux")),
        ("osDistro", json!("Ubuntu")),
        ("osVersion", json!("Ubuntu 22.04 server 64bit")),
        ("minimumRAM", json!(2)),
        ("maximumRAM", json!(4)),
        ("isEncrypt", json!(false)),
        ("imageVisibility", json!("private")),
        ("visibility", json!("private")),
        ("imageVisibilityCode", json!(0)),
        ("imageStatus", json!("active")),
        ("status", json!("active")),
        ("imageShareCount", json!(0)),
        ("sharedListLength", json!(0)),
        ("hasAcceptedSharedImages", json!(false)),
        ("destinationAccountID", Value::Null),
        ("createdTime", json!(1_767_225_600)),
        ("createdTimeStr", json!("2026-01-01T00:00:00Z")),
        ("projectID", json!("0")),
    ] {
        assert_eq!(seen[name], value, "{name}");
    }
    let labels = seen["labels"].as_array().unwrap();
    assert!(labels.contains(&json!({"labelKey": "env", "labelValue": "prod"})));
    assert!(labels.contains(&json!({"labelKey": "blue", "labelValue": ""})));
    // Who may not see it sees what an unknown id shows.
    for id in [image.as_str(), UNKNOWN, "no-id"] {
        let nothing = done(&server, "carol", "detail", json!({"imageID": id})).await;
        assert_eq!(nothing, json!({"images": []}));
        let fields = json!({"imageID": id, "errorFree": "false"});
        check_refused(&server, "carol", "detail", fields, "Image.Image.NotFound").await;
    }
}

async fn what_is_changed_is_seen_in_every_dialect(server: TestServer) {
    let image = make(&server, "alice", json!({"description": "old"})).await;
    // Every field is there, unset ones as null.
    let fields = json!({"imageID": image, "imageName": "new", "description": null,
        "bootMode": "bios", "maximumRAM": 8, "minimumRAM": null, "supportXSSD": true});
    assert_eq!(done(&server, "alice", "update", fields).await, json!({}));
    let path = format!("/v2/images/{image}");
    let glance = server.request("alice", "GET", &path, ()).await.expect(200).json();
    assert_eq!((&glance["name"], &glance["description"]), (&json!("new"), &json!("old")));
    assert_eq!((&glance["hw_firmware_type"], &glance["max_ram"]), (&json!("bios"), &json!("8192")));
    let seen = detail(&server, "alice", &image).await;
    assert_eq!((&seen["maximumRAM"], &seen["supportXSSD"]), (&json!(8), &json!(true)));
    done(&server, "alice", "update", json!({"imageID": image, "description": ""})).await;
    assert_eq!(detail(&server, "alice", &image).await["description"], "");
    let bad = json!({"imageID": image, "bootMode": "pxe"});
    check_refused(&server, "alice", "update", bad, "Openapi.Parameter.Error").await;
    let bad = json!({"imageID": image, "minimumRAM": 4_194_304_000_u64});
    check_refused(&server, "alice", "update", bad, "Openapi.Parameter.Error").await;
    let rename = json!({"imageID": image, "imageName": "mine"});
    check_refused(&server, "rita", "update", rename.clone(), "CTIAM_0005").await;
    check_refused(&server, "carol", "update", rename.clone(), "Image.Image.NotFound").await;
    let offer = json!({"imageID": image, "destinationAccountID": "y"});
    done(&server, "alice", "shared-image/create", offer).await;
    check_refused(&server, "bob", "update", rename, "Image.Image.NotOwned").await;
    let delete = json!({"imageID": image});
    check_refused(&server, "bob", "delete", delete.clone(), "Image.Image.NotOwned").await;
    done(&server, "alice", "delete", delete.clone()).await;
    check_refused(&server, "alice", "delete", delete, "Image.Image.NotFound").await;
}

async fn labels_are_bound_to_several_images_or_to_none(server: TestServer) {
    let one = make(&server, "alice", json!({"tags": ["env=test"]})).await;
    let two = make(&server, "alice", json!({})).await;
    let labels = |ids: &str, verb: &str, value: &str| {
        json!({"imageIDList": ids, "operateType": verb,
            "labels": [{"labelKey": "env", "labelValue": value}]})
    };
    let tags = async |id: &str| {
        let path = format!("/v2/images/{id}");
        server.request("alice", "GET", &path, ()).await.expect(200).json()["tags"].clone()
    };
    let both = format!("{one},{two}");
    done(&server, "alice", "update-labels", labels(&both, "BIND", "prod")).await;
    assert_eq!((tags(&one).await, tags(&two).await), (json!(["env=prod"]), json!(["env=prod"])));
    let half = format!("{one},{UNKNOWN}");
    let fields = labels(&half, "BIND", "lost");
    check_refused(&server, "alice", "update-labels", fields, "Image.Image.NotFound").await;
    assert_eq!(tags(&one).await, json!(["env=prod"]), "one unknown image keeps the others");
    done(&server, "alice", "update-labels", labels(&one, "UNBIND", "prod")).await;
    assert_eq!((tags(&one).await, tags(&two).await), (json!([]), json!(["env=prod"])));
    for bad in [
        labels(&one, "TURN", "x"),
        json!({"imageIDList": one, "operateType": "BIND", "labels": []}),
        json!({"imageIDList": one, "operateType": "BIND", "labels": "env"}),
        json!({"imageIDList": "", "operateType": "BIND", "labels": [{"labelKey": "a"}]}),
    ] {
        check_refused(&server, "alice", "update-labels", bad, "Openapi.Parameter.Error").await;
    }
}

async fn an_image_is_withheld_and_given_back(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    done(&server, "alice", "deactivate", json!({"imageID": image})).await;
    assert_eq!(detail(&server, "alice", &image).await["imageStatus"], "deactivated");
    let offer = json!({"imageID": image, "destinationAccountID": "y"});
    check_refused(&server, "alice", "shared-image/create", offer, "Image.Image.NotActive").await;
    // The vendor's documents have these two calls' fields in the query.
    let path = format!("/v4/image/reactivate?regionID=r1&imageID={image}");
    let answer = server.request("alice", "POST", &path, ()).await.expect(200).json();
    assert_eq!(answer["statusCode"], 800, "{answer}");
    assert_eq!(detail(&server, "alice", &image).await["imageStatus"], "active");
}

async fn copies_have_names(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    let copy = json!({"imageID": image, "imageName": "mine", "description": "my own",
        "labels": [{"labelKey": "env", "labelValue": "prod"}, {"labelKey": "blue"}]});
    check_refused(&server, "bob", "create-from-shared", copy.clone(), "Image.Image.NotFound").await;
    let offer = json!({"imageID": image, "destinationAccountID": "y"});
    done(&server, "alice", "shared-image/create", offer).await;
    let waiting = "Image.Share.StatusNotAllowed";
    check_refused(&server, "bob", "create-from-shared", copy.clone(), waiting).await;
    done(&server, "bob", "shared-image/accept", json!({"imageID": image})).await;
    let begun = done(&server, "bob", "create-from-shared", copy.clone()).await;
    let id = begun["images"][0]["imageID"].as_str().unwrap().to_owned();
    let seen = detail(&server, "bob", &id).await;
    assert_eq!((&seen["imageName"], &seen["imageStatus"]), (&json!("mine"), &json!("syncing")));
    let labels = seen["labels"].as_array().unwrap();
    assert_eq!((&seen["description"], labels.len()), (&json!("my own"), 2), "{seen}");
    assert!(labels.contains(&json!({"labelKey": "env", "labelValue": "prod"})));
    let mut encrypted = copy.clone();
    encrypted["cmkID"] = json!("k-1");
    let code = "Image.Operation.NotSupported";
    check_refused(&server, "alice", "copy", encrypted, code).await;
    done(&server, "alice", "copy", copy).await;
    let nameless = json!({"imageID": image, "imageName": null});
    check_refused(&server, "alice", "copy", nameless, "Openapi.Parameter.Error").await;

    let regions = done(&server, "alice", "list-supported-dest-crr-regions", json!({})).await;
    assert_eq!(regions, json!({"regions": ["r2"]}));
    let there =
        |region: &str| json!({"imageID": image, "imageName": "far", "destinationRegionID": region});
    let unknown = "Openapi.RegionInfo.AccessFailed";
    check_refused(&server, "alice", "cross-region-copy", there("r9"), unknown).await;
    check_refused(&server, "alice", "cross-region-copy", there("r2"), "Openapi.Parameter.Error")
        .await;
    let project = json!({"project": {"name": "A-r2", "domain_id": "x", "region": "r2"}});
    let made = server.request("operator", "POST", "/v3/projects", project).await.expect(201);
    let project = made.json()["project"]["id"].as_str().unwrap().to_owned();
    let role = format!("/v3/projects/{project}/users/alice/roles/member");
    server.request("operator", "PUT", &role, ()).await.expect(204);
    done(&server, "alice", "cross-region-copy", there("r2")).await;
}

async fn what_is_not_here_is_refused(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    for name in [
        "create",
        "create-from-data-disk",
        "create-from-ecs",
        "create-from-ecs-snapshot",
        "import",
        "validate-file-source",
        "list-import-tasks",
        "delete-import-task",
        "list-tasks",
        "action-task",
        "export",
    ] {
        let answer = ask(&server, "alice", name, json!({"imageID": image})).await;
        crate::check_code(&answer, "Image.Operation.NotSupported", name);
    }
    let foreign = json!({"imageID": image});
    check_refused(&server, "carol", "export", foreign, "Image.Image.NotFound").await;
}
