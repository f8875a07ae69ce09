//! What strangers write, read as the calls read it: for the fuzzer, and for the test beside. It says
//! whether what must hold of everything that is taken does.

use super::fields::Fields;
use super::image::parse_edits;
use super::list::{PAGE_MAX, Page, parse_list};
use super::share::{CANCEL_MAX, parse_names};
use crate::wire::fuzzed::is_brief;

/// A body and a query, for every call: pages and batches stay within their limits.
pub fn call(query: &str, body: &[u8]) -> bool {
    let Ok(fields) = Fields::of_body(body, query) else { return true };
    let (page, names) = (Page::parse(&fields, PAGE_MAX), parse_names(&fields));
    is_brief(&page)
        && page.map_or(true, |page| (1..=PAGE_MAX).contains(&page.size))
        && is_brief(&names)
        && names.map_or(true, |names| (1..=CANCEL_MAX).contains(&names.len()))
        && is_brief(&parse_list(&fields))
        && is_brief(&parse_edits(&fields))
        && is_brief(&fields.image())
        && is_brief(&fields.labels())
        && is_brief(&fields.flag("errorFree"))
}

#[cfg(test)]
mod tests {
    proptest::proptest! {
        #[test]
        fn any_bytes_are_fields_or_refused(
            body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            query in ".{0,80}",
            value in "[0-9a-z,-]{0,9}",
        ) {
            proptest::prop_assert!(super::call(&query, &body));
            let names = ["pageNo", "pageSize", "destinationUser", "osTypeCode", "minimumRAM", "labels"];
            let fields: serde_json::Map<_, _> =
                names.into_iter().map(|name| (name.to_owned(), value.as_str().into())).collect();
            let body = serde_json::Value::from(fields).to_string();
            proptest::prop_assert!(super::call("", body.as_bytes()));
        }
    }
}
