//! `lend image verify`: whether the stored bytes of an image are still what they were.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::On;
use crate::failure::{Failure, exit};
use crate::find::{self, Among};
use crate::info::rest;
use crate::output::{column, print_rows};
use crate::text::say_with;

/// Asks for the bytes to be read again, waits until they are, and says what was found.
pub fn verify(on: &On<'_>, image: &str) -> Result<u8, Failure> {
    let id = find::id(&find::image(on, image, Among::Any)?);
    let path = format!("/images/{id}/verify");
    let mut found = on.session.call(&Method::POST, &path, Some(&json!({})))?;
    let is = |disk: &Value, what: &str| disk[what] == true;
    let any = |found: &Value, what: &str| {
        found["disks"].as_array().into_iter().flatten().any(|disk| is(disk, what))
    };
    let mut pause = Duration::from_millis(100);
    while any(&found, "waiting") && !any(&found, "unreadable") {
        rest(pause);
        pause = (pause * 2).min(Duration::from_secs(2));
        found = on.session.get(&path)?;
    }
    let columns = [
        column("position", "Disk", "磁盘"),
        column("damaged", "Damaged", "已损坏"),
        column("unreadable", "Unreadable", "无法读取"),
        column("checked_at", "Read again", "校验时间"),
    ];
    print_rows(on, &columns, found["disks"].as_array().map_or(&[], Vec::as_slice))?;
    if any(&found, "damaged") {
        let text = say_with(on.language, "damaged", &[&id]);
        return Err(Failure::new("BLOB_DAMAGED", exit::ERROR, text));
    }
    if any(&found, "unreadable") {
        let text = say_with(on.language, "unreadable", &[&id]);
        return Err(Failure::new("UNAVAILABLE", exit::ERROR, text));
    }
    Ok(0)
}
