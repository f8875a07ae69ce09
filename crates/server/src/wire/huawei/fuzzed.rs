//! What strangers write, read as the calls read it: for the fuzzer, and for the tests beside. Each says
//! whether what must hold of everything that is taken does.

use lendglass_core::limits::{BATCH_IMAGES, PATCH_OPERATIONS};

use super::image::parse_patch;
use super::list::parse_list;
use super::request::Fields;
use super::share::{parse_marker, parse_recipients, parse_status};
use super::tag::{Tag, labels, parse_tags};
use super::tag_query::parse_wanted;
use super::vault;
use crate::wire::common::parse_json;
use crate::wire::fuzzed::is_brief;
use crate::wire::query::parse_query;

/// A body, for every call that takes one. Batches and patches stay within their limits; a tag is the same
/// after it was kept as a label, and after it was shown.
pub fn body(bytes: &[u8]) -> bool {
    let Ok(body) = parse_json(bytes) else { return true };
    let patch = parse_patch(&body);
    let is_good = is_brief(&patch)
        && patch.map_or(true, |edits| edits.len() <= PATCH_OPERATIONS)
        && is_brief(&vault::parse_new(&body))
        && is_brief(&vault::parse_edit(&body));
    let Ok(fields) = Fields::of(body) else { return is_good };
    let stays = |tag: &Tag| {
        Tag::of_label(&tag.clone().into_label()) == *tag
            && Tag::parse(&tag.render()).as_ref() == Ok(tag)
    };
    let (images, tags) = (fields.images(), parse_tags(&fields));
    is_good
        && is_brief(&images)
        && images.map_or(true, |images| images.len() <= BATCH_IMAGES)
        && is_brief(&tags)
        && tags.map_or(true, |tags| tags.iter().all(|(tag, _)| stays(tag)))
        && is_brief(&labels(&fields))
        && is_brief(&parse_recipients(&fields))
        && is_brief(&parse_status(&fields))
        && is_brief(&parse_wanted(&fields))
}

/// A query, for every list. Whether a list is refused does not depend on the order of its filters, and it
/// has a limit in any case.
pub fn query(text: &str) -> bool {
    let Ok(pairs) = parse_query(text) else { return true };
    let reversed: Vec<_> = pairs.iter().rev().cloned().collect();
    let (list, window) = (parse_list(&pairs), vault::window(&pairs));
    is_brief(&list)
        && list.as_ref().map_or(true, |list| list.limit.is_some())
        && list.is_ok() == parse_list(&reversed).is_ok()
        && is_brief(&window)
        && window.is_ok() == vault::window(&reversed).is_ok()
        && pairs.iter().all(|(_, value)| is_brief(&parse_marker(value)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_keeps_what_must_hold(
            bytes: Vec<u8>,
            key in "\\PC{0,8}", value in "\\PC{0,8}",
            filter in "(limit|marker|__imagetype|status|created_at|sort_key|x)=[a-z0-9:,%-]{0,9}",
        ) {
            prop_assert!(body(&bytes));
            let tags = serde_json::json!({"tags": [{"key": key, "value": value}], "images": [key]});
            prop_assert!(body(tags.to_string().as_bytes()));
            let filters = format!("{filter}&member_status=pending&{filter}");
            prop_assert!(query(&filters));
        }
    }
}
