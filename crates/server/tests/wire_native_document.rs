//! The native dialect's document: as committed, and whole.

use std::collections::BTreeSet;
use std::path::Path;

use lendglass_server::wire::native::{self, openapi};
use serde_json::Value;

fn committed() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")
}

#[test]
fn the_committed_document_is_the_generated_one() {
    let generated = openapi::text().unwrap();
    if std::env::var_os("WRITE_OPENAPI").is_some() {
        std::fs::write(committed(), &generated).unwrap();
    }
    let is_same = std::fs::read_to_string(committed()).unwrap() == generated;
    assert!(
        is_same,
        "docs/openapi.json is not what the code says; write it anew with\n    \
         WRITE_OPENAPI=1 cargo test -p lendglass-server --test wire_native_document"
    );
}

#[test]
fn every_route_is_documented_and_every_operation_is_routed() {
    let routes: BTreeSet<(String, String)> = native::table()
        .into_iter()
        .map(|(method, path, _)| (method.to_owned(), format!("{}{path}", native::PREFIX)))
        .collect();
    let document: Value = serde_json::from_str(&openapi::text().unwrap()).unwrap();
    let operations: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            let methods = operations.as_object().unwrap().keys();
            methods.map(|method| (method.clone(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(routes, operations);
}

#[test]
fn every_operation_has_a_name_of_its_own_and_says_what_it_does() {
    let document: Value = serde_json::from_str(&openapi::text().unwrap()).unwrap();
    let mut names = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{method} {path}: {name} is taken");
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
}
