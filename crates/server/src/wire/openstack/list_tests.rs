//! The query string, word by word. What the filters find is tested through the router.

use lendglass_core::Timestamp;

use super::*;

fn request(query: &str) -> Result<ListImages, Error> {
    parse_list(&parse_query(query)?)
}

fn only(query: &str) -> Filter {
    let filters = request(query).unwrap().filters;
    assert_eq!(filters.len(), 1, "{query}");
    filters.into_iter().next().unwrap()
}

fn code(query: &str) -> Code {
    request(query).expect_err(query).code()
}

#[test]
fn words_may_be_quoted() {
    let words = |text: &str| parse_quoted("name", text).ok();
    let some = |words: &[&str]| Some(words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
    assert_eq!(words("a,b"), some(&["a", "b"]));
    assert_eq!(words("\"a,b\",c"), some(&["a,b", "c"]));
    assert_eq!(words("\"a\\\"b\""), some(&["a\"b"]));
    assert_eq!(words("a,,b"), some(&["a", "", "b"]));
    assert_eq!(words(""), some(&[]));
    for bad in ["\"a", "\"a\"b", "a\"b\"", "a,b\"c\""] {
        assert_eq!(words(bad), None, "{bad}");
    }
}

#[test]
fn a_time_means_its_second() {
    let second = Timestamp::from_seconds(1_795_334_400).0;
    let next = second + Timestamp::SECOND_MICROS;
    let column = NumberColumn::CreatedAt;
    let time = "2026-11-22T08:00:00Z";
    for (operator, filter) in [
        ("", Filter::Within(column, second, next)),
        ("eq:", Filter::Within(column, second, next)),
        ("neq:", Filter::Outside(column, second, next)),
        ("gt:", Filter::Number(column, Comparison::AtLeast, next)),
        ("gte:", Filter::Number(column, Comparison::AtLeast, second)),
        ("lt:", Filter::Number(column, Comparison::Less, second)),
        ("lte:", Filter::Number(column, Comparison::Less, next)),
    ] {
        assert_eq!(only(&format!("created_at={operator}{time}")), filter, "{operator}");
    }
    for bad in ["like:2026-11-22T08:00:00Z", "gt:yesterday", "yesterday", "gt:"] {
        assert_eq!(code(&format!("created_at={bad}")), Code::InvalidValue, "{bad}");
    }
}

#[test]
fn orders_have_two_spellings_that_do_not_mix() {
    use Direction::{Ascending, Descending};
    let order = |query: &str| request(query).unwrap().order;
    assert_eq!(order(""), [(SortKey::CreatedAt, Descending)]);
    assert_eq!(order("sort_dir=asc"), [(SortKey::CreatedAt, Ascending)]);
    assert_eq!(order("sort=name"), [(SortKey::Name, Descending)]);
    let two = [(SortKey::Name, Ascending), (SortKey::Size, Descending)];
    assert_eq!(order("sort=name:asc,size:desc"), two);
    assert_eq!(order("sort_key=name&sort_dir=asc&sort_key=size&sort_dir=desc"), two);
    let same = [(SortKey::Name, Ascending), (SortKey::Size, Ascending)];
    assert_eq!(order("sort_key=name&sort_key=size&sort_dir=asc"), same);
    for bad in [
        "sort=owner",
        "sort=name:up",
        "sort=",
        "sort_key=tags",
        "sort_dir=up",
        "sort=name&sort_key=name",
        "sort=name&sort_dir=asc",
        "sort_key=name&sort_dir=asc&sort_dir=desc",
        "sort_dir=asc&sort_dir=desc",
    ] {
        assert_eq!(code(bad), Code::InvalidValue, "{bad}");
    }
}

#[test]
fn what_is_no_field_is_a_property() {
    let property = |name: &str, value: &str| Filter::Property(name.to_owned(), value.to_owned());
    assert_eq!(only("os_distro=ubuntu"), property("os_distro", "ubuntu"));
    assert_eq!(only("a%2Fb=x+y%2Bz"), property("a/b", "x y+z"));
    assert_eq!(only("os_distro=in:a,b"), property("os_distro", "in:a,b"));
}

#[test]
fn values_are_checked() {
    for bad in [
        "limit=-1",
        "limit=ten",
        "limit=",
        "visibility=secret",
        "member_status=maybe",
        "os_hidden=perhaps",
        "protected=maybe",
        "size_min=big",
        "size=1.5",
        "name=like:x",
        "changes-since=2026-11-22",
    ] {
        assert_eq!(code(bad), Code::InvalidValue, "{bad}");
    }
    assert_eq!(code("marker=last"), Code::InvalidMarker);
    assert_eq!(code("name=%ff"), Code::Malformed);
    assert_eq!(code("name=a%00b"), Code::Malformed);
    assert_eq!(code("=x"), Code::Malformed);
    assert_eq!(request("limit=99999999999").unwrap().limit, Some(u32::MAX));
    assert!(request("os_hidden=True").unwrap().is_hidden);
}

#[test]
fn links_keep_the_query() {
    let pairs = parse_query("name=a%26b&tag=x&tag=y&marker=old&limit=2").unwrap();
    assert_eq!(link(&pairs, None), "/v2/images?name=a%26b&tag=x&tag=y&limit=2");
    assert_eq!(link(&pairs, Some("new")), "/v2/images?name=a%26b&tag=x&tag=y&limit=2&marker=new");
    assert_eq!(link(&[], None), "/v2/images");
}
