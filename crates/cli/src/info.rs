//! What is not about one image: credentials, quota, regions, jobs, codes; and replicas, which
//! are jobs.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{Job, On, Preferences, ReplicateImage};
use crate::failure::{Failure, exit};
use crate::find::{self, Among};
use crate::image::{more, print_image};
use crate::output::{column, print_fields, print_rows};
use crate::session::escaped;
use crate::sharing::page_query;
use crate::text::say_with;

/// The ids to hand to an owner.
pub fn credentials(on: &On<'_>) -> Result<u8, Failure> {
    let me = on.session.get("/me")?;
    let row = |project: &Value| {
        json!({
            "region": project["region"],
            "project": project["name"],
            "project_id": project["id"],
            "role": project["role"],
            "account_id": me["account"]["id"],
            "account_uid": me["account"]["uid"],
            "current": if project["id"] == me["project"]["id"] { "*" } else { "" },
        })
    };
    let mut columns = vec![
        column("region", "Region", "区域"),
        column("project", "Project", "项目"),
        column("project_id", "Project ID (tenant id)", "项目 ID（租户 ID）"),
        column("role", "Role", "角色"),
        column("current", "Current", "当前"),
    ];
    if on.global.long || !on.global.column.is_empty() {
        columns.push(column("account_id", "Account ID", "账号 ID"));
        columns.push(column("account_uid", "Account number", "账号 UID"));
    }
    let rows: Vec<Value> = me["projects"].as_array().into_iter().flatten().map(row).collect();
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

/// What the user prefers in the console: one JSON object, printed and read as it is.
pub fn preferences(on: &On<'_>, verb: &Preferences) -> Result<u8, Failure> {
    let known = match verb {
        Preferences::Show => on.session.get("/me/preferences")?,
        Preferences::Set { file } => {
            let mut text = String::new();
            if file.as_os_str() == "-" {
                std::io::stdin().lock().read_to_string(&mut text)?;
            } else {
                std::fs::File::open(file)?.read_to_string(&mut text)?;
            }
            let wish: Value = serde_json::from_str(&text).map_err(|error| {
                Failure::new("MALFORMED_JSON", exit::USAGE, format!("{}: {error}", file.display()))
            })?;
            on.session.call(&Method::PUT, "/me/preferences", Some(&wish))?
        }
    };
    let text = serde_json::to_string_pretty(&known)
        .map_err(|error| Failure::new("MALFORMED_JSON", exit::ERROR, error.to_string()))?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(0)
}

/// Ceilings and their use.
pub fn quota(on: &On<'_>) -> Result<u8, Failure> {
    let quota = on.session.get("/quota")?;
    let kinds = quota.as_object().into_iter().flatten();
    let rows: Vec<Value> = kinds
        .map(|(name, usage)| {
            let limit =
                if usage["limit"].is_null() { "none".into() } else { usage["limit"].clone() };
            json!({"quota": name, "used": usage["used"], "limit": limit})
        })
        .collect();
    let columns = [
        column("quota", "Quota", "配额"),
        column("used", "Used", "已用"),
        column("limit", "Limit", "上限"),
    ];
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

/// The regions.
pub fn regions(on: &On<'_>) -> Result<u8, Failure> {
    let answer = on.session.get("/regions")?;
    let rows = answer["regions"].as_array().cloned().unwrap_or_default();
    let columns = [
        column("id", "ID", "ID"),
        column("name", "Name", "名称"),
        column("zones", "Zones", "可用区"),
        column("is_current", "Current", "当前"),
    ];
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

/// What a code means.
pub fn explain(on: &On<'_>, code: &str) -> Result<u8, Failure> {
    let entry = on.session.get(&format!("/codes/{}", escaped(code)))?;
    let fields = ["code", "status", "message"].map(|name| (name, entry[name].clone()));
    print_fields(on, &fields)?;
    Ok(0)
}

/// Jobs.
pub fn job(on: &On<'_>, verb: &Job) -> Result<u8, Failure> {
    match verb {
        Job::List { state, kind, image, page } => {
            let mut query = page_query(page);
            for (name, value) in [("state", state), ("kind", kind), ("image", image)] {
                if let Some(value) = value {
                    query.push_str(&format!("&{name}={}", escaped(value)));
                }
            }
            let query = query.strip_prefix('&').unwrap_or_default();
            let answer = on.session.get(&format!("/jobs?{query}"))?;
            let rows = answer["jobs"].as_array().cloned().unwrap_or_default();
            let columns = [
                column("id", "ID", "ID"),
                column("kind", "Kind", "类型"),
                column("state", "State", "状态"),
                column("progress_percent", "Percent", "进度"),
                column("created_at", "Created", "创建时间"),
            ];
            print_rows(on, &columns, &rows)?;
            more(on, &answer);
            Ok(0)
        }
        Job::Show { id } => print_job(on, &on.session.get(&format!("/jobs/{}", escaped(id)))?),
        Job::Cancel { id } => {
            let path = format!("/jobs/{}/cancel", escaped(id));
            print_job(on, &on.session.call(&Method::POST, &path, None)?)
        }
        Job::Wait { id } => print_job(on, &wait(on, id)?),
    }
}

fn print_job(on: &On<'_>, job: &Value) -> Result<u8, Failure> {
    let plain = ["id", "kind", "state", "progress_percent", "image", "source", "user"];
    let mut fields: Vec<(&str, Value)> =
        plain.iter().map(|name| (*name, job[*name].clone())).collect();
    fields.push(("failure", job["failure"]["code"].clone()));
    let results = job["results"].as_array().into_iter().flatten().map(|pair| {
        let word = pair["code"].as_str().or(pair["state"].as_str()).or(pair["outcome"].as_str());
        let text = |name: &str| pair[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("image"), text("recipient"), word.unwrap_or_default())
    });
    fields.push(("results", results.collect::<Vec<_>>().join("\n").into()));
    fields.push(("created_at", job["created_at"].clone()));
    fields.push(("updated_at", job["updated_at"].clone()));
    print_fields(on, &fields)?;
    Ok(0)
}

/// Waits until a job has ended; a failed one is a failure.
pub fn wait(on: &On<'_>, id: &str) -> Result<Value, Failure> {
    wait_with(on, id, |_| {})
}

/// As [`wait`]; tells `watch` the percent each time it has asked.
pub fn wait_with(on: &On<'_>, id: &str, watch: impl Fn(u64)) -> Result<Value, Failure> {
    let mut pause = Duration::from_millis(50);
    loop {
        let job = on.session.get(&format!("/jobs/{}", escaped(id)))?;
        watch(job["progress_percent"].as_u64().unwrap_or_default());
        match job["state"].as_str() {
            Some("succeeded") => return Ok(job),
            Some("failed") => {
                let why = &job["failure"];
                let message = why["message"].as_str().unwrap_or_default();
                let text = say_with(on.language, "job_failed", &[id, message]);
                let code = why["code"].as_str().unwrap_or("JOB_FAILED");
                return Err(Failure::new(code, exit::ERROR, text));
            }
            Some(_) | None => rest(pause),
        }
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

#[expect(clippy::disallowed_methods, reason = "between two questions to a server, a client waits")]
pub fn rest(pause: Duration) {
    std::thread::sleep(pause);
}

/// Makes a private copy, and waits for it unless told not to.
pub fn replicate(on: &On<'_>, wish: &ReplicateImage) -> Result<u8, Failure> {
    let id = find::id(&find::image(on, &wish.image, Among::Any)?);
    let mut body = json!({});
    for (name, value) in [("name", &wish.name), ("description", &wish.description)] {
        if let Some(value) = value {
            body[name] = value.as_str().into();
        }
    }
    let path = format!("/images/{id}/replicate");
    let made = on.session.call(&Method::POST, &path, Some(&body))?;
    if wish.no_wait && !wish.wait {
        return print_image(on, &made["image"]);
    }
    wait(on, made["job"].as_str().unwrap_or_default())?;
    let copy = find::id(&made["image"]);
    print_image(on, &on.session.get(&format!("/images/{copy}"))?)
}

/// What the installation has: drivers, formats, limits.
pub fn capabilities(on: &On<'_>) -> Result<u8, Failure> {
    let answer = on.session.get("/capabilities")?;
    let mut fields = vec![("version".to_owned(), answer["version"].clone())];
    for part in ["drivers", "limits"] {
        for (name, value) in answer[part].as_object().into_iter().flatten() {
            fields.push((name.clone(), value.clone()));
        }
    }
    for part in ["disk_formats", "container_formats", "digests"] {
        fields.push((part.to_owned(), answer[part].clone()));
    }
    let fields: Vec<(&str, Value)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    print_fields(on, &fields)?;
    Ok(0)
}

/// Says whether a page of the console helps.
pub fn feedback(on: &On<'_>, page: &str, helpful: bool, text: Option<&str>) -> Result<u8, Failure> {
    let body = json!({"page": page, "helpful": helpful, "text": text});
    on.session.call(&Method::POST, "/feedback", Some(&body))?;
    Ok(0)
}
