//! The life of a share under every profile, signed; recipients by all the names they have.

use lendglass_core::profile::Profile;
use lendglass_store::db::Engine;
use serde_json::{Value, json};

use crate::support::{self, B, B2, TestServer, on_both_engines};
use crate::{check_code, check_refused, done, found, ids, key_of, make, signed};

on_both_engines!("ctyun-v4":
    an_account_has_one_row_and_its_cancellation_takes_all,
    recipients_are_paged,
    an_owner_takes_back_from_several_or_from_nobody,
    an_email_is_told_by_who_lets_others_know_him,
);

async fn a_share_lives_under(engine: Engine, profile: &str) {
    let server = TestServer::start(engine, profile).await;
    let (alice, bob) = (key_of(&server, "alice").await, key_of(&server, "bob").await);
    let image = make(&server, "alice", json!({})).await;
    let of_image = json!({"imageID": image});
    let offer = json!({"imageID": image, "destinationAccountID": "y"});
    let ask = async |pair, name: &str, fields: &Value| {
        signed(&server, pair, name, fields.clone()).await.expect(200).json()
    };
    let is_done = async |pair, name: &str, fields: &Value| {
        let answer = ask(pair, name, fields).await;
        assert_eq!(answer["statusCode"], 800, "{profile} {name}: {answer}");
        answer["returnObj"].clone()
    };
    let is_refused = async |pair, name: &str, fields: &Value, code: &str| {
        check_code(&ask(pair, name, fields).await, code, &format!("{profile} {name}"));
    };
    let offered = async |status: Value| {
        let fields = json!({"imageVisibilityCode": 2, "imageStatus": status});
        let images = is_done(&bob, "list", &fields).await["images"].as_array().unwrap().clone();
        images.iter().map(|i| i["imageStatus"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (is_automatic, is_v4) = (profile == "tencent", profile == "ctyun-v4");

    is_done(&alice, "shared-image/create", &offer).await;
    is_refused(&alice, "shared-image/create", &offer, "Image.Share.AlreadyShared").await;
    if is_automatic {
        is_refused(&bob, "shared-image/accept", &of_image, "Image.Share.AlreadyAccepted").await;
    } else {
        assert_eq!(offered(json!("waiting")).await, ["waiting"], "{profile}");
        assert_eq!(offered(Value::Null).await, ["waiting"], "{profile}: listed before the answer");
        assert!(offered(json!("accepted")).await.is_empty());
        is_done(&bob, "shared-image/accept", &of_image).await;
        is_refused(&bob, "shared-image/accept", &of_image, "Image.Share.AlreadyAccepted").await;
    }
    assert_eq!(offered(Value::Null).await, ["accepted"], "{profile}");

    let rows = is_done(&alice, "show-shared-list", &of_image).await;
    assert_eq!(rows["totalCount"], 1, "{profile}");
    let row = &rows["images"][0];
    assert_eq!((&row["destinationAccountID"], &row["sourceAccountID"]), (&json!("y"), &json!("x")));
    assert_eq!((&row["imageStatus"], &row["status"]), (&json!("accepted"), &json!("accepted")));
    let own = json!({"imageVisibilityCode": 0});
    let own = &is_done(&alice, "list", &own).await["images"][0];
    assert_eq!(
        (&own["imageShareCount"], &own["hasAcceptedSharedImages"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(
        (&own["imageVisibility"], &own["imageStatus"]),
        (&json!("private"), &json!("active"))
    );

    if is_v4 || is_automatic {
        is_refused(&alice, "delete", &of_image, "Image.Image.HasAcceptedShares").await;
    }
    if is_v4 {
        is_refused(&alice, "shared-image/delete", &offer, "Image.Share.AlreadyAccepted").await;
        let all = json!({"imageID": image, "cancelAllSharedAccount": true});
        is_refused(&alice, "shared-image/delete", &all, "Image.Share.AlreadyAccepted").await;
    }
    if is_automatic {
        is_refused(&bob, "shared-image/reject", &of_image, "Image.Share.StatusNotAllowed").await;
    } else {
        is_done(&bob, "shared-image/reject", &of_image).await;
        is_refused(&bob, "shared-image/reject", &of_image, "Image.Share.StatusNotAllowed").await;
        assert!(offered(Value::Null).await.is_empty(), "{profile}: a rejected one is not listed");
        assert_eq!(offered(json!("rejected")).await, ["rejected"]);
        is_done(&bob, "shared-image/accept", &of_image).await;
        assert_eq!(offered(json!("accepted")).await, ["accepted"]);
    }
    if is_v4 {
        is_done(&bob, "shared-image/reject", &of_image).await;
    }
    is_done(&alice, "shared-image/delete", &offer).await;
    is_refused(&alice, "shared-image/delete", &offer, "Image.Share.NotFound").await;
    is_refused(&bob, "shared-image/accept", &of_image, "Image.Image.NotFound").await;
    assert_eq!(is_done(&bob, "detail", &of_image).await, json!({"images": []}));
    is_done(&alice, "delete", &of_image).await;
    assert_eq!(is_done(&alice, "detail", &of_image).await, json!({"images": []}));
}

/// A test for each profile on each engine.
macro_rules! under_every_profile {
    ($($name:ident = $profile:literal),* $(,)?) => {
        const NAMED: &[&str] = &[$($profile),*];
        $(mod $name {
            use lendglass_store::db::Engine;

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite_a_share_lives() {
                super::a_share_lives_under(Engine::Sqlite, $profile).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres_a_share_lives() {
                super::a_share_lives_under(Engine::Postgres, $profile).await;
            }
        })*
    };
}

under_every_profile!(
    lendglass = "lendglass",
    huawei = "huawei",
    huawei_128 = "huawei-128",
    ctyun = "ctyun",
    ctyun_v4 = "ctyun-v4",
    tencent = "tencent",
    glance = "glance",
);

#[test]
fn every_profile_is_named() {
    let all: Vec<&str> = Profile::ALL.iter().map(|profile| profile.as_str()).collect();
    assert_eq!(all, NAMED);
}

// --- recipients ----------------------------------------------------------------------------------

/// Shares an image with projects, as other dialects do.
async fn share_with_projects(server: &TestServer, image: &str, projects: &[&str]) {
    for id in projects {
        let recipients = json!([{"id": id, "kind": "project"}]);
        let body = json!({"images": [image], "recipients": recipients});
        server.request("alice", "POST", "/api/v1/shares", body).await.expect(200);
    }
}

async fn an_account_has_one_row_and_its_cancellation_takes_all(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    let of_image = json!({"imageID": image});
    share_with_projects(&server, &image, &[B, B2]).await;
    let rows = done(&server, "alice", "show-shared-list", of_image.clone()).await;
    assert_eq!((&rows["totalCount"], &rows["currentCount"]), (&json!(1), &json!(1)));
    assert_eq!(rows["images"][0]["destinationAccountID"], "y");
    // What one of the account's projects has accepted, the account has.
    done(&server, "bob@B2", "shared-image/accept", of_image.clone()).await;
    let rows = done(&server, "alice", "show-shared-list", of_image.clone()).await;
    assert_eq!(rows["images"][0]["imageStatus"], "accepted");
    done(&server, "bob@B2", "shared-image/reject", of_image.clone()).await;
    let offer = json!({"imageID": image, "destinationAccountID": "y"});
    done(&server, "alice", "shared-image/create", offer.clone()).await;
    let own = &found(&server, "alice", json!({"imageVisibilityCode": 0})).await[0];
    assert_eq!(own["imageShareCount"], 3, "two projects and their account");
    done(&server, "alice", "shared-image/delete", offer).await;
    let rows = done(&server, "alice", "show-shared-list", of_image).await;
    assert_eq!((&rows["totalCount"], &rows["images"]), (&json!(0), &json!([])));

    // By a project of its own field, which the hybrid cloud has.
    let project = json!({"imageID": image, "destinationProjectID": B2});
    done(&server, "alice", "shared-image/create", project.clone()).await;
    assert!(ids(&server, "bob", json!({"imageVisibilityCode": 2})).await.is_empty());
    let there = ids(&server, "bob@B2", json!({"imageVisibilityCode": 2})).await;
    assert_eq!(there, [image.as_str()]);
    done(&server, "alice", "shared-image/delete", project).await;
}

async fn recipients_are_paged(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    for account in ["y", "z", "w"] {
        let offer = json!({"imageID": image, "destinationAccountID": account});
        done(&server, "alice", "shared-image/create", offer).await;
    }
    let mut met = Vec::new();
    for number in 1..=3 {
        let fields = json!({"imageID": image, "pageNo": number.to_string(), "pageSize": "1"});
        let page = done(&server, "alice", "show-shared-list", fields).await;
        assert_eq!((&page["currentPage"], &page["totalPage"]), (&json!(number), &json!(3)));
        assert_eq!((&page["pageSize"], &page["totalCount"]), (&json!(1), &json!(3)));
        met.push(page["images"][0]["destinationAccountID"].as_str().unwrap().to_owned());
    }
    assert_eq!(met, ["w", "y", "z"]);
    let beyond = json!({"imageID": image, "pageNo": 2});
    let beyond = done(&server, "alice", "show-shared-list", beyond).await;
    assert_eq!((&beyond["currentCount"], &beyond["totalCount"]), (&json!(0), &json!(3)));
    for bad in [json!({"pageSize": 51}), json!({"pageSize": 0}), json!({"pageNo": "x"})] {
        let mut fields = json!({"imageID": image});
        fields.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        check_refused(&server, "alice", "show-shared-list", fields, "Openapi.Parameter.Error")
            .await;
    }
    let of_image = json!({"imageID": image});
    check_refused(&server, "bob", "show-shared-list", of_image, "Image.Image.NotOwned").await;
}

async fn an_owner_takes_back_from_several_or_from_nobody(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    let of_image = json!({"imageID": image});
    let names = ["100000000002", "root@CUMULUS.example", "w"];
    for (field, name) in [
        ("destinationAccountID", names[0]),
        ("destinationUser", names[1]),
        ("destinationAccountID", names[2]),
    ] {
        done(&server, "alice", "shared-image/create", json!({"imageID": image, field: name})).await;
    }
    let rows = done(&server, "alice", "show-shared-list", of_image.clone()).await;
    assert_eq!(rows["totalCount"], 3, "by number, e-mail and id");
    done(&server, "bob", "shared-image/accept", of_image.clone()).await;
    let cancel = |names: &str| json!({"imageID": image, "destinationAccountID": names});
    let refused = |names: &str, code: &'static str| {
        check_refused(&server, "alice", "shared-image/delete", cancel(names), code)
    };
    refused("z,y", "Image.Share.AlreadyAccepted").await;
    refused("z,nobody", "Image.Share.NotFound").await;
    refused(
        &(0..51).map(|n| n.to_string()).collect::<Vec<_>>().join(","),
        "Image.Share.TooManyAccounts",
    )
    .await;
    refused("", "Openapi.Parameter.Error").await;
    let rows = done(&server, "alice", "show-shared-list", of_image.clone()).await;
    assert_eq!(rows["totalCount"], 3, "one that may not go keeps all");
    let by_mail = json!({"imageID": image, "destinationUser": "Root@cumulus.example"});
    done(&server, "alice", "shared-image/delete", by_mail).await;
    done(&server, "alice", "shared-image/delete", cancel("100000000004")).await;
    let rows = done(&server, "alice", "show-shared-list", of_image.clone()).await;
    assert_eq!(rows["images"][0]["destinationAccountID"], "y");
    assert_eq!(rows["totalCount"], 1, "by e-mail, whether or not it is told, and by number");
    done(&server, "bob", "shared-image/reject", of_image.clone()).await;
    // The SDK's spelling; the ids beside it are ignored.
    let mut all = cancel("nobody");
    all["CancelAllSharedAccount"] = json!(true);
    done(&server, "alice", "shared-image/delete", all.clone()).await;
    check_refused(&server, "alice", "shared-image/delete", all, "Image.Share.NotFound").await;
}

async fn an_email_is_told_by_who_lets_others_know_him(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    for account in ["y", "z"] {
        let offer = json!({"imageID": image, "destinationAccountID": account});
        done(&server, "alice", "shared-image/create", offer).await;
    }
    let rows = done(&server, "alice", "show-shared-list", json!({"imageID": image})).await;
    let told: Vec<&Value> =
        rows["images"].as_array().unwrap().iter().map(|row| &row["destinationUser"]).collect();
    assert_eq!(
        told,
        [&json!("root@borealis.example"), &Value::Null],
        "carol's is nobody's to read"
    );
    assert_eq!(rows["images"][0]["sourceUser"], "root@acme.example");
    let received = &found(&server, "carol", json!({"imageVisibilityCode": 2})).await[0];
    assert_eq!(received["sourceUser"], "root@acme.example");
    assert_eq!(received["destinationUser"], "root@cumulus.example", "her own she knows");
}
