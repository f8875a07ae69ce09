//! `lend image copy|move-copy`: into another region, or into another project of one's own.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{CopyImage, On};
use crate::failure::{Failure, exit};
use crate::find::{self, Among};
use crate::image::print_image;
use crate::info::{wait, wait_with};
use crate::output::{note, print_fields};
use crate::text::{say, say_with};
use crate::transfer::bar;

/// Copies an image into another region, and waits for it unless told not to.
pub fn copy(on: &On<'_>, wish: &CopyImage) -> Result<u8, Failure> {
    let image = find::image(on, &wish.image, Among::Any)?;
    let mut body = json!({"region": wish.to_region});
    let own =
        [("project", &wish.to_project), ("name", &wish.name), ("description", &wish.description)];
    for (name, value) in own {
        if let Some(value) = value {
            body[name] = value.as_str().into();
        }
    }
    let path = format!("/images/{}/copy", find::id(&image));
    let mut made = on.session.call(&Method::POST, &path, Some(&body))?;
    if wish.wait || !wish.no_wait {
        let size = image["size_bytes"].as_u64().unwrap_or_default();
        let bar = bar(on, "copying", Some(size));
        let job = made["job"].as_str().unwrap_or_default();
        let ended = wait_with(on, job, |percent| bar.set_position(size / 100 * percent));
        bar.finish_and_clear();
        ended?;
        made["status"] = "active".into();
    }
    let fields = ["image", "status", "project", "region", "job"];
    print_fields(on, &fields.map(|name| (name, made[name].clone())))?;
    Ok(0)
}

/// Shares an image with another project of the caller's, accepts and replicates it there, and takes
/// the share back; the share is taken back too where a step fails (US-10).
pub fn move_copy(on: &On<'_>, image: &str, project: &str) -> Result<u8, Failure> {
    let image = find::id(&find::image(on, image, Among::Listed)?);
    let project = own_project(on, project)?;
    let there = on.session.in_project(&project)?;
    let other = On { session: &there, global: on.global, language: on.language };
    let pair = json!({"images": [image], "recipients": [project], "acknowledge": true});
    let shared = on.session.call(&Method::POST, "/shares", Some(&pair))?;
    let was_shared = shared["results"][0]["outcome"] == "already_shared";
    let copied = take(&other, &image);
    if !was_shared {
        let taken_back = take_back(on, &other, &image, &project);
        match (&copied, taken_back) {
            (Err(_), Ok(())) => note(on, say(on.language, "taken_back")),
            (_, Err(failure)) => {
                note(on, &say_with(on.language, "still_shared", &[&failure.text]));
            }
            (Ok(_), Ok(())) => {}
        }
    }
    print_image(&other, &copied?)
}

/// The id of a project in which the caller has a role, in this region.
fn own_project(on: &On<'_>, named: &str) -> Result<String, Failure> {
    let me = on.session.get("/me")?;
    let projects = me["projects"].as_array().into_iter().flatten();
    let region = projects.clone().find(|project| project["id"] == me["project"]["id"]);
    let region = region.map(|project| project["region"].clone()).unwrap_or_default();
    let mut same = projects.filter(|project| {
        let is_named = project["id"] == named || project["name"] == named;
        is_named && (project["region"] == region || project["region"].is_null())
    });
    let found = same.next().and_then(|project| project["id"].as_str());
    found.map(str::to_owned).ok_or_else(|| {
        let text = say_with(on.language, "own_project", &[named]);
        Failure::new("PROJECT_NOT_FOUND", exit::NOT_FOUND, text)
    })
}

/// The recipient's part: accepts, replicates, waits; the private copy.
fn take(on: &On<'_>, image: &str) -> Result<Value, Failure> {
    let answer = json!({"images": [image], "answer": "accept"});
    on.session.call(&Method::POST, "/shares/answers", Some(&answer))?;
    let path = format!("/images/{image}/replicate");
    let made = on.session.call(&Method::POST, &path, Some(&json!({})))?;
    wait(on, made["job"].as_str().unwrap_or_default())?;
    on.session.get(&format!("/images/{}", find::id(&made["image"])))
}

/// Ends the share from the owner's side, or where he may not, from the recipient's.
fn take_back(on: &On<'_>, there: &On<'_>, image: &str, project: &str) -> Result<(), Failure> {
    let pair = json!({"images": [image], "recipients": [project]});
    if on.session.call(&Method::DELETE, "/shares", Some(&pair)).is_ok() {
        return Ok(());
    }
    let answer = json!({"images": [image], "answer": "reject"});
    there.session.call(&Method::POST, "/shares/answers", Some(&answer)).map(|_| ())
}
