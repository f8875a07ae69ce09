//! Publishing to the marketplace (SH-40), and deleting many (DL-08).

use lendglass_core::image::{ImageStatus, Visibility};
use lendglass_core::{Code, ImageId};
use lendglass_server::service::market::{publish, unpublish};
use serde_json::{Value, json};

use crate::cloud::{Cloud, caller, refused};
use crate::support::B;

stories! {
    lendglass "lendglass":
        sh_40_a_private_image_is_published_and_withdrawn,
        sh_40_everybody_sees_and_uses_what_is_published,
        sh_40_what_is_shared_or_not_there_is_not_published,
        dl_08_many_are_deleted_with_a_reason_for_each_that_stays,
        dl_08_all_or_none_and_dry_runs;
}

async fn sh_40_a_private_image_is_published_and_withdrawn(cloud: &Cloud) {
    let sys2 = cloud.image("alice", "sys2").await;
    let path = |verb: &str| format!("/api/v1/images/{sys2}/{verb}");
    cloud.request("alice@A2", "POST", &path("publish"), ()).await.expect(404);
    let weak = cloud.request("rita", "POST", &path("publish"), ()).await.expect(403).json();
    assert_eq!(weak["code"], "ROLE_TOO_WEAK");
    let shown = cloud.request("alice", "POST", &path("publish"), ()).await.expect(200).json();
    assert_eq!(shown["published"], true);
    assert_eq!(shown["actions"]["unpublish"]["allowed"], true);
    for (verb, code) in [
        ("publish", "IMAGE_PUBLISHED"),
        ("share", "IMAGE_PUBLISHED"),
        ("delete", "IMAGE_PUBLISHED"),
    ] {
        assert_eq!(shown["actions"][verb]["reason"]["code"], code, "{verb}");
    }
    assert_eq!(cloud.share("alice", &sys2, B).await, "IMAGE_PUBLISHED");
    assert_eq!(refused(cloud.delete("alice", &sys2).await), Code::ImagePublished);
    let app = &cloud.app;
    assert_eq!(refused(publish(app, &caller("alice"), &sys2).await), Code::ImagePublished);

    let listed = async |query: &str| {
        let path = format!("/api/v1/images?view=owned&{query}");
        let page = cloud.request("alice", "GET", &path, ()).await.expect(200).json();
        page["images"].as_array().unwrap().len()
    };
    assert_eq!((listed("published=true").await, listed("published=false").await), (1, 0));

    // The operator may withdraw it, and the owner reads so in his trail.
    unpublish(app, &caller("operator"), &sys2).await.unwrap();
    assert_eq!(refused(unpublish(app, &caller("alice"), &sys2).await), Code::ImageNotPublished);
    let told = "select cast(count(*) as bigint) from audit where verb = 'image.unpublish' \
                and counterpart_id is not null";
    assert_eq!(cloud.count(told).await, 1);
    assert_eq!(cloud.share("alice", &sys2, B).await, "pending");
}

async fn market_of(cloud: &Cloud, who: &str) -> Vec<Value> {
    let page = cloud.request(who, "GET", "/api/v1/images?view=market&total=true", ()).await;
    let page = page.expect(200).json();
    let images = page["images"].as_array().unwrap().clone();
    assert_eq!(page["total"]["count"], images.len());
    images
}

async fn sh_40_everybody_sees_and_uses_what_is_published(cloud: &Cloud) {
    let sys2 = cloud.image("alice", "sys2").await;
    let path = format!("/api/v1/images/{sys2}");
    let replicate = format!("{path}/replicate");
    cloud.request("carol", "GET", &path, ()).await.expect(404);
    for who in ["alice", "carol", "operator"] {
        assert_eq!(market_of(cloud, who).await, Vec::<Value>::new(), "{who}");
    }
    publish(&cloud.app, &caller("alice"), &sys2).await.unwrap();

    // In the market and nowhere else, with the name of who published it.
    let [mine] = &market_of(cloud, "alice").await[..] else { panic!("not in the market") };
    assert_eq!(mine["relation"], "owner");
    let [seen] = &market_of(cloud, "carol").await[..] else { panic!("not in the market") };
    assert_eq!((&seen["relation"], &seen["shares"]), (&json!("market"), &Value::Null));
    assert_eq!(seen["owner"]["name"], "A");
    assert_eq!(market_of(cloud, "operator").await.len(), 1);
    for list in ["/api/v1/images", "/api/v1/images?view=all", "/v2/images"] {
        let page = cloud.request("carol", "GET", list, ()).await.expect(200).json();
        assert_eq!(page["images"], json!([]), "{list}");
    }
    // Another region is another market.
    assert_eq!(market_of(cloud, "dave").await, Vec::<Value>::new());
    cloud.request("dave", "GET", &path, ()).await.expect(404);

    // Used and read by everybody, changed by its owner.
    for (verb, refusal) in [
        ("replicate", None),
        ("download", None),
        ("update", Some("NOT_IMAGE_OWNER")),
        ("share", Some("NOT_IMAGE_OWNER")),
        ("unpublish", Some("NOT_IMAGE_OWNER")),
        ("delete", Some("NOT_IMAGE_OWNER")),
    ] {
        assert_eq!(seen["actions"][verb]["reason"]["code"].as_str(), refusal, "{verb}");
    }
    cloud.request("carol", "PATCH", &path, json!({"name": "mine"})).await.expect(403);
    let shares = cloud.request("carol", "GET", &format!("{path}/shares"), ()).await;
    assert_eq!(shares.expect(200).json()["shares"], json!([]));
    cloud.request("carol", "POST", &replicate, json!({"name": "copy"})).await.expect(202);

    // Withdrawn, it is gone for everybody else at once.
    unpublish(&cloud.app, &caller("alice"), &sys2).await.unwrap();
    cloud.request("carol", "GET", &path, ()).await.expect(404);
    cloud.request("carol", "POST", &replicate, json!({"name": "copy"})).await.expect(404);
    assert_eq!(market_of(cloud, "carol").await, Vec::<Value>::new());
}

async fn sh_40_what_is_shared_or_not_there_is_not_published(cloud: &Cloud) {
    let ask = async |id: &ImageId| refused(publish(&cloud.app, &caller("alice"), id).await);
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    assert_eq!(ask(&sys1).await, Code::ImageIsShared);
    let bob = refused(publish(&cloud.app, &caller("bob"), &sys1).await);
    assert_eq!(bob, Code::SharedImageReadonly);
    cloud.unshare("alice", &sys1, B).await;
    cloud.change(&sys1, |image| image.status = ImageStatus::Deactivated).await;
    assert_eq!(ask(&sys1).await, Code::ImageNotActive);
    cloud.change(&sys1, |image| image.status = ImageStatus::Active).await;
    for open in [Visibility::Public, Visibility::Community] {
        cloud.change(&sys1, move |image| image.visibility = open).await;
        assert_eq!(ask(&sys1).await, Code::InvalidValue);
    }
    cloud.change(&sys1, |image| image.visibility = Visibility::Private).await;
    publish(&cloud.app, &caller("alice"), &sys1).await.unwrap();
}

fn outcomes(report: &Value) -> Vec<String> {
    let results = report["results"].as_array().unwrap().iter();
    results
        .map(|one| one["code"].as_str().or(one["outcome"].as_str()).unwrap().to_owned())
        .collect()
}

async fn dl_08_many_are_deleted_with_a_reason_for_each_that_stays(cloud: &Cloud) {
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(cloud.image("alice", name).await);
    }
    cloud.change(&ids[1], |image| image.is_protected = true).await;
    cloud.share("alice", &ids[2], B).await;
    let body = json!({"images": [ids[0].as_str(), ids[1].as_str(), ids[2].as_str()]});
    let report = cloud.request("alice", "POST", "/api/v1/images/delete", body).await;
    let report = report.expect(200).json();
    assert_eq!(outcomes(&report), ["deleted", "IMAGE_PROTECTED", "deleted"]);
    assert_eq!(report["done"], true);
    assert_eq!(refused(cloud.show("alice", &ids[0]).await), Code::ImageNotFound);
    cloud.show("alice", &ids[1]).await.unwrap();
    let told = "select cast(count(*) as bigint) from audit where verb = 'image.delete'";
    assert_eq!(cloud.count(told).await, 2);
    cloud.settle().await;

    // Foreign and unknown images are not told apart; nothing goes, and the reason is the status.
    let foreign = cloud.image("carol", "hers").await;
    let body = json!({"images": [foreign.as_str(), ids[0].as_str()]});
    let report = cloud.request("alice", "POST", "/api/v1/images/delete", body).await;
    let report = report.expect(404).json();
    assert_eq!(outcomes(&report), ["IMAGE_NOT_FOUND", "IMAGE_NOT_FOUND"]);
    let none = cloud.request("alice", "POST", "/api/v1/images/delete", json!({"images": []})).await;
    assert_eq!(none.expect(400).json()["code"], "MISSING_FIELD");
    let many = json!({"images": vec!["00000000-0000-4000-8000-000000000000"; 101]});
    // Repetitions count once.
    cloud.request("alice", "POST", "/api/v1/images/delete", many).await.expect(404);
}

async fn dl_08_all_or_none_and_dry_runs(cloud: &Cloud) {
    let (a, b) = (cloud.image("alice", "a").await, cloud.image("alice", "b").await);
    let images = json!([a.as_str(), b.as_str()]);
    let dry = json!({"images": images, "dry_run": true});
    let report = cloud.request("alice", "POST", "/api/v1/images/delete", dry).await.expect(200);
    assert_eq!(
        (outcomes(&report.json()), &report.json()["done"]),
        (vec!["kept".to_owned(); 2], &json!(false))
    );
    cloud.change(&b, |image| image.is_protected = true).await;
    let all = json!({"images": images, "mode": "all"});
    let report = cloud.request("alice", "POST", "/api/v1/images/delete", all.clone()).await;
    let report = report.expect(403).json();
    assert_eq!(outcomes(&report), ["kept", "IMAGE_PROTECTED"]);
    assert_eq!(report["code"], "IMAGE_PROTECTED");
    cloud.show("alice", &a).await.unwrap();
    cloud.change(&b, |image| image.is_protected = false).await;
    cloud.request("alice", "POST", "/api/v1/images/delete", all).await.expect(200);
    assert_eq!(cloud.count("select cast(count(*) as bigint) from image").await, 0);
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, 0);
}
