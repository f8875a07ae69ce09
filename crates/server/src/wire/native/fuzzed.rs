//! What strangers write, read as the calls read it: for the fuzzer, and for the tests beside. Each says
//! whether what must hold of everything that is taken does.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use lendglass_core::limits::BATCH_IMAGES;
use lendglass_core::notice::Position;
use lendglass_core::{Code, Error};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::input::{Query, shaped};
use super::{
    access, audit, backup, copy, image, key, list, market, notice, policy, rule, session, share,
    tag, upload, vault, webhook,
};
use crate::wire::common::parse_json;
use crate::wire::fuzzed::is_brief;

/// A body, for every call that takes one: batches stay within their limits, and no shape takes a field
/// that it does not have.
pub fn body(bytes: &[u8]) -> bool {
    let Ok(body) = parse_json(bytes) else { return true };
    let is_few = |texts: &[String]| {
        let images = share::parse_images(texts);
        is_brief(&images) && images.map_or(true, |images| images.len() <= BATCH_IMAGES)
    };
    is_strict(&body, |body: share::ShareBody| {
        let times = share::parse_at("ends_at", body.ends_at);
        let _named = share::parse_recipients(body.recipients);
        is_few(&body.images) && is_brief(&times)
    }) && is_strict(&body, |body| is_brief(&share::parse_withdrawal(body)))
        && is_strict(&body, |body: share::AnswerBody| is_few(&body.images))
        && is_strict(&body, |body: market::DeleteBody| is_few(&body.images))
        && is_strict(&body, |body| is_brief(&image::parse_new(body)))
        && is_strict(&body, |body| is_brief(&image::parse_patch(body)))
        && is_strict(&body, |body| is_brief(&access::parse_wish(body)))
        && is_strict(&body, |body| is_brief(&session::parse_proof(body)))
        && is_strict(&body, |body: policy::PolicyPatch| {
            body.set.iter().all(|(key, value)| is_brief(&policy::parse_value(key, value)))
        })
        && is_strict(&body, |body: notice::ReadBody| {
            body.ids.is_none_or(|ids| is_brief(&notice::parse_ids(&ids)))
        })
        && is_strict(&body, |body: webhook::WebhookBody| {
            is_brief(&notice::parse_kinds("kinds", &body.kinds))
        })
        && are_strict(&body)
}

/// Those of which nothing more is read than their fields.
fn are_strict(body: &Value) -> bool {
    fn only<T: DeserializeOwned>(body: &Value) -> bool {
        is_strict(body, |_: T| true)
    }
    only::<share::UndoBody>(body)
        && only::<webhook::WebhookPatch>(body)
        && only::<image::ReplicateBody>(body)
        && only::<copy::CopyBody>(body)
        && only::<vault::NewVaultBody>(body)
        && only::<vault::VaultPatch>(body)
        && only::<backup::NewBackupBody>(body)
        && only::<backup::ServerImageBody>(body)
        && only::<rule::RuleBody>(body)
        && only::<tag::TagBody>(body)
        && only::<key::AccessKeyPatch>(body)
        && only::<policy::PolicyValue>(body)
        && only::<policy::PolicyProfile>(body)
}

/// A name that no shape has.
const UNKNOWN: &str = "nobody's field";

/// Whether a body of one shape is refused briefly, or taken, with what is read of it then; and in that
/// case is refused with one field more.
fn is_strict<T: DeserializeOwned>(body: &Value, is_good: impl FnOnce(T) -> bool) -> bool {
    let read = shaped::<T>(body.clone());
    if read.is_err() {
        return is_brief(&read);
    }
    let mut more = body.clone();
    more[UNKNOWN] = Value::from(1);
    shaped::<T>(more).is_err_and(|error| error.code() == Code::UnknownField)
        && read.is_ok_and(is_good)
}

/// What a list takes of a query.
type List = fn(&mut Query) -> Result<(), Error>;

/// A query, for every list; the marker of a page is the same after it was written.
pub fn query(text: &str) -> bool {
    let markers = url::form_urlencoded::parse(text.as_bytes());
    let mut stay = markers.map(|(_, text)| {
        let place = audit::parse_place(&text);
        let position = Position::parse(&text);
        is_brief(&place)
            && place
                .ok()
                .is_none_or(|place| audit::parse_place(&audit::place_text(&place)) == Ok(place))
            && position.is_none_or(|at| Position::parse(&at.to_string()) == Some(at))
            && is_brief(&share::parse_marker(&text))
            && is_brief(&share::parse_place(&text))
    });
    let lists: [List; 2] =
        [|query| list::parse_list(query).map(drop), |query| audit::parse_asked(query).map(drop)];
    stay.all(|stays| stays)
        && lists.iter().all(|parse| {
            let mut query = Query::of_text(text);
            is_brief(&parse(&mut query)) && is_brief(&query.finish())
        })
}

/// The headers of an upload in parts: what they say of it is the same after it was shown.
pub fn upload(length: &[u8], metadata: &[u8], checksum: &[u8]) -> bool {
    let header = |(name, value): (&'static str, &[u8])| {
        let value = HeaderValue::from_bytes(value).ok()?;
        Some((HeaderName::from_static(name), value))
    };
    let read = |metadata: &[u8]| {
        let pairs = [
            ("upload-length", length),
            ("upload-metadata", metadata),
            ("upload-checksum", checksum),
        ];
        let headers: HeaderMap = pairs.into_iter().filter_map(header).collect();
        (upload::parse_new(&headers), upload::parse_checksum(&headers))
    };
    let (new, checksum) = read(metadata);
    let stays = new.as_ref().map_or(true, |new| {
        let shown = upload::metadata(
            &new.image,
            &new.file_name,
            new.sha256_hex.as_deref(),
            new.is_image_new,
        );
        let again = read(shown.as_bytes()).0;
        again.is_ok_and(|again| {
            (&again.image, &again.file_name, &again.sha256_hex)
                == (&new.image, &new.file_name, &new.sha256_hex)
        })
    });
    stays
        && is_brief(&new)
        && is_brief(&checksum)
        && checksum.map_or(true, |digest| digest.is_none_or(|digest| digest.len() == 32))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_keeps_what_must_hold(
            bytes: Vec<u8>,
            name in "images|recipients|name|id|statements|set|ids|kinds|token|region",
            text in "\\PC{0,9}",
            marker in "[pa0-9.:-]{0,9}",
        ) {
            prop_assert!(body(&bytes));
            let value = serde_json::json!({name.clone(): [&text]});
            prop_assert!(body(value.to_string().as_bytes()));
            let value = serde_json::json!({name: text});
            prop_assert!(body(value.to_string().as_bytes()));
            let filters = format!("marker={marker}&sort={marker}&from={marker}&q={text}");
            prop_assert!(query(&filters));
            let image = STANDARD.encode("00000000-0000-4000-8000-000000000000");
            let metadata = format!("image {image},filename {}", STANDARD.encode(&text));
            prop_assert!(upload(b"7", metadata.as_bytes(), &bytes));
        }
    }

    /// A mebibyte of nonsense is refused in a sentence.
    #[test]
    fn refusals_quote_only_a_few_words() {
        let long = "x".repeat(100_000);
        for name in ["images", "name", "token", "ids", "vault", "profile", "verdict"] {
            assert!(body(serde_json::json!({name: long}).to_string().as_bytes()), "{name}");
            assert!(body(serde_json::json!({name: [long]}).to_string().as_bytes()), "[{name}]");
        }
        for name in ["marker", "view", "sort", "limit", "kind", "from", "all", "verb", "project"] {
            assert!(query(&format!("{name}={long}")), "{name}");
        }
    }
}
