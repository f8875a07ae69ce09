//! Tencent's dialect: the life of a share, and the vendor's own refusals.

use serde_json::{Value, json};

use crate::support::{self, Answer, TestServer, on_both_engines};

on_both_engines!(
    "tencent":
    ap_02_two_accounts_are_shared_with_and_one_is_cancelled,
    ap_04_refusals_have_the_vendors_codes,
);

const TYPE: &str = "application/json";

async fn ask(server: &TestServer, person: &str, action: &str, body: Value) -> Value {
    let version = if action.contains("Blueprint") { "2020-03-24" } else { "2017-03-12" };
    let headers = [("x-tc-action", action), ("x-tc-version", version), ("x-tc-region", "r1")];
    let answer: Answer = server.request_with(person, "POST", "/", &headers, body).await;
    assert_eq!(answer.header("content-type"), TYPE, "the SDK takes nothing else");
    let answer = answer.expect(200).json();
    assert_eq!(answer["Response"]["RequestId"].as_str().unwrap().len(), 36);
    answer["Response"].clone()
}

async fn code(server: &TestServer, person: &str, action: &str, body: Value) -> String {
    let answer = ask(server, person, action, body).await;
    answer["Error"]["Code"].as_str().unwrap_or("none").to_owned()
}

/// A whole image of alice's, by its `img-…` id.
async fn image(server: &TestServer) -> String {
    let new = json!({"name": "erp", "disk_format": "raw", "container_format": "bare"});
    let made = server.request("alice", "POST", "/v2/images", new).await.expect(201).json();
    let path = format!("/v2/images/{}/file", made["id"].as_str().unwrap());
    server.request("alice", "PUT", &path, b"some bytes".to_vec()).await.expect(204);
    let listed = ask(server, "alice", "DescribeImages", json!({})).await;
    assert_eq!(
        (&listed["TotalCount"], &listed["ImageSet"][0]["ImageState"]),
        (&json!(1), &json!("NORMAL"))
    );
    listed["ImageSet"][0]["ImageId"].as_str().unwrap().to_owned()
}

async fn ap_02_two_accounts_are_shared_with_and_one_is_cancelled(server: TestServer) {
    let id = image(&server).await;
    let change = |verb: &str, accounts: &[&str]| json!({"ImageId": id, "AccountIds": accounts, "Permission": verb});
    let both = ["100000000002", "100000000003"];
    let modify = "ModifyImageSharePermission";
    assert_eq!(code(&server, "alice", modify, change("SHARE", &both)).await, "none");
    let again = code(&server, "alice", modify, change("SHARE", &both)).await;
    assert_eq!(again, "FailedOperation.AccountAlreadyExists");
    let filter = json!({"Filters": [{"Name": "image-type", "Values": ["SHARED_IMAGE"]}]});
    let listed = ask(&server, "bob", "DescribeImages", filter.clone()).await;
    let seen = &listed["ImageSet"][0];
    assert_eq!((&seen["ImageId"], &seen["ImageType"]), (&json!(id), &json!("SHARED_IMAGE")));
    assert_eq!(seen["ImageCreator"], "100000000001");
    assert_eq!(code(&server, "alice", modify, change("CANCEL", &both[..1])).await, "none");
    let of = json!({"ImageId": id});
    let left = ask(&server, "alice", "DescribeImageSharePermission", of).await;
    assert_eq!(left["SharePermissionSet"].as_array().unwrap().len(), 1);
    assert_eq!(left["SharePermissionSet"][0]["AccountId"], both[1]);
    let listed = ask(&server, "bob", "DescribeImages", filter).await;
    assert_eq!(listed["TotalCount"], 0);
    let delete = json!({"ImageIds": [id]});
    let shared = code(&server, "alice", "DeleteImages", delete.clone()).await;
    assert_eq!(shared, "InvalidImageId.InShared");
    assert_eq!(code(&server, "alice", modify, change("CANCEL", &both[1..])).await, "none");
    assert_eq!(code(&server, "alice", "DeleteImages", delete).await, "none");
}

async fn ap_04_refusals_have_the_vendors_codes(server: TestServer) {
    let id = image(&server).await;
    let share = |image: &str, account: &str| json!({"ImageId": image, "AccountIds": [account], "Permission": "SHARE"});
    let rows = [
        (share("img-1", "1"), "InvalidImageId.Malformed"),
        (share("img-00000000", "1"), "InvalidImageId.NotFound"),
        (share(&id, "100000000001"), "InvalidAccountIs.YourSelf"),
        (share(&id, "999"), "InvalidAccountId.NotFound"),
        (share(&id, "x"), "InvalidParameterValue.InvalidAppIdFormat"),
        (json!({"ImageId": id}), "MissingParameter"),
        (
            json!({"ImageId": id, "AccountIds": [], "Permission": "CANCEL", "A": 1}),
            "UnknownParameter",
        ),
    ];
    for (body, expected) in rows {
        let got = code(&server, "alice", "ModifyImageSharePermission", body.clone()).await;
        assert_eq!(got, expected, "{body}");
    }
    let stranger = code(&server, "carol", "ModifyImageSharePermission", share(&id, "100000000002"));
    assert_eq!(stranger.await, "InvalidImageId.NotFound");
    assert_eq!(code(&server, "alice", "NoSuchAction", json!({})).await, "InvalidAction");
    assert_eq!(code(&server, "alice", "CreateImage", json!({})).await, "UnsupportedOperation");
    let unknown = code(&server, "nobody", "DescribeImages", json!({})).await;
    assert_eq!(unknown, "AuthFailure.InvalidAuthorization");
}
