//! The rows of the matrix: every route with what is sent to it.

use serde_json::{Value, json};

use crate::UNKNOWN_IMAGE;
use crate::support::{self, B, C};

/// What a request of a row carries.
pub enum Sent {
    Nothing,
    Json(fn(&str) -> Value),
    /// A JSON patch in Glance's media type.
    Patch(fn() -> Value),
    Bytes,
    /// CTyun's fields about an image: a body, or the query of a `GET`.
    OfImage(fn(&str) -> Value),
    /// A query.
    Query(&'static str),
    /// What tus sends: the beginning of an upload, or all of it as one part.
    Tus,
}

use Sent::{Bytes, Json, Nothing, OfImage, Patch, Query, Tus};

/// Every route with what is sent to it. Aliases of the identity API below `/identity/v3` are the
/// routes below `/v3`.
pub const ROWS: &[(&str, &str, Sent)] = &[
    ("GET", "/", Nothing),
    ("GET", "/versions", Nothing),
    ("GET", "/versions/", Nothing),
    ("GET", "/healthcheck", Nothing),
    ("GET", "/healthz", Nothing),
    ("GET", "/readyz", Nothing),
    ("GET", "/metrics", Nothing),
    ("GET", "/console", Nothing),
    ("GET", "/console/", Nothing),
    ("GET", "/v2", Nothing),
    ("GET", "/v2/", Nothing),
    ("GET", "/v2/schemas/image", Nothing),
    ("GET", "/v2/schemas/images", Nothing),
    ("GET", "/v2/schemas/member", Nothing),
    ("GET", "/v2/schemas/members", Nothing),
    ("GET", "/v2/info/import", Nothing),
    ("GET", "/v2/info/usage", Nothing),
    ("GET", "/v2/tasks", Nothing),
    ("POST", "/v2/tasks", Nothing),
    ("GET", "/v2/metadefs/namespaces", Nothing),
    ("POST", "/v2/metadefs/namespaces", Nothing),
    ("GET", "/v2/metadefs/resource_types", Nothing),
    ("GET", "/v2/images", Nothing),
    ("POST", "/v2/images", Json(|_| json!({"name": "new"}))),
    ("GET", "/v2/images/", Nothing),
    ("POST", "/v2/images/", Json(|_| json!({"name": "new"}))),
    ("GET", "/v2/images/{image}", Nothing),
    ("PATCH", "/v2/images/{image}", Patch(|| json!([{"op": "add", "path": "/x", "value": "1"}]))),
    ("DELETE", "/v2/images/{image}", Nothing),
    ("GET", "/v2/images/{image}/file", Nothing),
    ("PUT", "/v2/images/{image}/file", Bytes),
    ("PUT", "/v2/images/{image}/tags/{tag}", Nothing),
    ("DELETE", "/v2/images/{image}/tags/{tag}", Nothing),
    ("POST", "/v2/images/{image}/actions/deactivate", Nothing),
    ("POST", "/v2/images/{image}/actions/reactivate", Nothing),
    ("GET", "/v2/images/{image}/members", Nothing),
    ("POST", "/v2/images/{image}/members", Json(|_| json!({"member": C}))),
    ("GET", "/v2/images/{image}/members/{member}", Nothing),
    ("PUT", "/v2/images/{image}/members/{member}", Json(|_| json!({"status": "accepted"}))),
    ("DELETE", "/v2/images/{image}/members/{member}", Nothing),
    ("POST", "/v2/images/{image}/import", Json(|_| json!({"method": {"name": "web-download"}}))),
    ("PUT", "/v2/images/{image}/stage", Bytes),
    ("GET", "/v2/images/{image}/tasks", Nothing),
    ("GET", "/v2/images/{image}/locations", Nothing),
    ("POST", "/v2/images/{image}/locations", Json(|_| json!({"url": "http://x.example/"}))),
    ("GET", "/identity", Nothing),
    ("GET", "/identity/", Nothing),
    ("GET", "/v3", Nothing),
    ("GET", "/v3/", Nothing),
    ("GET", "/v3/auth/tokens", Nothing),
    ("POST", "/v3/auth/tokens", Json(|_| sign_in())),
    ("DELETE", "/v3/auth/tokens", Nothing),
    ("GET", "/v3/auth/projects", Nothing),
    ("GET", "/v3/auth/domains", Nothing),
    ("GET", "/v3/auth/catalog", Nothing),
    ("GET", "/v3/projects", Nothing),
    ("POST", "/v3/projects", Json(|n| json!({"project": {"name": n, "domain_id": "x"}}))),
    ("GET", "/v3/projects/{id}", Nothing),
    ("PATCH", "/v3/projects/{id}", Json(|n| json!({"project": {"description": n}}))),
    ("DELETE", "/v3/projects/{id}", Nothing),
    ("GET", "/v3/projects/{project}/users/{user}/roles", Nothing),
    ("GET", "/v3/projects/{project}/users/{user}/roles/{role}", Nothing),
    ("PUT", "/v3/projects/{project}/users/{user}/roles/{role}", Nothing),
    ("DELETE", "/v3/projects/{project}/users/{user}/roles/{role}", Nothing),
    ("GET", "/v3/users", Nothing),
    ("POST", "/v3/users", Json(|n| json!({"user": {"name": n, "domain_id": "x"}}))),
    ("GET", "/v3/users/{id}", Nothing),
    ("PATCH", "/v3/users/{id}", Json(|n| json!({"user": {"description": n}}))),
    ("DELETE", "/v3/users/{id}", Nothing),
    ("GET", "/v3/users/{id}/projects", Nothing),
    ("POST", "/v3/users/{id}/password", Json(|_| password())),
    ("GET", "/v3/users/{id}/application_credentials", Nothing),
    ("POST", "/v3/users/{id}/application_credentials", Json(application)),
    ("GET", "/v3/users/{id}/application_credentials/{credential}", Nothing),
    ("DELETE", "/v3/users/{id}/application_credentials/{credential}", Nothing),
    ("GET", "/v3/domains", Nothing),
    ("POST", "/v3/domains", Json(|n| json!({"domain": {"name": n}}))),
    ("GET", "/v3/domains/{id}", Nothing),
    ("PATCH", "/v3/domains/{id}", Json(|n| json!({"domain": {"name": n, "enabled": false}}))),
    ("DELETE", "/v3/domains/{id}", Nothing),
    ("GET", "/v3/regions", Nothing),
    ("GET", "/v3/regions/{id}", Nothing),
    ("GET", "/v3/services", Nothing),
    ("GET", "/v3/services/{id}", Nothing),
    ("GET", "/v3/endpoints", Nothing),
    ("GET", "/v3/endpoints/{id}", Nothing),
    ("GET", "/v3/roles", Nothing),
    ("GET", "/v3/roles/{id}", Nothing),
    ("GET", "/v3/role_assignments", Nothing),
    ("POST", "/v1/cloudimages/members", Json(|_| batch())),
    (
        "PUT",
        "/v1/cloudimages/members",
        Json(|_| json!({"images": [UNKNOWN_IMAGE], "project_id": B, "status": "accepted"})),
    ),
    ("DELETE", "/v1/cloudimages/members", Json(|_| batch())),
    ("GET", "/v1/{project_id}/cloudimages/{image}/members", Nothing),
    ("GET", "/v1/{project_id}/cloudimages/{image}/members/{member}", Nothing),
    ("GET", "/v1/{project_id}/jobs/{job}", Nothing),
    ("GET", "/v1/cloudimages/job/{job}", Nothing),
    ("GET", "/v2/cloudimages", Nothing),
    (
        "PATCH",
        "/v2/cloudimages/{image}",
        Json(|name| json!([{"op": "replace", "path": "/name", "value": name}])),
    ),
    ("POST", "/v2/cloudimages/action", Json(of_server)),
    ("POST", "/v2.1/cloudimages/action", Json(of_server)),
    ("POST", "/v1/cloudimages/dataimages/action", Json(of_file)),
    ("POST", "/v2.1/cloudimages/dataimages/action", Json(of_file)),
    ("POST", "/v1/cloudimages/wholeimages/action", Json(of_server)),
    ("POST", "/v2/cloudimages/quickimport/action", Json(of_file)),
    ("POST", "/v2.1/cloudimages/quickimport/action", Json(of_file)),
    ("PUT", "/v1/cloudimages/{image}/upload", Json(of_file)),
    ("POST", "/v1/cloudimages/{image}/file", Json(|_| json!({"bucket_url": "b:o"}))),
    ("POST", "/v2.1/cloudimages/{image}/file", Json(|_| json!({"bucket_url": "b:o"}))),
    ("POST", "/v1/cloudimages/{image}/copy", Json(|name| json!({"name": name}))),
    ("POST", "/v2.1/cloudimages/{image}/copy", Json(|name| json!({"name": name}))),
    (
        "POST",
        "/v1/cloudimages/{image}/cross_region_copy",
        Json(|name| json!({"name": name, "region": "r2"})),
    ),
    ("GET", "/v1/cloudimages/os_version", Nothing),
    ("GET", "/v1/cloudimages/quota", Nothing),
    ("GET", "/v1/{project_id}/cloudimages/quota", Nothing),
    ("DELETE", "/v1.1/images/{image}", Nothing),
    ("GET", "/v1/cloudimages/tags", Nothing),
    (
        "PUT",
        "/v1/cloudimages/tags",
        Json(|_| json!({"image_id": UNKNOWN_IMAGE, "tag": "colour.blue"})),
    ),
    ("DELETE", "/v1/{project_id}/cloudimages/{image}/tags/delete", Json(tags)),
    (
        "POST",
        "/v2/{project_id}/images/resource_instances/action",
        Json(|_| json!({"action": "count"})),
    ),
    ("GET", "/v2/{project_id}/images/tags", Nothing),
    ("GET", "/v2/{project_id}/images/{image}/tags", Nothing),
    (
        "POST",
        "/v2/{project_id}/images/{image}/tags",
        Json(|_| json!({"tag": {"key": "colour", "value": "blue"}})),
    ),
    ("POST", "/v2/{project_id}/images/{image}/tags/action", Json(tags)),
    ("DELETE", "/v2/{project_id}/images/{image}/tags/{key}", Nothing),
    ("GET", "/v4/image/list", Query("regionID=r1&imageVisibilityCode=2")),
    (
        "GET",
        "/v4/image/detail",
        OfImage(|id| json!({"imageID": id, "regionID": "r1", "errorFree": "false"})),
    ),
    (
        "POST",
        "/v4/image/update",
        OfImage(|id| json!({"imageID": id, "regionID": "r1", "imageName": "other"})),
    ),
    (
        "POST",
        "/v4/image/update-labels",
        OfImage(|id| {
            json!({"imageIDList": id, "regionID": "r1", "operateType": "BIND",
                "labels": [{"labelKey": "colour", "labelValue": "blue"}]})
        }),
    ),
    ("POST", "/v4/image/delete", OfImage(ctyun)),
    ("POST", "/v4/image/deactivate", OfImage(ctyun)),
    ("POST", "/v4/image/reactivate", OfImage(ctyun)),
    (
        "POST",
        "/v4/image/shared-image/create",
        OfImage(|id| json!({"imageID": id, "regionID": "r1", "destinationAccountID": "z"})),
    ),
    (
        "POST",
        "/v4/image/shared-image/delete",
        OfImage(|id| json!({"imageID": id, "regionID": "r1", "destinationAccountID": "y"})),
    ),
    ("POST", "/v4/image/shared-image/accept", OfImage(ctyun)),
    ("POST", "/v4/image/shared-image/reject", OfImage(ctyun)),
    ("GET", "/v4/image/show-shared-list", OfImage(ctyun)),
    ("POST", "/v4/image/create-from-shared", OfImage(ctyun_copy)),
    ("POST", "/v4/image/copy", OfImage(ctyun_copy)),
    (
        "POST",
        "/v4/image/cross-region-copy",
        OfImage(|id| {
            json!({"imageID": id, "regionID": "r1", "imageName": "copy",
                "destinationRegionID": "r2"})
        }),
    ),
    ("GET", "/v4/image/list-supported-dest-crr-regions", Query("regionID=r1")),
    ("POST", "/v4/image/create", Json(|_| json!({"regionID": "r1"}))),
    ("POST", "/v4/image/create-from-data-disk", Json(|_| json!({"regionID": "r1"}))),
    ("POST", "/v4/image/create-from-ecs", Json(|_| json!({"regionID": "r1"}))),
    ("POST", "/v4/image/create-from-ecs-snapshot", Json(|_| json!({"regionID": "r1"}))),
    ("POST", "/v4/image/import", Json(|_| json!({"regionID": "r1"}))),
    ("GET", "/v4/image/validate-file-source", Query("regionID=r1")),
    ("POST", "/v4/image/export", OfImage(ctyun)),
    ("GET", "/v4/image/list-import-tasks", Query("regionID=r1")),
    ("POST", "/v4/image/delete-import-task", Json(|_| json!({"regionID": "r1"}))),
    ("POST", "/v4/image/list-tasks", Json(|_| json!({"regionID": "r1"}))),
    ("POST", "/v4/image/action-task", Json(|_| json!({"regionID": "r1"}))),
    ("GET", "/v3/{project_id}/vaults", Nothing),
    ("POST", "/v3/{project_id}/vaults", Json(huawei_vault)),
    ("GET", "/v3/{project_id}/vaults/{vault}", Nothing),
    ("PUT", "/v3/{project_id}/vaults/{vault}", Json(|n| json!({"vault": {"name": n}}))),
    ("DELETE", "/v3/{project_id}/vaults/{vault}", Nothing),
    ("GET", "/v3/{project_id}/backups", Nothing),
    ("GET", "/v3/{project_id}/backups/{backup}", Nothing),
    ("DELETE", "/v3/{project_id}/backups/{backup}", Nothing),
    ("GET", "/api/v1/openapi.json", Nothing),
    ("GET", "/api/v1/codes/{code}", Nothing),
    ("GET", "/api/v1/session", Nothing),
    (
        "POST",
        "/api/v1/session",
        Json(|_| json!({"account": "Acme", "username": "alice", "password": "secret-alice"})),
    ),
    ("DELETE", "/api/v1/session", Nothing),
    ("POST", "/api/v1/session/persona", Json(|_| json!({"user": "bob"}))),
    ("GET", "/api/v1/me", Nothing),
    ("GET", "/api/v1/me/preferences", Nothing),
    ("PUT", "/api/v1/me/preferences", Json(|_| json!({"theme": "dark"}))),
    ("GET", "/api/v1/policy", Nothing),
    ("GET", "/api/v1/policies", Nothing),
    ("PATCH", "/api/v1/policies", Json(|_| json!({"set": {"tags.max": 128}}))),
    ("PUT", "/api/v1/policies/profile", Json(|_| json!({"profile": "lendglass"}))),
    ("PUT", "/api/v1/policies/{key}", Json(|_| json!({"value": 128}))),
    ("DELETE", "/api/v1/policies/{key}", Nothing),
    ("GET", "/api/v1/access/actions", Nothing),
    ("GET", "/api/v1/access/users", Nothing),
    ("GET", "/api/v1/access/policies", Nothing),
    ("POST", "/api/v1/access/policies", Json(custom_policy)),
    ("GET", "/api/v1/access/policies/{id}", Nothing),
    ("PUT", "/api/v1/access/policies/{id}", Json(custom_policy)),
    ("DELETE", "/api/v1/access/policies/{id}", Nothing),
    ("PUT", "/api/v1/access/policies/{id}/users/{user}", Nothing),
    ("DELETE", "/api/v1/access/policies/{id}/users/{user}", Nothing),
    ("GET", "/api/v1/regions", Nothing),
    ("GET", "/api/v1/quota", Nothing),
    ("GET", "/api/v1/tenants/resolve", Nothing),
    ("GET", "/api/v1/tenants", Nothing),
    ("GET", "/api/v1/storage", Nothing),
    ("GET", "/api/v1/health", Nothing),
    ("GET", "/api/v1/capabilities", Nothing),
    ("GET", "/api/v1/feedback", Nothing),
    ("POST", "/api/v1/feedback", Json(|_| json!({"page": "images/private", "helpful": true}))),
    ("GET", "/api/v1/images", Nothing),
    ("GET", "/api/v1/images/systems", Nothing),
    ("POST", "/api/v1/images", Json(|_| json!({"name": "new"}))),
    ("GET", "/api/v1/images/{id}", Nothing),
    ("PATCH", "/api/v1/images/{id}", Json(|name| json!({"name": name}))),
    ("DELETE", "/api/v1/images/{id}", Nothing),
    ("PUT", "/api/v1/images/{id}/file", Bytes),
    ("GET", "/api/v1/images/{id}/file", Nothing),
    ("GET", "/api/v1/uploads", Nothing),
    ("POST", "/api/v1/uploads", Tus),
    ("GET", "/api/v1/uploads/{id}", Nothing),
    ("PATCH", "/api/v1/uploads/{id}", Tus),
    ("DELETE", "/api/v1/uploads/{id}", Nothing),
    ("POST", "/api/v1/images/{id}/deactivate", Nothing),
    ("POST", "/api/v1/images/{id}/reactivate", Nothing),
    ("POST", "/api/v1/images/{id}/verify", Nothing),
    ("GET", "/api/v1/images/{id}/verify", Nothing),
    ("POST", "/api/v1/images/{id}/replicate", Json(|name| json!({"name": name}))),
    ("POST", "/api/v1/images/{id}/copy", Json(|_| json!({"region": "r2"}))),
    ("POST", "/api/v1/images/{id}/publish", Nothing),
    ("POST", "/api/v1/images/{id}/unpublish", Nothing),
    ("POST", "/api/v1/images/delete", Json(|_| json!({"images": [UNKNOWN_IMAGE]}))),
    ("GET", "/api/v1/tags/predefined", Nothing),
    ("PUT", "/api/v1/tags/predefined/{key}", Json(|_| json!({"values": ["a"]}))),
    ("DELETE", "/api/v1/tags/predefined/{key}", Nothing),
    ("GET", "/api/v1/images/{id}/disks", Nothing),
    ("GET", "/api/v1/images/{id}/disks/{position}/file", Nothing),
    ("GET", "/api/v1/images/{id}/shares", Nothing),
    ("GET", "/api/v1/rules", Nothing),
    ("PUT", "/api/v1/rules/{owner}", Json(|_| json!({"verdict": "accept"}))),
    ("DELETE", "/api/v1/rules/{owner}", Nothing),
    ("POST", "/api/v1/undo", Json(|_| json!({"token": "unknown"}))),
    (
        "POST",
        "/api/v1/shares/reminders",
        Json(|_| json!({"images": [UNKNOWN_IMAGE], "recipients": [support::C]})),
    ),
    ("GET", "/api/v1/shares", Nothing),
    (
        "POST",
        "/api/v1/shares",
        Json(|_| json!({"images": [UNKNOWN_IMAGE], "recipients": [support::C]})),
    ),
    (
        "DELETE",
        "/api/v1/shares",
        Json(|_| json!({"images": [UNKNOWN_IMAGE], "recipients": [support::C]})),
    ),
    (
        "POST",
        "/api/v1/shares/answers",
        Json(|_| json!({"images": [UNKNOWN_IMAGE], "answer": "accept"})),
    ),
    ("GET", "/api/v1/shares/counts", Nothing),
    ("GET", "/api/v1/audit", Nothing),
    ("GET", "/api/v1/notices", Nothing),
    ("GET", "/api/v1/notices/counts", Nothing),
    ("GET", "/api/v1/notices/elsewhere", Nothing),
    ("POST", "/api/v1/notices/read", Json(|_| json!({"up_to": "p0.a0"}))),
    ("GET", "/api/v1/events", Nothing),
    ("GET", "/api/v1/access-keys", Nothing),
    ("POST", "/api/v1/access-keys", Json(|_| json!({}))),
    ("PATCH", "/api/v1/access-keys/{id}", Json(|_| json!({"enabled": false}))),
    ("DELETE", "/api/v1/access-keys/{id}", Nothing),
    ("GET", "/api/v1/webhooks", Nothing),
    ("POST", "/api/v1/webhooks", Json(|_| json!({"url": "https://hooks.example/"}))),
    ("GET", "/api/v1/webhooks/{id}", Nothing),
    ("PATCH", "/api/v1/webhooks/{id}", Json(|_| json!({"enabled": false}))),
    ("DELETE", "/api/v1/webhooks/{id}", Nothing),
    ("POST", "/api/v1/webhooks/{id}/test", Json(|_| json!({}))),
    ("GET", "/api/v1/jobs", Nothing),
    ("GET", "/api/v1/jobs/{id}", Nothing),
    ("POST", "/api/v1/jobs/{id}/cancel", Nothing),
    ("GET", "/api/v1/vaults", Nothing),
    ("POST", "/api/v1/vaults", Json(|name| json!({"name": name, "capacity_gib": 1}))),
    ("GET", "/api/v1/vaults/{id}", Nothing),
    ("PATCH", "/api/v1/vaults/{id}", Json(|name| json!({"name": name}))),
    ("DELETE", "/api/v1/vaults/{id}", Nothing),
    ("GET", "/api/v1/backups", Nothing),
    (
        "POST",
        "/api/v1/backups",
        Json(|_| json!({"vault": "feedfeedfeedfeedfeedfeedfeedfeed", "disks": [UNKNOWN_IMAGE]})),
    ),
    ("GET", "/api/v1/backups/{id}", Nothing),
    ("DELETE", "/api/v1/backups/{id}", Nothing),
    ("POST", "/api/v1/backups/{id}/image", Json(|name| json!({"name": name}))),
];

fn ctyun(image: &str) -> Value {
    json!({"imageID": image, "regionID": "r1"})
}

fn ctyun_copy(image: &str) -> Value {
    json!({"imageID": image, "regionID": "r1", "imageName": "copy"})
}

fn batch() -> Value {
    json!({"images": [UNKNOWN_IMAGE], "projects": [C]})
}

fn of_server(name: &str) -> Value {
    json!({"name": name, "instance_id": UNKNOWN_IMAGE})
}

fn of_file(name: &str) -> Value {
    json!({"name": name, "image_url": "bucket:object"})
}

fn tags(_: &str) -> Value {
    json!({"action": "create", "tags": [{"key": "colour", "value": "blue"}]})
}

fn huawei_vault(name: &str) -> Value {
    let billing = json!({"size": 1, "object_type": "server", "protect_type": "backup"});
    json!({"vault": {"name": name, "billing": billing}})
}

fn sign_in() -> Value {
    let user = json!({"id": "alice", "password": "secret-alice"});
    json!({"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}})
}

fn password() -> Value {
    json!({"user": {"original_password": "secret-alice", "password": "secret-alice"}})
}

pub fn custom_policy(name: &str) -> Value {
    let statement = json!({"effect": "deny", "actions": ["ims:images:share"]});
    json!({"name": name, "statements": [statement]})
}

pub fn application(name: &str) -> Value {
    json!({"application_credential": {"name": name}})
}
