//! Members under the other clouds' rules, in Glance's envelope.

/// Profile `lendglass`: acceptance is access control.
mod lendglass {
    use serde_json::json;

    use crate::support::{self, A, B, C, D, TestServer, on_both_engines};
    use crate::{make, make_active, names, patch, replace, show};

    on_both_engines!("lendglass":
        a_private_image_becomes_shared_and_private_again,
        only_accepted_bytes_are_read,
        a_recipient_leaves,
        recipients_are_checked,
        a_rejected_offer_may_be_made_again,
        an_account_answers_as_one_of_its_projects,
    );

    async fn invite(server: &TestServer, id: &str, member: &str) -> support::Answer {
        let path = format!("/v2/images/{id}/members");
        server.request("alice", "POST", &path, json!({"member": member})).await
    }

    async fn answer(server: &TestServer, person: &str, id: &str, status: &str) -> support::Answer {
        let path = format!("/v2/images/{id}/members/{B}");
        server.request(person, "PUT", &path, json!({"status": status})).await
    }

    async fn a_private_image_becomes_shared_and_private_again(server: TestServer) {
        let id = make_active(&server, "alice", json!({})).await;
        assert_eq!(show(&server, "alice", &id).await["visibility"], "private");
        invite(&server, &id, B).await.expect(200);
        assert_eq!(show(&server, "alice", &id).await["visibility"], "shared");
        let private = json!([replace("visibility", "private")]);
        patch(&server, "alice", &id, private).await.refused(409, "IMAGE_IS_SHARED");
        let path = format!("/v2/images/{id}/members/{B}");
        server.request("alice", "DELETE", &path, ()).await.expect(204);
        assert_eq!(show(&server, "alice", &id).await["visibility"], "private");
    }

    async fn only_accepted_bytes_are_read(server: TestServer) {
        let id = make_active(&server, "alice", json!({})).await;
        invite(&server, &id, B).await.expect(200);
        let file = format!("/v2/images/{id}/file");
        show(&server, "bob", &id).await;
        server.request("bob", "GET", &file, ()).await.refused(403, "SHARE_NOT_ACCEPTED");
        answer(&server, "bob", &id, "accepted").await.expect(200);
        server.request("bob", "GET", &file, ()).await.expect(200);
        let head = server.request("bob", "HEAD", &file, ()).await.expect(200);
        assert_eq!(head.header("content-length"), "5000");
        answer(&server, "bob", &id, "rejected").await.expect(200);
        server.request("bob", "GET", &file, ()).await.refused(403, "SHARE_NOT_ACCEPTED");
        answer(&server, "bob", &id, "pending").await.refused(403, "RECIPIENT_MAY_NOT_REOPEN");
        answer(&server, "operator", &id, "accepted").await.refused(403, "RECIPIENT_ONLY_ANSWERS");
    }

    async fn a_recipient_leaves(server: TestServer) {
        let id = make_active(&server, "alice", json!({"name": "sys1"})).await;
        invite(&server, &id, B).await.expect(200);
        answer(&server, "bob", &id, "accepted").await.expect(200);
        assert_eq!(names(&server, "bob", "").await, ["sys1"]);
        let path = format!("/v2/images/{id}/members/{B}");
        server.request("rob", "DELETE", &path, ()).await.refused(403, "ROLE_TOO_WEAK");
        server.request("bob", "DELETE", &path, ()).await.expect(204);
        assert_eq!(names(&server, "bob", "").await, [""; 0]);
        let row = server.request("alice", "GET", &path, ()).await.expect(200).json();
        assert_eq!(row["status"], "rejected");
        server.request("bob", "DELETE", &path, ()).await.expect(204);
        let file = format!("/v2/images/{id}/file");
        server.request("bob", "GET", &file, ()).await.refused(403, "SHARE_NOT_ACCEPTED");
    }

    async fn recipients_are_checked(server: TestServer) {
        let id = make_active(&server, "alice", json!({})).await;
        invite(&server, &id, "no-such-project").await.refused(400, "TENANT_NOT_FOUND");
        invite(&server, &id, A).await.refused(400, "SELF_SHARE");
        invite(&server, &id, D).await.refused(400, "TENANT_NOT_IN_REGION");
        invite(&server, &id, "bob").await.refused(400, "NOT_AN_ACCOUNT");
        let queued = make(&server, "alice", json!({})).await;
        invite(&server, &queued, B).await.refused(409, "IMAGE_NOT_ACTIVE");
        let public = make_active(&server, "operator", json!({"visibility": "public"})).await;
        invite(&server, &public, B).await.refused(403, "NOT_IMAGE_OWNER");
        let path = format!("/v2/images/{id}/members");
        let none = server.request("alice", "GET", &path, ()).await.expect(200).json();
        assert_eq!(none["members"], json!([]));
    }

    async fn a_rejected_offer_may_be_made_again(server: TestServer) {
        let id = make_active(&server, "alice", json!({})).await;
        invite(&server, &id, B).await.expect(200);
        invite(&server, &id, B).await.refused(409, "ALREADY_SHARED");
        answer(&server, "bob", &id, "rejected").await.expect(200);
        assert_eq!(invite(&server, &id, B).await.expect(200).json()["status"], "pending");
        answer(&server, "bob", &id, "accepted").await.expect(200);
        invite(&server, &id, B).await.refused(409, "ALREADY_SHARED");
        invite(&server, &id, C).await.expect(200);
    }

    /// An account with one project in the region means that project, where shares go by project.
    async fn an_account_answers_as_one_of_its_projects(server: TestServer) {
        let id = make_active(&server, "alice", json!({})).await;
        let made = invite(&server, &id, "root@cumulus.example").await.expect(200).json();
        assert_eq!(made["member_id"], C);
        invite(&server, &id, "y").await.refused(400, "RECIPIENT_AMBIGUOUS");
    }
}

/// Profile `tencent`: shares go to accounts and are accepted at once.
mod tencent {
    use serde_json::json;

    use crate::support::{self, B, TestServer, on_both_engines};
    use crate::{make_active, names, show};

    on_both_engines!("tencent": an_account_receives_without_answering);

    async fn an_account_receives_without_answering(server: TestServer) {
        let id = make_active(&server, "alice", json!({"name": "sys1"})).await;
        let path = format!("/v2/images/{id}/members");
        let made = server.request("alice", "POST", &path, json!({"member": B})).await.expect(200);
        let made = made.json();
        assert_eq!((&made["member_id"], &made["status"]), (&json!("y"), &json!("accepted")));
        for person in ["bob", "bob@B2"] {
            assert_eq!(names(&server, person, "").await, ["sys1"], "{person}");
        }
        let own = server.request("bob", "GET", &format!("{path}/{B}"), ()).await.expect(200).json();
        assert_eq!(own["member_id"], "y", "the account's row answers for its project");
        let file = format!("/v2/images/{id}/file");
        server.request("bob", "GET", &file, ()).await.refused(403, "SHARED_IMAGE_NO_DOWNLOAD");
        let nova = server.token("nova").await;
        let service = [("x-service-token", nova.as_str())];
        server.request_with("bob", "GET", &file, &service, ()).await.expect(200);
        for own in [B, "y"] {
            let leaving = server.request("bob", "DELETE", &format!("{path}/{own}"), ()).await;
            leaving.refused(403, "RECIPIENT_MAY_NOT_REMOVE");
        }
        let image = format!("/v2/images/{id}");
        server.request("alice", "DELETE", &image, ()).await.refused(409, "IMAGE_IS_SHARED");
        server.request("alice", "DELETE", &format!("{path}/{B}"), ()).await.expect(204);
        assert_eq!(show(&server, "alice", &id).await["visibility"], "private");
        server.request("alice", "DELETE", &image, ()).await.expect(204);
    }
}

/// Profile `ctyun-v4`: what was accepted cannot be taken back by the owner.
mod ctyun_v4 {
    use serde_json::json;

    use crate::make_active;
    use crate::support::{self, TestServer, on_both_engines};

    on_both_engines!("ctyun-v4": what_was_accepted_stays);

    async fn what_was_accepted_stays(server: TestServer) {
        let id = make_active(&server, "alice", json!({"name": "sys1"})).await;
        let path = format!("/v2/images/{id}/members");
        server.request("alice", "POST", &path, json!({"member": "y"})).await.expect(200);
        let row = format!("{path}/y");
        let accept = json!({"status": "accepted"});
        server.request("bob@B2", "PUT", &row, accept).await.expect(200);
        server.request("alice", "DELETE", &row, ()).await.refused(409, "SHARE_ACCEPTED");
        let image = format!("/v2/images/{id}");
        server.request("alice", "DELETE", &image, ()).await.refused(409, "IMAGE_IS_SHARED");
        server.request("bob", "DELETE", &row, ()).await.expect(204);
        server.request("alice", "DELETE", &row, ()).await.expect(204);
        server.request("alice", "DELETE", &image, ()).await.expect(204);
    }
}
