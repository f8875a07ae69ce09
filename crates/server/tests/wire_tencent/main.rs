//! Tencent's calls through the router, on both databases. alice owns project A, bob B, carol is a
//! stranger; their accounts are 100000000001 and so on.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod lighthouse;
mod refusals;
mod sharing;
mod signatures;
mod signing;

use lendglass_core::ImageId;
use lendglass_core::image::Image;
use lendglass_store::{image as store_image, params};
use serde_json::{Value, json};
use support::{Answer, TestServer};

const BOB: &str = "100000000002";
const CAROL: &str = "100000000003";
const MODIFY: &str = "ModifyImageSharePermission";

/// What an action answers, called with the token of a person.
async fn ask(server: &TestServer, person: &str, action: &str, body: Value) -> Value {
    ask_of(server, person, (action, "2017-03-12"), body).await
}

/// The same of an action of Lighthouse.
async fn ask_light(server: &TestServer, person: &str, action: &str, body: Value) -> Value {
    ask_of(server, person, (action, "2020-03-24"), body).await
}

async fn ask_of(
    server: &TestServer,
    person: &str,
    (action, version): (&str, &str),
    body: Value,
) -> Value {
    let headers = [("x-tc-action", action), ("x-tc-version", version), ("x-tc-region", "r1")];
    response(server.request_with(person, "POST", "/", &headers, body).await)
}

/// The vendor's envelope, opened: HTTP 200, exactly `application/json`, with an id.
fn response(answer: Answer) -> Value {
    assert_eq!(answer.header("content-type"), "application/json", "the SDK takes nothing else");
    let answer = answer.expect(200).json();
    assert_eq!(answer["Response"]["RequestId"].as_str().unwrap().len(), 36);
    answer["Response"].clone()
}

/// The code of a refusal; `none` where there is none.
fn code_of(response: &Value) -> String {
    response["Error"]["Code"].as_str().unwrap_or("none").to_owned()
}

async fn code(server: &TestServer, person: &str, action: &str, body: Value) -> String {
    code_of(&ask(server, person, action, body).await)
}

async fn code_light(server: &TestServer, person: &str, action: &str, body: Value) -> String {
    code_of(&ask_light(server, person, action, body).await)
}

/// A whole image of a person's, by its `img-…` id.
async fn image(server: &TestServer, person: &str, name: &str) -> String {
    let new = json!({"name": name, "disk_format": "raw", "container_format": "bare"});
    let made = server.request(person, "POST", "/v2/images", new).await.expect(201).json();
    let path = format!("/v2/images/{}/file", made["id"].as_str().unwrap());
    server.request(person, "PUT", &path, b"some bytes".to_vec()).await.expect(204);
    let filters = json!({"Filters": [{"Name": "image-name", "Values": [name]}]});
    let listed = ask(server, person, "DescribeImages", filters).await;
    let [seen] = listed["ImageSet"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((&listed["TotalCount"], &seen["ImageState"]), (&json!(1), &json!("NORMAL")));
    seen["ImageId"].as_str().unwrap().to_owned()
}

/// The body of a share or its end.
fn permit(verb: &str, image: &str, accounts: &[&str]) -> Value {
    json!({"ImageId": image, "AccountIds": accounts, "Permission": verb})
}

/// Changes a record behind everybody's back.
async fn force(server: &TestServer, image: &str, change: impl Fn(&mut Image) + Send + 'static) {
    let alias = image.to_owned();
    let write = move |tx: &mut lendglass_store::Tx<'_>| {
        static ID: lendglass_store::Statement =
            lendglass_store::Statement::new("select id from image where tencent_id = $1");
        let row = tx.query_opt(&ID, &params![&alias])?.unwrap();
        let id = ImageId::trusted(row.read().text()?);
        let before = store_image::lock(tx, &id)?.unwrap();
        let mut after = before.clone();
        change(&mut after);
        store_image::update(tx, &before, &after)
    };
    server.app.db.write(write).await.unwrap();
}

/// How many images of a person's have an id.
async fn count(server: &TestServer, person: &str, image: &str) -> u64 {
    let listed = ask(server, person, "DescribeImages", json!({"ImageIds": [image]})).await;
    listed["TotalCount"].as_u64().unwrap()
}
