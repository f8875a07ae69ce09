//! The routes that there are: read from the sources of `wire`, so that a new one is noticed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use lendglass_server::wire::{ctyun, huawei, native};

use crate::support::TestServer;

pub const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
pub const UNKNOWN_IMAGE: &str = "00000000-0000-4000-8000-000000000000";

/// The paths that the sources of `wire` route, catch-alls left out. A call of `.route` in a form
/// that is not known here fails.
fn routed_paths() -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wire")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                paths.extend(paths_in(&text, &path));
            }
        }
    }
    paths.retain(|path| !path.contains("{*") && !path.starts_with("/identity/v3"));
    paths.extend(huawei::table().iter().map(|(path, _)| (*path).to_owned()));
    paths.extend(ctyun::table().iter().map(|(path, _)| (*path).to_owned()));
    let table = native::table();
    paths.extend(table.iter().map(|(_, path, _)| format!("{}{path}", native::PREFIX)));
    paths
}

fn paths_in(text: &str, file: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    for call in text.split(".route(").skip(1) {
        let argument = call.trim_start();
        let literal = |rest: &str| rest.split('"').next().unwrap().to_owned();
        if let Some(rest) = argument.strip_prefix('"') {
            paths.push(literal(rest));
        } else if let Some(rest) = argument.strip_prefix("&at(\"") {
            paths.push(format!("/v3{}", literal(rest)));
        } else if argument.starts_with("prefix,") {
            paths.push("/v3".to_owned());
        } else if argument.starts_with("path, route)") {
            // Most dialects route from tables, which are read as they are.
        } else {
            let call: String = argument.chars().take(60).collect();
            panic!("{}: which path is `.route({call}`?", file.display());
        }
    }
    paths
}

/// What there is: every method of every path that is not answered with 405.
pub async fn routes(server: &TestServer) -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for path in routed_paths() {
        let concrete: String = with_names(&path, |_| UNKNOWN_IMAGE.to_owned());
        for method in METHODS {
            let answer = server.request("operator", method, &concrete, ()).await;
            if answer.status.as_u16() != 405 {
                routes.insert((method.to_owned(), path.clone()));
            }
        }
    }
    routes
}

/// A path with each `{name}` replaced.
pub fn with_names(path: &str, value: impl Fn(&str) -> String) -> String {
    let replace = |segment: &str| match segment.strip_prefix('{') {
        Some(name) => value(name.trim_end_matches('}')),
        None => segment.to_owned(),
    };
    path.split('/').map(replace).collect::<Vec<_>>().join("/")
}
