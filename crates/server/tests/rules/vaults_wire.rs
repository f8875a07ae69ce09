//! Vaults and backups as the native API tells of them: statuses, shapes, names of codes.

use serde_json::{Value, json};

use crate::support::{B, TestServer};

/// Bytes of disks that are `raw` whatever they are.
const SYSTEM: &[u8] = b"the system disk";
const DATA: &[u8] = b"the data disk of it";

stories! {
    huawei "huawei":
        fs_01_the_life_of_a_full_server_image,
        fs_02_refusals_have_their_statuses,
        fs_12_a_vault_from_birth_to_death,
        ap_05_a_vault_made_twice_with_one_key_is_one;
}

struct Talk<'a>(&'a TestServer);

impl Talk<'_> {
    async fn json(
        &self,
        person: &str,
        method: &str,
        path: &str,
        body: Value,
        status: u16,
    ) -> Value {
        let path = format!("/api/v1{path}");
        let answer = if body.is_null() {
            self.0.request(person, method, &path, ()).await
        } else {
            self.0.request(person, method, &path, body).await
        };
        answer.expect(status).json()
    }

    async fn get(&self, person: &str, path: &str) -> Value {
        self.json(person, "GET", path, Value::Null, 200).await
    }

    async fn disk(&self, name: &str, kind: &str, bytes: &[u8]) -> String {
        let body = json!({"name": name, "kind": kind, "disk_format": "raw"});
        let made = self.json("alice", "POST", "/images", body, 201).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/images/{id}/file");
        self.0.request("alice", "PUT", &path, bytes.to_vec()).await.expect(200);
        id
    }

    async fn vault(&self, person: &str, name: &str, gib: u32) -> String {
        let body = json!({"name": name, "capacity_gib": gib});
        let made = self.json(person, "POST", "/vaults", body, 201).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// A full-server image of two disks that bob was offered.
    async fn offered(&self, name: &str) -> String {
        let vault = self.vault("alice", &format!("of-{name}"), 10).await;
        let system = self.disk(&format!("{name}-sys"), "system", SYSTEM).await;
        let data = self.disk(&format!("{name}-data"), "data", DATA).await;
        let body = json!({"vault": vault, "name": name, "disks": [system, data]});
        let backup = self.json("alice", "POST", "/backups", body, 201).await;
        assert_eq!(
            (&backup["size_gib"], &backup["disks"][1]["name"]),
            (&json!(2), &json!(format!("{name}-data")))
        );
        let path = format!("/backups/{}/image", backup["id"].as_str().unwrap());
        let body = json!({"name": name, "description": "nightly", "tags": ["full"]});
        let image = self.json("alice", "POST", &path, body, 201).await;
        assert_eq!((&image["kind"], &image["status"]), (&json!("full_server"), &json!("active")));
        assert_eq!(
            (&image["tags"], &image["properties"]["description"]),
            (&json!(["full"]), &json!("nightly"))
        );
        assert_eq!(image["disk_capacity_gib"], Value::Null, "shown as --");
        let again = self.json("alice", "POST", &path, json!({}), 409).await;
        assert_eq!(again["code"], "BACKUP_HAS_IMAGE");
        let id = image["id"].as_str().unwrap().to_owned();
        let body = json!({"images": [id], "recipients": [B]});
        self.json("alice", "POST", "/shares", body, 200).await;
        id
    }

    async fn accept(&self, image: &str, vault: Option<&str>, status: u16) -> Value {
        let body = json!({"images": [image], "answer": "accept", "vault": vault});
        self.json("bob", "POST", "/shares/answers", body, status).await
    }
}

async fn fs_01_the_life_of_a_full_server_image(cloud: &crate::cloud::Cloud) {
    let talk = Talk(cloud);
    let full = talk.offered("erp-full").await;
    let path = format!("/images/{full}");
    let seen = talk.get("bob", &path).await;
    assert_eq!(seen["actions"]["accept"], json!({"allowed": true, "vault_gib": 2}));
    assert_eq!(talk.get("alice", &path).await["actions"]["accept"].get("vault_gib"), None);
    let disks = talk.get("bob", &format!("{path}/disks")).await;
    assert_eq!((&disks["total_gib"], &disks["disks"][0]["name"]), (&json!(2), &Value::Null));
    let own = talk.get("alice", &format!("{path}/disks")).await;
    assert_eq!(own["disks"][0]["name"], "erp-full-sys");
    let refused = talk.accept(&full, None, 400).await;
    assert_eq!((&refused["code"], &refused["done"]), (&json!("VAULT_REQUIRED"), &json!(false)));
    let vault = talk.vault("bob", "vault-erp", 3).await;
    let accepted = talk.accept(&full, Some(&vault), 200).await;
    assert_eq!(accepted["results"][0]["state"], "accepted");
    let job = talk.get("bob", &format!("/jobs/{}", accepted["job"].as_str().unwrap())).await;
    assert_eq!(job["state"], "succeeded", "the whole acceptance is one finished job");
    let filled = talk.get("bob", &format!("/vaults/{vault}")).await;
    assert_eq!((&filled["used_gib"], &filled["free_gib"]), (&json!(2), &json!(1)));
    assert_eq!(
        (&filled["contents"][0]["from_image"], &filled["contents"][0]["held"]),
        (&json!(full), &json!(true))
    );
    for (position, bytes) in [(0, SYSTEM), (1, DATA)] {
        let path = format!("/api/v1/images/{full}/disks/{position}/file");
        let read = cloud.request("bob", "GET", &path, ()).await.expect(200);
        assert_eq!(&read.bytes[..], bytes);
        let part = [("range", "bytes=4-6")];
        let read = cloud.request_with("bob", "GET", &path, &part, ()).await.expect(206);
        assert_eq!(&read.bytes[..], &bytes[4..7]);
    }
    for path in ["disks/2/file", "disks/x/file"] {
        let missing =
            talk.json("bob", "GET", &format!("/images/{full}/{path}"), Value::Null, 404).await;
        assert_eq!(missing["code"], "DISK_NOT_FOUND", "{path}");
    }
    for file in [format!("/v2/images/{full}/file"), format!("/api/v1/images/{full}/file")] {
        cloud.request("bob", "GET", &file, ()).await.expect(204);
    }
    let kept = talk.get("alice", "/backups").await["backups"][0].clone();
    let path = format!("/backups/{}", kept["id"].as_str().unwrap());
    assert_eq!(
        talk.json("alice", "DELETE", &path, Value::Null, 409).await["code"],
        "BACKUP_IN_USE"
    );
    let gone = format!("/images/{full}?delete_backups=true");
    talk.json("alice", "DELETE", &gone, Value::Null, 204).await;
    assert_eq!(
        talk.json("alice", "GET", &path, Value::Null, 404).await["code"],
        "BACKUP_NOT_FOUND"
    );
    assert_eq!(talk.get("bob", &format!("/vaults/{vault}")).await["used_gib"], 0);
}

async fn fs_02_refusals_have_their_statuses(cloud: &crate::cloud::Cloud) {
    let talk = Talk(cloud);
    let full = talk.offered("full1").await;
    let other = talk.offered("full2").await;
    let replication = json!({"name": "vRep", "capacity_gib": 100, "protection": "replication"});
    let disks = json!({"name": "vDisk", "capacity_gib": 100, "object_type": "disk"});
    for body in [replication, disks] {
        let made = talk.json("bob", "POST", "/vaults", body, 201).await;
        let refused = talk.accept(&full, made["id"].as_str(), 400).await;
        assert_eq!(refused["code"], "VAULT_WRONG_TYPE");
    }
    assert_eq!(talk.accept(&full, Some("nowhere"), 404).await["code"], "VAULT_NOT_FOUND");
    assert_eq!(talk.accept(&full, Some("no id!"), 404).await["code"], "VAULT_NOT_FOUND");
    let small = talk.vault("bob", "small", 3).await;
    let both = json!({"images": [full, other], "answer": "accept", "vault": small});
    let refused = talk.json("bob", "POST", "/shares/answers", both.clone(), 409).await;
    assert_eq!(refused["code"], "VAULT_TOO_SMALL");
    assert_eq!(
        (&refused["detail"]["needed"], &refused["detail"]["free"]),
        (&json!("4"), &json!("3"))
    );
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("full1") && message.contains("full2"), "{message}");
    let zh = [("accept-language", "zh")];
    let answer =
        cloud.request_with("bob", "POST", "/api/v1/shares/answers", &zh, both.clone()).await;
    assert!(answer.json()["message"].as_str().unwrap().contains("存储库"));
    let mut partial = both;
    partial["mode"] = "partial".into();
    let report = talk.json("bob", "POST", "/shares/answers", partial, 200).await;
    let job = talk.get("bob", &format!("/jobs/{}", report["job"].as_str().unwrap())).await;
    assert_eq!(job["results"][0]["detail"]["needed"], "4", "the job keeps the facts");
    let fitting = talk.get("bob", "/vaults?object_type=server&protection=backup").await;
    assert_eq!(fitting["vaults"].as_array().unwrap().len(), 1);
    cloud.request("bob", "GET", "/api/v1/vaults?protection=magic", ()).await.expect(400);
}

async fn fs_12_a_vault_from_birth_to_death(cloud: &crate::cloud::Cloud) {
    let talk = Talk(cloud);
    let body = json!({"name": "v", "capacity_gib": 5, "description": "mine"});
    let made = cloud.request("bob", "POST", "/api/v1/vaults", body.clone()).await.expect(201);
    let vault = made.json();
    let id = vault["id"].as_str().unwrap();
    assert_eq!(made.header("location"), format!("/api/v1/vaults/{id}"));
    assert_eq!((&vault["object_type"], &vault["protection"]), (&json!("server"), &json!("backup")));
    assert_eq!((&vault["used_gib"], &vault["free_gib"]), (&json!(0), &json!(5)));
    assert_eq!(talk.json("bob", "POST", "/vaults", body, 409).await["code"], "NAME_TAKEN");
    let quota = talk.get("bob", "/quota").await;
    assert_eq!(
        (&quota["vaults"]["used"], &quota["vault_capacity_gib"]["used"]),
        (&json!(1), &json!(5))
    );
    let path = format!("/vaults/{id}");
    let patched =
        talk.json("bob", "PATCH", &path, json!({"capacity_gib": 9, "name": "w"}), 200).await;
    assert_eq!((&patched["capacity_gib"], &patched["name"]), (&json!(9), &json!("w")));
    let dry = format!("{path}?dry_run=true");
    cloud.request("bob", "DELETE", &format!("/api/v1{dry}"), ()).await;
    assert_eq!(talk.get("bob", "/vaults?name=w").await["vaults"][0]["id"], id);
    let bad = talk.json("bob", "PATCH", &path, json!({"capacity_gib": 0}), 400).await;
    assert_eq!(bad["code"], "INVALID_VALUE");
    assert_eq!(talk.json("rob", "DELETE", &path, Value::Null, 403).await["code"], "ROLE_TOO_WEAK");
    talk.get("rob", &path).await;
    assert_eq!(talk.json("carol", "GET", &path, Value::Null, 404).await["code"], "VAULT_NOT_FOUND");
    talk.json("bob", "DELETE", &path, Value::Null, 204).await;
    assert_eq!(talk.json("bob", "GET", &path, Value::Null, 404).await["code"], "VAULT_NOT_FOUND");
}

async fn ap_05_a_vault_made_twice_with_one_key_is_one(cloud: &crate::cloud::Cloud) {
    let body = json!({"name": "v", "capacity_gib": 5});
    let key = [("idempotency-key", "the-same")];
    let one =
        cloud.request_with("bob", "POST", "/api/v1/vaults", &key, body.clone()).await.expect(201);
    let two = cloud.request_with("bob", "POST", "/api/v1/vaults", &key, body).await.expect(201);
    assert_eq!(one.json()["id"], two.json()["id"]);
    let all = Talk(cloud).get("bob", "/vaults").await;
    assert_eq!(all["vaults"].as_array().unwrap().len(), 1);
}
