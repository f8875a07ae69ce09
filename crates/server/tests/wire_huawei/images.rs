//! The list with its filters, attributes and their types; changes, copies, ceilings, absences.

use serde_json::{Value, json};

use crate::support::{self, A, B, TestServer, on_both_engines};
use crate::{UNKNOWN, check_img, found, ids, job, make, share};

on_both_engines!("huawei":
    an_image_has_attributes_of_their_types,
    filters_narrow_the_list,
    pages_end_with_an_empty_one,
    terraform_adds_what_it_could_not_replace,
    a_recipient_changes_nothing_and_copies_what_he_accepted,
    what_needs_other_services_is_refused,
    ceilings_are_told,
);

async fn patch(server: &TestServer, person: &str, id: &str, operations: Value) -> support::Answer {
    server.request(person, "PATCH", &format!("/v2/cloudimages/{id}"), operations).await
}

async fn an_image_has_attributes_of_their_types(server: TestServer) {
    let id =
        make(&server, "alice", json!({"os_version": "CentOS 7.9 64bit", "min_ram": 512})).await;
    let image = found(&server, "alice", &format!("id={id}")).await.remove(0);
    let expected = json!({
        "__image_size": "12", "__image_source_type": "uds", "__imagetype": "private",
        "__isregistered": "true", "__os_type": "Linux", "__os_bit": "64", "__platform": "CentOS",
        "__os_version": "CentOS 7.9 64bit", "__system_support_market": false,
        "virtual_env_type": "FusionCompute", "container_format": "bare", "disk_format": "raw",
        "created_at": "2026-01-01T00:00:00Z", "active_at": "2026-01-01T00:00:00Z",
        "min_disk": 0, "min_ram": 512, "protected": false, "status": "active", "tags": [],
        "owner": A, "visibility": "private", "self": format!("/v2/images/{id}"), "size": 12,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(image[name], *value, "{name}");
    }
    assert!(image.get("__whole_image").is_none());
    // Computed names cannot be forged.
    let forged = json!([{"op": "add", "path": "/__imagetype", "value": "gold"}]);
    check_img(patch(&server, "alice", &id, forged).await, "IMG.0001");
}

async fn filters_narrow_the_list(server: TestServer) {
    let fields = json!({"name": "ubu", "os_distro": "ubuntu", "tags": ["env=prod"], "min_ram": 8});
    let one = make(&server, "alice", fields).await;
    server.step(60).await;
    let two = make(&server, "alice", json!({"name": "win", "os_type": "windows"})).await;
    for (query, expected) in [
        ("__platform=Ubuntu", vec![&one]),
        ("__os_type=Windows", vec![&two]),
        ("tag=env=prod", vec![&one]),
        ("tag=env%3Dprod", vec![&one]),
        ("name=win&status=active&protected=false", vec![&two]),
        ("min_ram=8", vec![&one]),
        ("virtual_env_type=FusionCompute", vec![&two, &one]),
        ("virtual_env_type=Ironic", vec![]),
        ("__whole_image=true", vec![]),
        ("__isregistered=true&enterprise_project_id=0", vec![&two, &one]),
        ("__isregistered=false", vec![]),
        ("__imagetype=market", vec![]),
        ("__imagetype=gold&visibility=private", vec![]),
        ("__imagetype=private&visibility=private", vec![&two, &one]),
        ("created_at=gt:2026-01-01T00:00:30Z", vec![&two]),
        ("created_at=lte:2026-01-01%2000:00:30", vec![&one]),
        ("sort_key=name&sort_dir=desc", vec![&two, &one]),
        ("sort_key=created_at&sort_dir=asc", vec![&one, &two]),
        ("limit=1", vec![&two]),
    ] {
        let query = format!("owner={A}&{query}");
        assert_eq!(
            ids(&server, "alice", &query).await.iter().collect::<Vec<_>>(),
            expected,
            "{query}"
        );
    }
    for (bad, code) in [
        ("limit=-1", "IMG.0001"),
        ("__imagetype=x", "IMG.0001"),
        ("visibility=x", "IMG.0001"),
        ("created_at=x", "IMG.0001"),
        ("sort_dir=up", "IMG.0001"),
        ("min_ram=x", "IMG.0055"),
    ] {
        let path = format!("/v2/cloudimages?{bad}");
        check_img(server.request("alice", "GET", &path, ()).await, code);
    }
    let path = format!("/v2/cloudimages?marker={UNKNOWN}");
    check_img(server.request("alice", "GET", &path, ()).await, "IMG.0017");
}

async fn pages_end_with_an_empty_one(server: TestServer) {
    for _ in 0..4 {
        make(&server, "alice", json!({})).await;
        server.step(1).await;
    }
    let (mut marker, mut sizes) = (String::new(), Vec::new());
    while sizes.last() != Some(&0) {
        let path = format!("/v2/cloudimages?limit=2{marker}");
        let page = server.request("alice", "GET", &path, ()).await.expect(200).json();
        let images = page["images"].as_array().unwrap();
        sizes.push(images.len());
        if let Some(last) = images.last() {
            assert_eq!(page["page_info"]["next_marker"], last["id"]);
            marker = format!("&marker={}", last["id"].as_str().unwrap());
        }
    }
    assert_eq!(sizes, [2, 2, 0]);
}

async fn terraform_adds_what_it_could_not_replace(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    let set = |op: &str, name: &str, value: Value| json!([{"op": op, "path": format!("/{name}"), "value": value}]);
    check_img(
        patch(&server, "alice", &id, set("replace", "__description", json!("d"))).await,
        "IMG.0035",
    );
    let image = patch(&server, "alice", &id, set("add", "__description", json!("d"))).await;
    assert_eq!(image.expect(200).json()["__description"], "d");
    let image = patch(&server, "alice", &id, set("replace", "__description", json!("e"))).await;
    assert_eq!(image.expect(200).json()["__description"], "e");
    let body = json!([
        {"op": "replace", "path": "/name", "value": "new"},
        {"op": "replace", "path": "/min_ram", "value": "1024"},
        {"op": "add", "path": "/max_ram", "value": 2048},
        {"op": "add", "path": "/hw_firmware_type", "value": "uefi"},
        {"op": "add", "path": "/enterprise_project_id", "value": "0"},
    ]);
    let image = patch(&server, "alice", &id, body).await.expect(200).json();
    assert_eq!((&image["name"], &image["min_ram"]), (&json!("new"), &json!(1024)));
    assert_eq!((&image["max_ram"], &image["hw_firmware_type"]), (&json!("2048"), &json!("uefi")));
    let removed = patch(&server, "alice", &id, json!([{"op": "remove", "path": "/max_ram"}])).await;
    assert!(removed.expect(200).json().get("max_ram").is_none());
    check_img(
        patch(&server, "alice", &id, json!([{"op": "remove", "path": "/name"}])).await,
        "IMG.0001",
    );
    check_img(patch(&server, "alice", &id, set("add", "Upper", json!("x"))).await, "IMG.0001");
    check_img(patch(&server, "alice", &id, set("replace", "name", json!(" x"))).await, "IMG.0003");
    check_img(
        patch(&server, "alice", UNKNOWN, set("replace", "name", json!("x"))).await,
        "IMG.0066",
    );
}

async fn a_recipient_changes_nothing_and_copies_what_he_accepted(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    job(&server, "alice", share(&server, "alice", &[&id], &[B]).await).await;
    let rename = json!([{"op": "replace", "path": "/name", "value": "mine"}]);
    check_img(patch(&server, "bob", &id, rename).await, "IMG.0047");
    let path = format!("/v1/cloudimages/{id}/copy");
    let wish = json!({"name": "copy", "description": "my own"});
    let copy = || server.request("bob", "POST", &path, wish.clone());
    check_img(copy().await, "IMG.0196");
    job(&server, "bob", crate::answer(&server, "bob", &id, B, "accepted").await).await;
    let begun = job(&server, "bob", copy().await).await;
    assert_eq!(
        (&begun["job_type"], &begun["end_time"]),
        (&json!("imsCopyImageInRegionJob"), &json!(""))
    );
    assert_eq!(begun["entities"]["image_name"], "copy");
    let made = begun["entities"]["image_id"].as_str().unwrap();
    assert_eq!(found(&server, "bob", &format!("id={made}")).await[0]["status"], "saving");
    lendglass_server::jobs::drain(&server.app, "worker").await.unwrap();
    let copied = found(&server, "bob", &format!("id={made}")).await.remove(0);
    assert_eq!((&copied["status"], &copied["owner"]), (&json!("active"), &json!(B)));
    assert_eq!(copied["__originalimagename"], *id);

    check_img(server.request("bob", "POST", &path, json!({})).await, "IMG.0013");
    let keyed = json!({"name": "copy", "cmk_id": "k"});
    check_img(server.request("bob", "POST", &path, keyed).await, "IMG.0018");
    let path = format!("/v1.1/images/{made}");
    check_img(server.request("alice", "DELETE", &path, ()).await, "IMG.0066");
    server.request("bob", "DELETE", &path, ()).await.expect(204);
    assert!(ids(&server, "bob", &format!("id={made}")).await.is_empty());
}

async fn what_needs_other_services_is_refused(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    let action = "/v2/cloudimages/action";
    for (path, body, code) in [
        (action, json!({"name": "n", "instance_id": "i"}), "IMG.0018"),
        (action, json!({"data_images": [{"name": "n", "volume_id": "v"}]}), "IMG.0018"),
        (action, json!({"instance_id": "i"}), "IMG.0013"),
        (action, json!({"name": "n"}), "IMG.0012"),
        (action, json!([]), "IMG.0001"),
        ("/v1/cloudimages/dataimages/action", json!({"name": "n", "image_url": "b:o"}), "IMG.0018"),
        (
            "/v1/cloudimages/wholeimages/action",
            json!({"name": "n", "instance_id": "i"}),
            "IMG.0018",
        ),
        (
            "/v2.1/cloudimages/quickimport/action",
            json!({"name": "n", "image_url": "b:o"}),
            "IMG.0018",
        ),
        (&format!("/v1/cloudimages/{id}/file"), json!({"bucket_url": "b:o"}), "IMG.0018"),
        (&format!("/v1/cloudimages/{UNKNOWN}/file"), json!({"bucket_url": "b:o"}), "IMG.0066"),
        (&format!("/v1/cloudimages/{id}/cross_region_copy"), json!({"name": "n"}), "IMG.0001"),
        (
            &format!("/v1/cloudimages/{id}/cross_region_copy"),
            json!({"name": "n", "region": "r2", "project_name": "D", "agency_name": "a"}),
            "IMG.0030",
        ),
    ] {
        check_img(server.request("alice", "POST", path, body).await, code);
    }
    let path = format!("/v1/cloudimages/{id}/upload");
    check_img(server.request("alice", "PUT", &path, json!({"image_url": "b:o"})).await, "IMG.0018");
}

async fn ceilings_are_told(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    job(&server, "alice", share(&server, "alice", &[&id], &[B]).await).await;
    for path in ["/v1/cloudimages/quota".to_owned(), format!("/v1/{A}/cloudimages/quota")] {
        let view = server.request("alice", "GET", &path, ()).await.expect(200).json();
        let of = |kind: &str| {
            let list = view["quotas"]["resources"].as_array().unwrap();
            let one = list.iter().find(|resource| resource["type"] == kind).unwrap();
            (one["used"].as_i64().unwrap(), one["quota"].as_i64().unwrap())
        };
        assert_eq!(of("image"), (1, 50));
        assert_eq!(of("image_shared"), (1, -1));
        assert_eq!(of("image_member"), (0, 256));
    }
    let path = "/v1/cloudimages/os_version";
    let all = server.request("alice", "GET", path, ()).await.expect(200).json();
    let arm = server.request("alice", "GET", &format!("{path}?tag=arm"), ()).await.json();
    assert!(all.as_array().unwrap().len() > arm.as_array().unwrap().len());
    let first = &all[0]["version_list"][0];
    assert_eq!((&first["os_bit"], &first["os_version"]), (&json!(64), &first["os_version_key"]));
}
