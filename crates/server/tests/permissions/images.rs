//! What permissions look like at an image: told beforehand, public ones, offers (AP-07, T-005, RC-22).

use lendglass_core::permission::Effect;
use lendglass_core::share::ShareEvent;
use lendglass_server::service::share;
use serde_json::{Value, json};

use crate::calls::{check_refused, made_image, shared};
use crate::support::{self, B, TestServer, on_both_engines};
use crate::{alice, bind, maker, statement, unbind};

on_both_engines!("lendglass":
    ap_07_what_is_denied_is_told_before_one_tries,
    t_005_the_operator_publishes_hides_and_withdraws,
    rc_22_a_reader_sees_an_offer_and_cannot_answer,
);

async fn ap_07_what_is_denied_is_told_before_one_tries(server: TestServer) {
    let image = made_image(&server, &alice(), true).await;
    let path = format!("/api/v1/images/{image}");
    let policy = bind(&server, "alice", vec![statement(Effect::Deny, &["ims:images:s*"])]).await;
    let seen = server.request("alice", "GET", &path, ()).await.expect(200).json();
    let refused = &seen["actions"]["share"];
    assert!(refused.to_string().contains("ACTION_DENIED"), "{refused}");
    assert!(!seen["actions"]["update"].to_string().contains("ACTION_DENIED"));
    unbind(&server, &policy).await;
    let seen = server.request("alice", "GET", &path, ()).await.expect(200).json();
    assert!(!seen["actions"]["share"].to_string().contains("ACTION_DENIED"));
}

async fn t_005_the_operator_publishes_hides_and_withdraws(server: TestServer) {
    let image = made_image(&server, &alice(), true).await.to_string();
    let (native, glance) = (format!("/api/v1/images/{image}"), format!("/v2/images/{image}"));
    let set = |person: &'static str, body: Value| server.request(person, "PATCH", &native, body);
    let lists = async |person: &str, query: &str| {
        let mut found = Vec::new();
        for path in ["/api/v1/images", "/v2/images"] {
            let list = server.request(person, "GET", &format!("{path}?{query}"), ()).await;
            let list = list.expect(200).json()["images"].as_array().unwrap().clone();
            found.push(list.iter().any(|one| one["id"] == image.as_str()));
        }
        assert_eq!(found[0], found[1], "both dialects list the same: {person} {query}");
        found[0]
    };
    let os = json!({"properties": {"os_distro": "ubuntu", "os_type": "linux"}});
    set("alice", os).await.expect(200);
    assert_eq!(
        set("alice", json!({"visibility": "public"})).await.expect(403).json()["code"],
        "PUBLICIZE_FORBIDDEN"
    );
    assert!(!lists("carol", "").await);

    set("operator", json!({"visibility": "public"})).await.expect(200);
    assert!(lists("carol", "").await, "carol lists it");
    server.request("carol", "GET", &glance, ()).await.expect(200);
    assert_eq!(
        set("carol", json!({"name": "mine"})).await.expect(403).json()["code"],
        "NOT_IMAGE_OWNER"
    );
    // Users look for it by its system, its name, its id.
    for (query, is_found) in
        [("os_distro=ubuntu", true), ("os_distro=debian", false), ("os_type=linux", true)]
    {
        let list =
            server.request("carol", "GET", &format!("/v2/images?{query}"), ()).await.expect(200);
        let list = list.json()["images"].as_array().unwrap().len();
        let own = format!("/api/v1/images?property.{query}");
        let own = server.request("carol", "GET", &own, ()).await.expect(200).json();
        let own = own["images"].as_array().unwrap().len();
        assert_eq!((list, own), (usize::from(is_found), usize::from(is_found)), "{query}");
    }
    assert!(lists("carol", "name=sys1").await && !lists("carol", "name=other").await);

    set("operator", json!({"hidden": true})).await.expect(200);
    assert!(!lists("carol", "").await, "an old one is left out of default lists");
    server.request("carol", "GET", &glance, ()).await.expect(200);
    let hidden = server.request("carol", "GET", "/v2/images?os_hidden=true", ()).await.expect(200);
    assert_eq!(hidden.json()["images"].as_array().unwrap().len(), 1);
    let withdrawn = json!({"hidden": false, "visibility": "private"});
    set("operator", withdrawn).await.expect(200);
    assert!(!lists("carol", "").await);
    server.request("carol", "GET", &glance, ()).await.expect(404);
    server.request("alice", "GET", &glance, ()).await.expect(200);
}

async fn rc_22_a_reader_sees_an_offer_and_cannot_answer(server: TestServer) {
    let image = made_image(&server, &alice(), true).await;
    shared(&server, &alice(), &image, B).await;
    let inbox = server.request("rob", "GET", "/api/v1/shares?as=recipient", ()).await.expect(200);
    assert_eq!(inbox.json()["shares"].as_array().unwrap().len(), 1);
    let counts = server.request("rob", "GET", "/api/v1/shares/counts", ()).await.expect(200);
    assert!(counts.json().to_string().contains('1'));
    let path = format!("/api/v1/images/{image}");
    let seen = server.request("rob", "GET", &path, ()).await.expect(200).json();
    assert!(seen["actions"]["accept"].to_string().contains("ROLE_TOO_WEAK"), "{seen}");
    for answer in ["accept", "reject"] {
        let body = json!({"images": [image.as_str()], "answer": answer});
        let refused = server.request("rob", "POST", "/api/v1/shares/answers", body).await;
        check_refused(&refused, "ROLE_TOO_WEAK", answer);
    }
    let member = format!("/v2/images/{image}/members/{B}");
    let refused = server.request("rob", "PUT", &member, json!({"status": "accepted"})).await;
    refused.refused(403, "ROLE_TOO_WEAK");
    let event = ShareEvent::Accept;
    let answer = share::Answer {
        images: vec![image.clone()],
        event,
        recipient: None,
        vault: None,
        mode: share::Mode::All,
        dry_run: false,
    };
    let report = share::answer(&server.app, &maker("bob", B, "y"), answer).await.unwrap();
    assert!(report.is_done, "a member answers");
}
