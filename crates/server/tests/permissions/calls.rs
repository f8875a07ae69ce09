//! Every call of the table, made with what it is about.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lendglass_core::image::{ContainerFormat, DiskFormat, ImageKind};
use lendglass_core::permission::{Action, Effect};
use lendglass_core::share::Verdict;
use lendglass_core::tag::TagScope;
use lendglass_core::tenant::Caller;
use lendglass_core::vault::{ObjectType, Protection};
use lendglass_core::{ImageId, VaultId};
use lendglass_server::service::backup::NewBackup;
use lendglass_server::service::image::NewImage;
use lendglass_server::service::share::{self, Invite};
use lendglass_server::service::upload::kept::{self, NewUpload};
use lendglass_server::service::vault::NewVault;
use lendglass_server::service::webhook::NewWebhook;
use lendglass_server::service::{
    backup, identity, image, job, market, replicate, rule, tag, upload, vault, webhook,
};
use lendglass_server::wire::actions::{Needs, ROUTES};
use serde_json::json;

use crate::routes::with_names;
use crate::support::{A, Answer, B, Payload, TestServer};
use crate::{alice, bind, maker, statement};

/// A row of the table, and which of its actions is meant.
#[derive(Clone, Copy)]
pub struct Call {
    pub method: &'static str,
    pub path: &'static str,
    pub action: Action,
    /// Every action that a call of the row may ask for.
    pub all: &'static [Action],
}

/// Calls that are not made here: alice has no project in another region, the stream never ends, a test of a webhook needs somebody who
/// listens, what is undone was another call, and nobody is reminded on the first day.
const NOT_CALLED: [(&str, &str); 6] = [
    ("POST", "/v4/image/cross-region-copy"),
    ("POST", "/v1/cloudimages/{image}/cross_region_copy"),
    ("GET", "/api/v1/events"),
    ("POST", "/api/v1/webhooks/{id}/test"),
    ("POST", "/api/v1/undo"),
    ("POST", "/api/v1/shares/reminders"),
];

async fn made_vault(server: &TestServer) -> VaultId {
    let new = NewVault {
        name: server.app.ids.hex(),
        description: String::new(),
        capacity_gib: 10,
        object_type: ObjectType::Server,
        protection: Protection::Backup,
    };
    vault::create(&server.app, &alice(), new).await.unwrap().vault.id
}

/// Every call of an action, the native ones first.
pub fn calls() -> Vec<Call> {
    let mut calls = Vec::new();
    for (method, path, needs) in ROUTES {
        let Needs::Actions(actions) = needs else { continue };
        if NOT_CALLED.contains(&(*method, *path)) {
            continue;
        }
        calls.extend(actions.iter().map(|action| Call {
            method,
            path,
            action: *action,
            all: actions,
        }));
    }
    calls.sort_by_key(|call| !call.path.starts_with("/api/"));
    calls
}

pub async fn made_image(server: &TestServer, owner: &Caller, with_bytes: bool) -> ImageId {
    let new = NewImage {
        name: Some("sys1".to_owned()),
        kind: Some(ImageKind::SystemDisk),
        disk_format: Some(DiskFormat::Raw),
        container_format: Some(ContainerFormat::Bare),
        tags: vec!["blue".to_owned()],
        ..NewImage::default()
    };
    let id = image::create(&server.app, owner, new).await.unwrap().id;
    if with_bytes {
        let mut receiving = upload::begin(&server.app, owner, &id, None).await.unwrap();
        receiving.receive(b"a small disk").await.unwrap();
        receiving.finish().await.unwrap();
    }
    id
}

pub async fn shared(server: &TestServer, owner: &Caller, id: &ImageId, with: &str) {
    let named = lendglass_core::recipient::Named { text: with.to_owned(), kind: None };
    let report = share::invite(&server.app, owner, Invite::one(id.clone(), named)).await.unwrap();
    assert!(report.is_done);
}

/// A project in r2 where everybody of the columns is a member.
async fn made_project_there(server: &TestServer) -> String {
    let name = server.app.ids.hex();
    let project = json!({"name": name, "domain_id": "x", "region": "r2"});
    let body = json!({"project": project});
    let made = server.request("operator", "POST", "/v3/projects", body).await.expect(201).json();
    let id = made["project"]["id"].as_str().unwrap().to_owned();
    for user in ["alice", "rita", "carol"] {
        let path = format!("/v3/projects/{id}/users/{user}/roles/member");
        server.request("operator", "PUT", &path, ()).await.expect(204);
    }
    id
}

impl Call {
    /// Whether the caller is the recipient of the image.
    fn is_of_recipient(&self) -> bool {
        self.action == Action::SharesAnswer
    }

    /// Makes what the call is about anew, and calls.
    pub async fn ask(&self, server: &TestServer, token: &str) -> Answer {
        let Call { method, path, action, .. } = *self;
        let of_image = path.contains("images/{image}")
            || path.contains("/images/{")
            || path.starts_with("/api/v1/shares")
            || path.starts_with("/v4/image/")
            || path == "/v1/cloudimages/members"
            || path == "/v1/cloudimages/tags";
        let mut id = String::new();
        let mut member = B;
        if of_image && self.is_of_recipient() {
            let bob = maker("bob", B, "y");
            let image = made_image(server, &bob, true).await;
            shared(server, &bob, &image, A).await;
            id = image.to_string();
            member = A;
        } else if of_image {
            let image = made_image(server, &alice(), action != Action::ImagesUpload).await;
            let is_offer = method == "POST"
                && action == Action::ImagesShare
                && !path.ends_with("/reminders")
                && !path.ends_with("/delete");
            let is_alone = [Action::ImagesUpload, Action::ImagesPublish, Action::ImagesMarket];
            if !is_alone.contains(&action) && !is_offer {
                shared(server, &alice(), &image, B).await;
            }
            if path.ends_with("/unpublish") {
                market::publish(&server.app, &alice(), &image).await.unwrap();
            }
            id = image.to_string();
        }
        if path == "/api/v1/jobs/{id}" || path.ends_with("/{job}") {
            let image = made_image(server, &alice(), true).await;
            shared(server, &alice(), &image, B).await;
            let jobs =
                job::list(&server.app, &alice(), &Default::default(), None, None).await.unwrap();
            id = jobs[0].id.to_string();
        }
        if let Some(made) = self.made(server).await {
            id = made;
        }
        if path.starts_with("/api/v1/access/policies/{id}") {
            let denied = vec![statement(Effect::Deny, &["ims:jobs:cancel"])];
            id = bind(server, "rita", denied).await;
        }
        let concrete = with_names(path, |name| match name {
            "member" => member.to_owned(),
            "tag" => "blue".to_owned(),
            "user" => "rita".to_owned(),
            "owner" => B.to_owned(),
            "position" => "0".to_owned(),
            "project_id" => "%7Bproject_id%7D".to_owned(),
            "key" if path.contains("/tags/{key}") => "blue".to_owned(),
            "key" => "tags.max".to_owned(),
            "id" | "image" | "job" | "vault" | "backup" => id.clone(),
            _ => panic!("what is {{{name}}} in {path}?"),
        });
        let query = match path {
            "/api/v1/tenants/resolve" => format!("?id={B}"),
            path if path.starts_with("/v4/") => format!("?regionID=r1&imageID={id}"),
            _ => String::new(),
        };
        let mut headers = vec![("x-auth-token", token)];
        if method == "PATCH" && path.starts_with("/v2/") {
            headers.push(("content-type", "application/openstack-images-v2.1-json-patch"));
        }
        let is_upload = path.starts_with("/api/v1/uploads");
        let mut metadata = String::new();
        if is_upload && method == "POST" {
            let image = made_image(server, &alice(), false).await;
            metadata = format!("image {}", STANDARD.encode(image.as_str()));
        }
        if is_upload && method != "GET" {
            headers.extend([("tus-resumable", "1.0.0"), ("upload-length", "12")]);
            headers.extend([("upload-metadata", metadata.as_str()), ("upload-offset", "0")]);
        }
        if is_upload && method == "PATCH" {
            headers.push(("content-type", "application/offset+octet-stream"));
        }
        let of_cloud = self.huawei_body(server, &id).or_else(|| self.ctyun_body(server, &id));
        let body = match (of_cloud, self.new_body(server).await) {
            (Some(body), _) | (None, Some(body)) => body,
            (None, None) => self.body(server, &id),
        };
        let path = format!("{concrete}{query}");
        server.request_with("nobody", method, &path, &headers, body).await
    }

    /// The vault, backup, webhook or rule that a call is about.
    async fn made(&self, server: &TestServer) -> Option<String> {
        let of = |noun: &str| self.path.contains(&format!("/{noun}/{{"));
        if of("vaults") {
            return Some(made_vault(server).await.as_str().to_owned());
        }
        if of("backups") {
            let new = NewBackup {
                vault: made_vault(server).await,
                name: None,
                source: None,
                disks: vec![made_image(server, &alice(), true).await],
            };
            let whole = backup::create(&server.app, &alice(), new).await.unwrap();
            return Some(whole.backup.id.as_str().to_owned());
        }
        if of("webhooks") {
            let new = NewWebhook { url: "https://hooks.example/".to_owned(), kinds: Vec::new() };
            let (hook, _) = webhook::create(&server.app, &alice(), new).await.unwrap();
            return Some(hook.id);
        }
        if of("access-keys") {
            return Some(identity::create_key(&server.app, &alice()).await.unwrap().0.id);
        }
        if of("uploads") {
            let new = NewUpload {
                image: made_image(server, &alice(), false).await,
                length_bytes: 12,
                file_name: "disk.raw".to_owned(),
                sha256_hex: None,
                is_image_new: false,
            };
            return Some(kept::create(&server.app, &alice(), new).await.unwrap().upload.id);
        }
        if of("jobs") && self.path.ends_with("/cancel") {
            let image = made_image(server, &alice(), true).await;
            let (_, job) = replicate::replicate(&server.app, &alice(), &image, None).await.unwrap();
            return Some(job.to_string());
        }
        if of("tags/predefined") && self.method == "DELETE" {
            let scope = TagScope::Project;
            tag::set(&server.app, &alice(), scope, "tags.max", vec![], false).await.unwrap();
        }
        if of("rules") && self.method == "DELETE" {
            rule::set(&server.app, &alice(), B, Verdict::Accept, false).await.unwrap();
        }
        None
    }

    /// What a call of a young noun carries.
    async fn new_body(&self, server: &TestServer) -> Option<Payload> {
        let name = server.app.ids.hex();
        let body = match (self.method, self.path.strip_prefix("/api/v1/")?) {
            ("POST", "vaults") => json!({"name": name, "capacity_gib": 10}),
            ("PATCH", "vaults/{id}") => json!({"name": name}),
            ("POST", "backups") => {
                let image = made_image(server, &alice(), true).await;
                let vault = made_vault(server).await;
                json!({"vault": vault.as_str(), "disks": [image.as_str()]})
            }
            ("POST", "backups/{id}/image") => json!({"name": name}),
            ("POST", "uploads") => return Some(().into()),
            ("PATCH", "uploads/{id}") => return Some(b"a small disk".to_vec().into()),
            ("POST", "access-keys") => json!({}),
            ("PATCH", "access-keys/{id}") => json!({"enabled": false}),
            ("POST", "webhooks") => json!({"url": "https://hooks.example/"}),
            ("PATCH", "webhooks/{id}") => json!({"enabled": false}),
            ("POST", "images/{id}/copy") => {
                json!({"region": "r2", "project": made_project_there(server).await})
            }
            ("POST", "images/delete") => {
                json!({"images": [made_image(server, &alice(), true).await.as_str()]})
            }
            ("POST", "images/{id}/publish" | "images/{id}/unpublish" | "jobs/{id}/cancel") => {
                return Some(().into());
            }
            ("PUT", "tags/predefined/{key}") => json!({"values": ["a"]}),
            ("PUT", "rules/{owner}") => json!({"verdict": "accept"}),
            ("POST", "notices/read") => json!({"ids": []}),
            ("POST", "feedback") => json!({"page": "images/private", "helpful": true}),
            _ => return None,
        };
        Some(body.into())
    }

    /// What a call of Huawei's dialect carries.
    fn huawei_body(&self, server: &TestServer, image: &str) -> Option<Payload> {
        let body = match (self.method, self.path) {
            ("POST" | "DELETE", "/v1/cloudimages/members") => {
                json!({"images": [image], "projects": [B]})
            }
            ("PUT", "/v1/cloudimages/members") => {
                json!({"images": [image], "project_id": A, "status": "accepted"})
            }
            ("POST", path) if path.ends_with("/copy") && path.contains("cloudimages") => {
                json!({"name": server.app.ids.hex()})
            }
            ("PATCH", "/v2/cloudimages/{image}") => {
                json!([{"op": "add", "path": "/colour", "value": "blue"}])
            }
            ("PUT", "/v1/cloudimages/tags") => json!({"image_id": image, "tag": "colour.blue"}),
            ("POST", path) if path.ends_with("resource_instances/action") => {
                json!({"action": "filter"})
            }
            ("POST", path) if path.ends_with("/{image}/tags") => json!({"tag": {"key": "colour"}}),
            ("POST" | "DELETE", path)
                if path.contains("/{image}/tags/") && !path.ends_with("}") =>
            {
                json!({"action": "create", "tags": [{"key": "colour"}]})
            }
            ("POST", "/v3/{project_id}/vaults") => {
                let billing = json!({"size": 1, "object_type": "server", "protect_type": "backup"});
                json!({"vault": {"name": server.app.ids.hex(), "billing": billing}})
            }
            ("PUT", "/v3/{project_id}/vaults/{vault}") => {
                json!({"vault": {"name": server.app.ids.hex()}})
            }
            _ => return None,
        };
        Some(body.into())
    }

    /// What a call of CTyun's dialect carries beside the image in its query.
    fn ctyun_body(&self, server: &TestServer, image: &str) -> Option<Payload> {
        let path = self.path.strip_prefix("/v4/image/")?;
        if self.method == "GET" {
            return Some(().into());
        }
        let label = json!({"labelKey": "colour", "labelValue": "blue"});
        Some(Payload::from(match path {
            "update" | "copy" | "create-from-shared" => json!({"imageName": server.app.ids.hex()}),
            "update-labels" => {
                json!({"imageIDList": image, "operateType": "BIND", "labels": [label]})
            }
            path if path.starts_with("shared-image/") => json!({"destinationAccountID": "y"}),
            _ => json!({}),
        }))
    }

    fn body(&self, server: &TestServer, image: &str) -> Payload {
        let Call { method, path, action, .. } = *self;
        let name = server.app.ids.hex();
        let is_native = path.starts_with("/api/");
        let visibility = if action == Action::ImagesPublish { "public" } else { "shared" };
        match (method, path.rsplit('/').next().unwrap()) {
            ("PUT", "file") => b"a small disk".to_vec().into(),
            ("PUT", "{user}" | "{tag}") | ("GET" | "DELETE", _) if !path.ends_with("/shares") => {
                ().into()
            }
            ("GET", _) => ().into(),
            ("POST", "read") => json!({"up_to": "p0.a0"}).into(),
            ("POST", "webhooks") => json!({"url": "http://localhost:9/"}).into(),
            ("PATCH", "{id}") if path.contains("/webhooks/") => json!({"enabled": false}).into(),
            ("POST", "test") => json!({}).into(),
            ("POST", "" | "images") if is_native => {
                let kind = ImageKind::ALL.iter().find(|kind| Action::to_create(**kind) == action);
                json!({"name": name, "kind": kind.unwrap().as_str()}).into()
            }
            ("POST", "" | "images" | "replicate") => json!({"name": name}).into(),
            ("PATCH", "{id}") => json!({"visibility": visibility, "name": name}).into(),
            ("PATCH", "{image}") => {
                let visibility =
                    json!({"op": "replace", "path": "/visibility", "value": visibility});
                json!([visibility, {"op": "replace", "path": "/name", "value": name}]).into()
            }
            ("POST" | "DELETE", "shares" | "reminders") => {
                json!({"images": [image], "recipients": [B]}).into()
            }
            ("POST", "answers") => json!({"images": [image], "answer": "accept"}).into(),
            ("POST", "members") => json!({"member": B}).into(),
            ("PUT", "{member}") => json!({"status": "accepted"}).into(),
            ("POST", "policies") | ("PUT", "{id}") => {
                let statement = json!({"effect": "deny", "actions": ["ims:jobs:cancel"]});
                json!({"name": name, "statements": [statement]}).into()
            }
            ("PATCH", "policies") => json!({"set": {"tags.max": 128}}).into(),
            ("PUT", "{key}") => json!({"value": 128}).into(),
            ("PUT", "profile") => json!({"profile": "lendglass"}).into(),
            ("POST", "deactivate" | "reactivate" | "verify") => ().into(),
            (method, _) => panic!("what does {method} {path} carry?"),
        }
    }

    pub fn text(&self) -> String {
        format!("{} by {} {}", self.action.as_str(), self.method, self.path)
    }
}

/// Asserts that a refusal says this code, whether of the request or of its only pair.
#[track_caller]
pub fn check_refused(answer: &Answer, code: &str, what: &str) {
    let text = String::from_utf8_lossy(&answer.bytes);
    let is_enveloped = text.contains("\"statusCode\":900");
    assert!(is_enveloped || answer.status.as_u16() == 403, "{what}: {text}");
    assert!(text.contains(&format!("\"{code}\"")), "{what}: {text}");
}
