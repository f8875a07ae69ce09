//! Lists: which images, filtered, page by page.

use serde_json::{Value, json};

use crate::support::{self, TestServer, on_both_engines};
use crate::{check_refused, done, found, ids, make};

on_both_engines!("lendglass":
    pages_have_numbers,
    filters_narrow_a_list,
    who_sees_what_by_its_code,
);

async fn pages_have_numbers(server: TestServer) {
    let mut made = Vec::new();
    for number in 0..23 {
        let body = json!({"name": format!("sys{number}")});
        let image = server.request("alice", "POST", "/v2/images", body).await.expect(201).json();
        made.push(image["id"].as_str().unwrap().to_owned());
        server.step(1).await;
    }
    made.reverse();
    let page = async |fields: Value| {
        let mut all = json!({"imageVisibilityCode": 0});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        done(&server, "alice", "list", all).await
    };
    let first = page(json!({})).await;
    assert_eq!((&first["pageNo"], &first["pageSize"]), (&json!(1), &json!(10)));
    assert_eq!((&first["totalCount"], &first["totalPage"]), (&json!(23), &json!(3)));
    let mut met = Vec::new();
    for number in 1..=4 {
        let page = page(json!({"pageNo": number, "pageSize": 7})).await;
        let rows = page["images"].as_array().unwrap().clone();
        assert_eq!(page["currentCount"], rows.len());
        met.extend(rows.iter().map(|row| row["imageID"].as_str().unwrap().to_owned()));
    }
    assert_eq!(met, made, "in order, none twice");
    let beyond = page(json!({"pageNo": 4_000_000_000_u32, "pageSize": 200})).await;
    assert_eq!((&beyond["images"], &beyond["totalCount"]), (&json!([]), &json!(23)));
    for bad in [json!({"pageNo": 0}), json!({"pageSize": 201}), json!({"pageNo": -1})] {
        check_refused(&server, "alice", "list", bad, "Openapi.Parameter.Error").await;
    }
}

async fn filters_narrow_a_list(server: TestServer) {
    let linux = make(&server, "alice", json!({"name": "Web a/b", "os_type": "linux"})).await;
    let windows = make(&server, "alice", json!({"name": "web-2", "os_type": "windows"})).await;
    let body = json!({"name": "data1", "kind": "data"});
    let data = server.request("alice", "POST", "/api/v1/images", body).await.expect(201).json();
    let data = data["id"].as_str().unwrap().to_owned();
    let own = async |fields: Value| {
        let mut all = json!({"imageVisibilityCode": 0});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let mut found = ids(&server, "alice", all).await;
        found.sort();
        found
    };
    let sorted = |ids: &[&String]| {
        let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
        ids.sort();
        ids
    };
    for (fields, expected) in [
        (json!({}), sorted(&[&linux, &windows, &data])),
        (json!({"queryContent": "WEB"}), sorted(&[&linux, &windows])),
        (json!({"queryContent": "a/b"}), sorted(&[&linux])),
        (json!({"queryContent": linux}), sorted(&[&linux])),
        (json!({"imageName": "web-2", "queryContent": "data"}), sorted(&[&windows])),
        (json!({"imageName": "web"}), sorted(&[])),
        (json!({"imageType": "data_disk_image"}), sorted(&[&data])),
        (json!({"imageType": "others"}), sorted(&[&linux, &windows])),
        (json!({"osTypeCode": 1}), sorted(&[&linux])),
        (json!({"osTypeCode": "2"}), sorted(&[&windows])),
        (json!({"projectID": "0"}), sorted(&[&linux, &windows, &data])),
        (json!({"projectID": "p-1"}), sorted(&[])),
        (
            json!({"flavorName": "s7", "azName": "", "imageStatus": "accepted"}),
            sorted(&[&linux, &windows, &data]),
        ),
    ] {
        assert_eq!(own(fields.clone()).await, expected, "{fields}");
    }
    let others = json!({"imageVisibilityCode": 0});
    assert!(ids(&server, "bob", others).await.is_empty());
    for bad in [
        json!({"imageVisibilityCode": 9}),
        json!({"imageVisibilityCode": 0, "imageType": "x"}),
        json!({"imageVisibilityCode": 0, "osTypeCode": 3}),
        json!({"imageVisibilityCode": 2, "imageStatus": "pending"}),
    ] {
        check_refused(&server, "alice", "list", bad, "Openapi.Parameter.Error").await;
    }
}

async fn who_sees_what_by_its_code(server: TestServer) {
    let public = make(&server, "operator", json!({"visibility": "public"})).await;
    let community = make(&server, "carol", json!({"visibility": "community"})).await;
    let shared = make(&server, "alice", json!({})).await;
    let offer = json!({"imageID": shared, "destinationAccountID": "y"});
    done(&server, "alice", "shared-image/create", offer).await;
    for (fields, expected) in [
        (json!({}), vec![public.clone()]),
        (json!({"imageVisibilityCode": ""}), vec![public.clone()]),
        (json!({"imageVisibilityCode": 1, "osTypeCode": 1}), vec![]),
        (json!({"imageVisibilityCode": 1, "cwaiType": "node"}), vec![]),
        (json!({"imageVisibilityCode": 2}), vec![shared.clone()]),
        (json!({"visibility": "shared", "status": "waiting"}), vec![shared.clone()]),
        (json!({"visibility": "2", "status": "accepted", "osTypeCode": 1}), vec![]),
        (json!({"imageVisibilityCode": 3}), vec![]),
        (json!({"imageVisibilityCode": 4}), vec![community.clone()]),
        (json!({"imageVisibilityCode": 5, "imageScene": "dev"}), vec![]),
        (json!({"imageVisibilityCode": 6}), vec![]),
    ] {
        assert_eq!(ids(&server, "bob", fields.clone()).await, expected, "{fields}");
    }
    let row = &found(&server, "bob", json!({})).await[0];
    assert_eq!(
        (&row["imageVisibility"], &row["imageVisibilityCode"]),
        (&json!("public"), &json!(1))
    );
    let row = &found(&server, "bob", json!({"imageVisibilityCode": 2})).await[0];
    assert_eq!((&row["visibility"], &row["imageStatus"]), (&json!("shared"), &json!("waiting")));
    assert_eq!(row["imageShareCount"], Value::Null, "how many have it is its owner's to know");
}
