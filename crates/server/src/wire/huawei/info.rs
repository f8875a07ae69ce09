//! What clients ask before they make something: ceilings, systems.

use axum::Json;
use axum::extract::{RawQuery, State};
use lendglass_core::policy::Ceiling;
use serde_json::{Value, json};

use super::error::Failure;
use super::request::Asked;
use crate::app::App;
use crate::service::{policy, quota};
use crate::wire::query::parse_query;

/// `GET /v1/cloudimages/quota`: private images, images shared out, recipients of an image.
pub async fn quotas(State(app): State<App>, asked: Asked) -> Result<Json<Value>, Failure> {
    let quotas = quota::show(&app, &asked.caller).await?;
    let rules = policy::show(&app, &asked.caller).await?;
    let resources = json!([
        resource("image", quotas.private_images.used, quotas.private_images.limit),
        resource("image_shared", quotas.shared_images.used, quotas.shared_images.limit),
        // A ceiling of each image: what is used of it is told with its members.
        resource("image_member", 0, rules.share.max_tenants_system),
    ]);
    Ok(Json(json!({"quotas": {"resources": resources}})))
}

/// No limit is -1 in this cloud.
fn resource(kind: &str, used: u32, limit: Ceiling) -> Value {
    let quota = limit.map_or(-1, i64::from);
    json!({"type": kind, "used": used, "quota": quota, "min": 0, "max": quota})
}

/// The systems a client may name, by platform. Names are the vendor's; others are taken as well.
const SYSTEMS: &[(&str, &str, &[&str])] = &[
    (
        "Windows",
        "Windows",
        &[
            "Windows Server 2022 Datacenter 64bit",
            "Windows Server 2019 Datacenter 64bit",
            "Windows Server 2016 Datacenter 64bit",
        ],
    ),
    ("Ubuntu", "Linux", &["Ubuntu 24.04 server 64bit", "Ubuntu 22.04 server 64bit"]),
    ("CentOS", "Linux", &["CentOS 7.9 64bit"]),
    ("Debian", "Linux", &["Debian GNU/Linux 12.0.0 64bit"]),
    ("SUSE", "Linux", &["SUSE Linux Enterprise Server 15 SP5 64bit"]),
    ("OpenSUSE", "Linux", &["openSUSE 15.5 64bit"]),
    ("Oracle Linux", "Linux", &["Oracle Linux Server release 7.6 64bit"]),
    ("Fedora", "Linux", &["Fedora 39 64bit"]),
    ("EulerOS", "Linux", &["EulerOS 2.12 64bit"]),
    ("openEuler", "Linux", &["openEuler 22.03 64bit"]),
    ("Other", "Linux", &["Other Linux(64 bit)"]),
    ("Other", "Other", &["Other(64 bit)"]),
];

/// `GET /v1/cloudimages/os_version`: an array, not an object. Windows runs on x86 only.
pub async fn systems(_: Asked, RawQuery(query): RawQuery) -> Result<Json<Value>, Failure> {
    let pairs = parse_query(query.as_deref().unwrap_or_default())?;
    let tags = pairs.iter().filter(|(name, _)| name == "tag");
    let is_arm = tags.flat_map(|(_, value)| value.split(',')).any(|tag| tag == "arm");
    let offered = SYSTEMS.iter().filter(|(platform, ..)| !is_arm || *platform != "Windows");
    Ok(Json(offered.map(render_platform).collect()))
}

fn render_platform((platform, os_type, versions): &(&str, &str, &[&str])) -> Value {
    let list: Vec<Value> = versions
        .iter()
        .map(|version| {
            json!({"platform": platform, "os_version_key": version, "os_version": version,
                "os_bit": 64, "os_type": os_type})
        })
        .collect();
    json!({"platform": platform, "version_list": list})
}
