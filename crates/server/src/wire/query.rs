//! Query strings of the dialects that grew out of Glance: pairs, flags, numbers, times.

use lendglass_core::{Error, Timestamp};
use percent_encoding::percent_decode_str;

use crate::service::list::{Comparison, Filter, NumberColumn};
use crate::wire::common::{invalid, malformed, parse_time};

/// The pairs of a query, decoded, in order.
pub type Pairs = Vec<(String, String)>;

/// The pairs of a query string, decoded. Bytes that are not UTF-8 and NUL are refused.
pub fn parse_query(query: &str) -> Result<Pairs, Error> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        let decoded = percent_decode_str(&text).decode_utf8();
        let decoded = decoded.map_err(|_| malformed("the query is not UTF-8"))?.into_owned();
        if decoded.contains('\0') { Err(malformed("NUL in the query")) } else { Ok(decoded) }
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// A page size. More than anyone may have is cut later.
pub fn parse_limit(value: &str) -> Result<u32, Error> {
    let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    if !is_number {
        return Err(invalid("limit", value, "it must be an integer, not negative"));
    }
    Ok(value.parse().unwrap_or(u32::MAX))
}

/// A flag, in the words Glance takes.
pub fn parse_flag(name: &str, value: &str) -> Result<bool, Error> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" | "on" => Ok(true),
        "false" | "f" | "0" | "no" | "n" | "off" => Ok(false),
        _ => Err(invalid(name, value, "it must be true or false")),
    }
}

/// Clients see seconds, so a time means its whole second: `eq:T` is [T, T + 1 s).
pub fn parse_time_filter(name: &str, value: &str, column: NumberColumn) -> Result<Filter, Error> {
    let reason = "write OPERATOR:TIME, with an ISO 8601 time";
    let (operator, time) = match parse_time(value) {
        Some(time) => ("eq", time),
        None => {
            let split = value.split_once(':');
            let (operator, text) = split.ok_or_else(|| invalid(name, value, reason))?;
            (operator, parse_time(text).ok_or_else(|| invalid(name, value, reason))?)
        }
    };
    let second = Timestamp::from_seconds(time.seconds());
    let (from, to) = (second.0, second.plus_seconds(1).0);
    match operator {
        "eq" => Ok(Filter::Within(column, from, to)),
        "neq" => Ok(Filter::Outside(column, from, to)),
        "gt" => Ok(Filter::Number(column, Comparison::AtLeast, to)),
        "gte" => Ok(Filter::Number(column, Comparison::AtLeast, from)),
        "lt" => Ok(Filter::Number(column, Comparison::Less, from)),
        "lte" => Ok(Filter::Number(column, Comparison::Less, to)),
        _ => Err(invalid(name, value, "the operators are gt, gte, lt, lte, eq and neq")),
    }
}
