//! The life of a share.

use serde_json::json;

use crate::support::{self, TestServer, on_both_engines};
use crate::{BOB, CAROL, MODIFY, ask, code, image, permit};

on_both_engines!(
    "tencent":
    ap_02_two_accounts_are_shared_with_and_one_is_cancelled,
    where_offers_wait_they_are_not_listed_here,
);

async fn ap_02_two_accounts_are_shared_with_and_one_is_cancelled(server: TestServer) {
    let id = image(&server, "alice", "erp").await;
    let change = |verb: &str, accounts: &[&str]| permit(verb, &id, accounts);
    let both = [BOB, CAROL];
    assert_eq!(code(&server, "alice", MODIFY, change("SHARE", &both)).await, "none");
    let again = code(&server, "alice", MODIFY, change("SHARE", &both)).await;
    assert_eq!(again, "FailedOperation.AccountAlreadyExists");
    let filter = json!({"Filters": [{"Name": "image-type", "Values": ["SHARED_IMAGE"]}]});
    let listed = ask(&server, "bob", "DescribeImages", filter.clone()).await;
    let seen = &listed["ImageSet"][0];
    assert_eq!((&seen["ImageId"], &seen["ImageType"]), (&json!(id), &json!("SHARED_IMAGE")));
    assert_eq!(seen["ImageCreator"], "100000000001");
    assert_eq!(code(&server, "alice", MODIFY, change("CANCEL", &both[..1])).await, "none");
    let of = json!({"ImageId": id});
    let left = ask(&server, "alice", "DescribeImageSharePermission", of).await;
    assert_eq!(left["SharePermissionSet"].as_array().unwrap().len(), 1);
    assert_eq!(left["SharePermissionSet"][0]["AccountId"], both[1]);
    let listed = ask(&server, "bob", "DescribeImages", filter).await;
    assert_eq!(listed["TotalCount"], 0);
    let delete = json!({"ImageIds": [id]});
    let shared = code(&server, "alice", "DeleteImages", delete.clone()).await;
    assert_eq!(shared, "InvalidImageId.InShared");
    assert_eq!(code(&server, "alice", MODIFY, change("CANCEL", &both[1..])).await, "none");
    assert_eq!(code(&server, "alice", "DeleteImages", delete).await, "none");
}

/// Under rules by which a share must be accepted, which this vendor's clients cannot do.
async fn where_offers_wait_they_are_not_listed_here(server: TestServer) {
    let id = image(&server, "alice", "erp").await;
    let wait = json!({"profile": "lendglass"});
    server.request("operator", "PUT", "/api/v1/policies/profile", wait).await.expect(200);
    assert_eq!(code(&server, "alice", MODIFY, permit("SHARE", &id, &[BOB])).await, "none");
    let seen = ask(&server, "alice", "DescribeImageSharePermission", json!({"ImageId": id})).await;
    assert_eq!(seen["SharePermissionSet"][0]["AccountId"], BOB);
    let listed =
        async || ask(&server, "bob", "DescribeImages", json!({})).await["TotalCount"].clone();
    let path = "/v2/images?visibility=shared&member_status=pending";
    let offered = server.request("bob", "GET", path, ()).await.expect(200).json();
    let offered = offered["images"][0]["id"].clone();
    let answer = async |word: &str| {
        let body = json!({"images": [offered], "answer": word});
        server.request("bob", "POST", "/api/v1/shares/answers", body).await.expect(200);
    };
    assert_eq!(listed().await, 0);
    answer("accept").await;
    assert_eq!(listed().await, 1);
    answer("reject").await;
    assert_eq!(listed().await, 0);
    let seen = ask(&server, "alice", "DescribeImageSharePermission", json!({"ImageId": id})).await;
    assert_eq!(seen["SharePermissionSet"], json!([]), "who has refused is not shared with");
}
