//! Vaults and backups, as far as accepting a full-server image needs them; and all profiles.

use lendglass_core::profile::Profile;
use lendglass_store::db::Engine;
use serde_json::{Value, json};

use crate::support::{self, A, B, TestServer, on_both_engines};
use crate::{MEMBERS, check_img, found, job, make, offered, share};

on_both_engines!("huawei":
    fs_01_a_full_server_image_is_accepted_into_a_vault,
    t_020_a_whole_image_is_made_of_a_backup,
    a_vault_is_made_changed_and_deleted,
);

async fn vault(server: &TestServer, person: &str, protection: &str, size: u32) -> String {
    let billing = json!({"size": size, "object_type": "server", "protect_type": protection});
    let body = json!({"vault": {"name": format!("v-{protection}-{size}"), "billing": billing}});
    let path = "/v3/%7Bproject_id%7D/vaults";
    let made = server.request(person, "POST", path, body).await.expect(200).json();
    made["vault"]["id"].as_str().unwrap().to_owned()
}

/// A full-server image of alice's, of a backup that takes 1 GiB of a vault of this size.
async fn full_server(server: &TestServer, vault_gib: u32) -> String {
    let disk = make(server, "alice", json!({})).await;
    let kept = vault(server, "alice", "backup", vault_gib).await;
    let body = json!({"vault": kept, "disks": [disk]});
    let backup = server.request("alice", "POST", "/api/v1/backups", body).await.expect(201).json();
    let path = format!("/api/v1/backups/{}/image", backup["id"].as_str().unwrap());
    let image = server.request("alice", "POST", &path, json!({"name": "whole"})).await.expect(201);
    image.json()["id"].as_str().unwrap().to_owned()
}

async fn t_020_a_whole_image_is_made_of_a_backup(server: TestServer) {
    let disk = make(&server, "alice", json!({})).await;
    let kept = vault(&server, "alice", "backup", 10).await;
    let body = json!({"vault": kept, "disks": [disk]});
    let backup = server.request("alice", "POST", "/api/v1/backups", body).await.expect(201).json();
    let make_whole = async |person: &str, fields: Value| {
        let mut body = json!({"name": "whole", "backup_id": backup["id"],
            "whole_image_type": "CBR", "description": "all of it",
            "image_tags": [{"key": "env", "value": "prod"}, {"key": "web"}]});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        server.request(person, "POST", "/v1/cloudimages/wholeimages/action", body).await
    };
    check_img(make_whole("alice", json!({"whole_image_type": "CSBS"})).await, "IMG.0001");
    check_img(make_whole("alice", json!({"name": null})).await, "IMG.0013");
    check_img(make_whole("alice", json!({"image_tags": "x"})).await, "IMG.0001");
    check_img(make_whole("bob", json!({})).await, "IMG.0020");
    let of_server = json!({"backup_id": null, "instance_id": "i", "vault_id": kept});
    check_img(make_whole("alice", of_server).await, "IMG.0018");
    let done = job(&server, "alice", make_whole("alice", json!({})).await).await;
    assert_eq!(done["status"], "SUCCESS");
    assert_eq!(done["job_type"], "imsCreateWholeImageByBackupJob");
    assert_eq!(done["entities"]["image_name"], "whole");
    let id = done["entities"]["image_id"].as_str().unwrap();
    let seen = found(&server, "alice", &format!("id={id}")).await.remove(0);
    assert_eq!((&seen["__whole_image"], &seen["status"]), (&json!("true"), &json!("active")));
    assert_eq!(
        (&seen["__description"], &seen["tags"]),
        (&json!("all of it"), &json!(["env=prod", "web"]))
    );
    let again = make_whole("alice", json!({})).await;
    let after = format!("/v3/{A}/vaults?limit=100&marker={kept}");
    let rest = server.request("alice", "GET", &after, ()).await.expect(200).json();
    assert_eq!(rest["vaults"], json!([]));
    let after = format!("/v3/{A}/backups?marker={}", backup["id"].as_str().unwrap());
    let rest = server.request("alice", "GET", &after, ()).await.expect(200).json();
    assert_eq!(rest["backups"], json!([]));
    assert!(again.expect(400).json()["error"]["code"].as_str().unwrap().starts_with("IMG."));
}

async fn fs_01_a_full_server_image_is_accepted_into_a_vault(server: TestServer) {
    let image = full_server(&server, 10).await;
    let seen = found(&server, "alice", "__whole_image=true").await.remove(0);
    assert_eq!((&seen["id"], &seen["__whole_image"]), (&json!(image), &json!("true")));
    job(&server, "alice", share(&server, "alice", &[&image], &[B]).await).await;
    let accept = async |vault: Option<&str>| {
        let mut body = json!({"images": [image], "project_id": B, "status": "accepted"});
        body["vault_id"] = json!(vault);
        server.request("bob", "PUT", MEMBERS, body).await
    };
    check_img(accept(None).await, "IMG.0184");
    check_img(accept(Some("feedfeedfeedfeedfeedfeedfeedfeed")).await, "IMG.0184");
    let replicas = vault(&server, "bob", "replication", 10).await;
    check_img(accept(Some(&replicas)).await, "IMG.0193");
    let good = vault(&server, "bob", "backup", 1).await;
    job(&server, "bob", accept(Some(&good)).await).await;
    assert_eq!(offered(&server, "bob", "accepted").await, [image.as_str()]);

    let path = format!("/v3/{B}/backups?vault_id={good}");
    let list = server.request("bob", "GET", &path, ()).await.expect(200).json();
    assert_eq!((&list["count"], &list["backups"][0]["vault_id"]), (&json!(1), &json!(good)));
    let path = format!("/v3/{B}/backups/{}", list["backups"][0]["id"].as_str().unwrap());
    let backup = server.request("bob", "GET", &path, ()).await.expect(200).json();
    assert_eq!(backup["backup"], list["backups"][0]);
    let held = server.request("bob", "DELETE", &path, ()).await.expect(400).json();
    assert_eq!(held["error_code"], "BackupService.6710");
    let path = format!("/v3/{B}/vaults/{good}");
    let filled = server.request("bob", "GET", &path, ()).await.expect(200).json();
    assert_eq!(filled["vault"]["billing"]["used"], 1024);

    let second = full_server(&server, 11).await;
    job(&server, "alice", share(&server, "alice", &[&second], &[B]).await).await;
    let body = json!({"images": [second], "project_id": B, "status": "accepted", "vault_id": good});
    check_img(server.request("bob", "PUT", MEMBERS, body).await, "IMG.0182");
}

async fn a_vault_is_made_changed_and_deleted(server: TestServer) {
    let id = vault(&server, "alice", "backup", 10).await;
    let path = format!("/v3/{A}/vaults/{id}");
    let body = json!({"vault": {"name": "renamed", "billing": {"size": 20}}});
    let changed = server.request("alice", "PUT", &path, body).await.expect(200).json();
    assert_eq!(
        (&changed["vault"]["name"], &changed["vault"]["billing"]["size"]),
        (&json!("renamed"), &json!(20))
    );
    let list = format!("/v3/{A}/vaults?object_type=server&protect_type=backup");
    let list = server.request("alice", "GET", &list, ()).await.expect(200).json();
    assert_eq!((&list["count"], &list["vaults"][0]), (&json!(1), &changed["vault"]));
    let foreign = format!("/v3/{B}/vaults/{id}");
    let refused: Value = server.request("bob", "GET", &foreign, ()).await.expect(404).json();
    assert_eq!(refused["error_code"], "BackupService.6105");
    assert!(refused["error_msg"].as_str().is_some_and(|text| text.contains(&id)));
    let body = json!({"vault": {"name": "v"}});
    let path_all = format!("/v3/{A}/vaults");
    server.request("alice", "POST", &path_all, body).await.expect(400);
    server.request("alice", "DELETE", &path, ()).await.expect(204);
    server.request("alice", "GET", &path, ()).await.expect(404);
}

/// Dialect and profile do not know of each other: one story under each profile.
#[tokio::test(flavor = "multi_thread")]
async fn every_profile_works() {
    for profile in Profile::ALL {
        let name = profile.as_str();
        let server = TestServer::start(Engine::Sqlite, name).await;
        let image = make(&server, "alice", json!({})).await;
        let done = job(&server, "alice", share(&server, "alice", &[&image], &[B]).await).await;
        assert_eq!(done["status"], "SUCCESS", "{name}");
        let is_automatic = offered(&server, "bob", "accepted").await == [image.as_str()];
        assert_eq!(is_automatic, *profile == Profile::Tencent, "{name}");
        let done =
            job(&server, "bob", crate::answer(&server, "bob", &image, B, "accepted").await).await;
        assert_eq!(done["status"], "SUCCESS", "{name}");
        assert_eq!(offered(&server, "bob", "accepted").await, [image.as_str()], "{name}");
        let query = format!("id={image}&__imagetype=shared");
        for person in ["alice", "bob"] {
            let seen = found(&server, person, &query).await;
            assert_eq!(
                (seen.len(), &seen[0]["visibility"]),
                (1, &json!("shared")),
                "{name}: {person}"
            );
        }
        let body = json!({"images": [image], "projects": [B]});
        let ended = server.request("alice", "DELETE", MEMBERS, body).await;
        if *profile == Profile::CtyunV4 {
            assert_eq!(ended.status.as_u16(), 400, "{name}: what was accepted is not taken back");
        } else {
            assert_eq!(job(&server, "alice", ended).await["status"], "SUCCESS", "{name}");
            assert!(offered(&server, "bob", "accepted").await.is_empty(), "{name}");
        }
    }
}
