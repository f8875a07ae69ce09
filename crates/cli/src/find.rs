//! Images by name or id.

use serde_json::Value;

use crate::args::On;
use crate::failure::{Failure, exit};
use crate::session::escaped;
use crate::text::{say, say_with};

/// Where a name is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// What the caller lists: own, public, accepted and published images, also hidden ones.
    Listed,
    /// What was offered to the caller, in any state.
    Offered,
    /// Both.
    Any,
}

/// The image that a name or an id means.
pub fn image(on: &On<'_>, text: &str, among: Among) -> Result<Value, Failure> {
    if is_id(text) {
        return on.session.get(&format!("/images/{}", escaped(text)));
    }
    let mut queries = Vec::new();
    if among != Among::Offered {
        queries.extend(["", "&view=owned&hidden=true", "&view=market"]);
    }
    if among != Among::Listed {
        queries.push("&view=received&state=any");
    }
    let mut found: Vec<Value> = Vec::new();
    for query in queries {
        let page = on.session.get(&format!("/images?limit=50&name={}{query}", escaped(text)))?;
        for image in page["images"].as_array().into_iter().flatten() {
            if !found.iter().any(|known| known["id"] == image["id"]) {
                found.push(image.clone());
            }
        }
    }
    match found.len() {
        0 => {
            let text = say_with(on.language, "no_image", &[text]);
            Err(Failure::new("IMAGE_NOT_FOUND", exit::NOT_FOUND, text))
        }
        1 => Ok(found.swap_remove(0)),
        _ => Err(ambiguous(on, text, &found)),
    }
}

/// The ids of images that names or ids mean.
pub fn ids(on: &On<'_>, texts: &[String], among: Among) -> Result<Vec<String>, Failure> {
    texts.iter().map(|text| image(on, text, among).map(|image| id(&image))).collect()
}

/// The id of an image.
pub fn id(image: &Value) -> String {
    image["id"].as_str().unwrap_or_default().to_owned()
}

fn ambiguous(on: &On<'_>, text: &str, found: &[Value]) -> Failure {
    let mut shown = say_with(on.language, "ambiguous", &[text]);
    for image in found {
        let owner = &image["owner"];
        let name = owner["name"].as_str().or(owner["id"].as_str()).unwrap_or_default();
        let (word, colon) = (say(on.language, "owner"), say(on.language, "colon"));
        shown.push_str(&format!("\n  {}  {word}{colon}{name}", id(image)));
    }
    Failure::new("IMAGE_AMBIGUOUS", exit::ERROR, shown)
}

fn is_id(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uuid_is_an_id() {
        assert!(is_id("5a1e0d7c-5b7e-4d1b-8f0e-2d7a3cf6a9b0"));
        for name in
            ["erp", "5a1e0d7c5b7e4d1b8f0e2d7a3cf6a9b0", "zzzzzzzz-5b7e-4d1b-8f0e-2d7a3cf6a9b0"]
        {
            assert!(!is_id(name), "{name}");
        }
    }
}
