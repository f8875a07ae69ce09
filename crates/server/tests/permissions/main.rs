//! Roles, custom policies and the table of actions (T-051, T-079): every action is asked by everybody
//! through a real call, every call is asked with and without its action. `docs/permissions.md` is
//! written from the table with `LENDGLASS_BLESS=1`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/blessed.rs"]
mod blessed;
#[path = "../support/routes.rs"]
mod routes;
#[path = "../support/mod.rs"]
mod support;

mod calls;
mod images;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use calls::{calls, check_refused};
use lendglass_core::permission::{Action, Effect, Least, Pattern, Statement};
use lendglass_core::tenant::{Caller, Credential, Role};
use lendglass_core::{AccountId, Language, ProjectId, RegionId, UserId};
use lendglass_server::service::identity::{
    Origin, ProjectNamed, Proof, SignIn, UserNamed, WantedScope, sign_in,
};
use lendglass_server::service::permission::{self, Wish};
use lendglass_server::wire::actions::{Needs, ROUTES};
use lendglass_store::db::Engine;
use routes::with_names;
use serde_json::{Value, json};
use support::{A, B, TestServer, on_both_engines};

on_both_engines!("lendglass":
    t_051_each_action_by_each_role,
    t_051_a_policy_counts_at_once_here_and_soon_elsewhere,
    t_051_an_admin_manages_his_project_and_no_other,
    t_051_nobody_locks_himself_or_the_operator_out,
    t_051_bad_policies_are_refused,
    t_051_a_deleted_user_leaves_no_permissions,
    t_079_each_call_asks_for_its_action,
);

// --- people --------------------------------------------------------------------------------------

/// Somebody with everything his role gives, whatever policies say: who prepares things.
fn maker(user: &str, project: &str, account: &str) -> Caller {
    Caller {
        user: UserId::trusted(user),
        user_name: user.to_owned(),
        project: ProjectId::trusted(project),
        account: AccountId::trusted(account),
        region: RegionId::trusted("r1"),
        role: Role::Admin,
        permissions: Default::default(),
        is_operator: user == "operator",
        is_service: false,
        credential: Credential::Token,
        source: "test".to_owned(),
        request_id: "req-test".to_owned(),
        terms: Default::default(),
    }
}

fn alice() -> Caller {
    maker("alice", A, "x")
}

fn operator() -> Caller {
    maker("operator", "0000000000000000000000000000000a", "default")
}

/// A user's token for project A.
async fn token(server: &TestServer, user: &str) -> String {
    let wish = SignIn {
        proof: Proof::Password(UserNamed::Id(user.into()), format!("secret-{user}")),
        scope: WantedScope::Project(ProjectNamed::Id(A.into())),
    };
    let origin = Origin { source: "test".into(), request_id: "test".into() };
    sign_in(&server.app, wish, &origin).await.unwrap().token
}

/// Makes carol a member of A, beside rita, who is a reader, and alice, who is an admin.
async fn add_member(server: &TestServer) {
    let path = format!("/v3/projects/{A}/users/carol/roles/member");
    server.request("operator", "PUT", &path, ()).await.expect(204);
}

fn statement(effect: Effect, words: &[&str]) -> Statement {
    let actions = words.iter().map(|word| Pattern::parse(word).unwrap()).collect();
    Statement { effect, actions }
}

/// Binds a user of A to statements, as the operator; the id of the policy.
async fn bind(server: &TestServer, user: &str, statements: Vec<Statement>) -> String {
    let users = Some(vec![UserId::trusted(user)]);
    let wish = Wish { name: server.app.ids.hex(), statements, users };
    let project = ProjectId::trusted(A);
    let made = permission::create(&server.app, &operator(), Some(&project), wish).await.unwrap();
    made.policy.id
}

async fn unbind(server: &TestServer, policy: &str) {
    let project = ProjectId::trusted(A);
    permission::delete(&server.app, &operator(), Some(&project), policy).await.unwrap();
}

// --- T-051 ---------------------------------------------------------------------------------------

/// The columns: a name, who, and which statements he has about the action.
const COLUMNS: [(&str, &str, &[Effect]); 7] = [
    ("reader", "rita", &[]),
    ("member", "carol", &[]),
    ("admin", "alice", &[]),
    ("reader, allowed", "rita", &[Effect::Allow]),
    ("admin, denied", "alice", &[Effect::Deny]),
    ("member, allowed and denied", "carol", &[Effect::Allow, Effect::Deny]),
    ("operator", "operator", &[]),
];

async fn t_051_each_action_by_each_role(server: TestServer) {
    add_member(&server).await;
    let calls = calls();
    for action in Action::ALL {
        // One call of each action: the native one, where there is one yet.
        let Some(call) = calls.iter().find(|call| call.action == *action) else { continue };
        for (title, user, effects) in COLUMNS {
            let is_operators = action.least() == Least::Operator;
            if user == "operator" && !is_operators {
                continue;
            }
            let what = format!("{} as {title}", call.text());
            // Nobody can be given what is the operator's by its word; a beginning gives the rest.
            let word = if is_operators { "ims:*" } else { action.as_str() };
            let statements: Vec<Statement> =
                effects.iter().map(|effect| statement(*effect, &[word])).collect();
            let bound = match statements.is_empty() {
                true => None,
                false => Some(bind(&server, user, statements).await),
            };
            let token = match user {
                "operator" => server.token("operator").await,
                user => token(&server, user).await,
            };
            let answer = call.ask(&server, &token).await;
            match expected(*action, user, effects) {
                None => assert!(answer.status.is_success(), "{what}: {answer:?}"),
                Some(code) => check_refused(&answer, code, &what),
            }
            if let Some(policy) = bound {
                unbind(&server, &policy).await;
            }
        }
    }
}

/// The code of the refusal; none where the action is done.
fn expected(action: Action, user: &str, effects: &[Effect]) -> Option<&'static str> {
    if user == "operator" {
        return None;
    }
    if action == Action::ImagesPublish {
        // Publishing is a change of the record first.
        return expected(Action::ImagesUpdate, user, effects).or(Some("PUBLICIZE_FORBIDDEN"));
    }
    if effects.contains(&Effect::Deny) {
        return Some("ACTION_DENIED");
    }
    let role = match user {
        "rita" => Role::Reader,
        "carol" => Role::Member,
        _ => Role::Admin,
    };
    match action.least() {
        Least::Operator => Some("OPERATOR_ONLY"),
        Least::Role(least) if role >= least || effects.contains(&Effect::Allow) => None,
        Least::Role(_) => Some("ROLE_TOO_WEAK"),
    }
}

async fn t_051_a_policy_counts_at_once_here_and_soon_elsewhere(server: TestServer) {
    let other = server.second().await;
    let rita = token(&server, "rita").await;
    let ask = async |server: &TestServer| {
        let body = json!({"name": "new"});
        let headers = [("x-auth-token", rita.as_str())];
        let answer = server.request_with("nobody", "POST", "/api/v1/images", &headers, body).await;
        answer.status.as_u16()
    };
    assert_eq!((ask(&server).await, ask(&other).await), (403, 403));
    let allowed = vec![statement(Effect::Allow, &["ims:images:*"])];
    let policy = bind(&server, "rita", allowed).await;
    assert_eq!((ask(&server).await, ask(&other).await), (201, 403));
    // What a running node does twice in a second.
    other.app.identity.refresh().await.unwrap();
    assert_eq!(ask(&other).await, 201);
    // A change on the other node, and back here.
    let body = json!({"name": "none", "statements": [{"effect": "deny", "actions": ["*"]}]});
    let path = format!("/api/v1/access/policies/{policy}");
    other.request("alice", "PUT", &path, body).await.expect(200);
    assert_eq!((ask(&server).await, ask(&other).await), (201, 403));
    server.app.identity.refresh().await.unwrap();
    assert_eq!(ask(&server).await, 403);
    server.request("alice", "DELETE", &path, ()).await.expect(204);
    other.app.identity.refresh().await.unwrap();
    let rita_me = server.request("rita", "GET", "/api/v1/me", ()).await.expect(200).json();
    let actions = rita_me["actions"].as_array().unwrap();
    assert!(actions.contains(&json!("ims:images:list")));
    assert!(!actions.contains(&json!("ims:images:create")), "only her role is left");
    // A node that starts now knows it as well.
    let policy = bind(&server, "rita", vec![statement(Effect::Deny, &["ims:*"])]).await;
    let third = server.second().await;
    assert_eq!(ask(&third).await, 403);
    unbind(&server, &policy).await;
}

async fn t_051_an_admin_manages_his_project_and_no_other(server: TestServer) {
    let list = "/api/v1/access/policies";
    let body = json!({
        "name": "no sharing",
        "statements": [{"effect": "deny", "actions": ["ims:images:share", "ims:images:pub*"]}],
        "users": ["rita"],
    });
    let made = server.request("alice", "POST", list, body.clone()).await.expect(201).json();
    let path = format!("{list}/{}", made["id"].as_str().unwrap());
    assert_eq!(made["users"], json!(["rita"]));
    assert_eq!(made["statements"], body["statements"]);
    assert_eq!(server.request("alice", "GET", &path, ()).await.expect(200).json(), made);
    let all = server.request("alice", "GET", list, ()).await.expect(200).json();
    assert_eq!(all["policies"], json!([made]));
    let users = server.request("alice", "GET", "/api/v1/access/users", ()).await.expect(200).json();
    let users = users["users"].as_array().unwrap().clone();
    let ids: Vec<&str> = users.iter().map(|user| user["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["alice", "rita"]);
    assert_eq!((&users[1]["name"], &users[1]["roles"]), (&json!("rita"), &json!(["reader"])));
    assert_eq!(users[1]["policies"], json!([made["id"]]));
    assert!(!users[1]["actions"].as_array().unwrap().contains(&json!("ims:images:share")));
    assert!(users[0]["actions"].as_array().unwrap().contains(&json!("ims:images:share")));

    // Others do not manage it, and do not find it.
    for person in ["rita", "bob"] {
        let code = server.request(person, "GET", list, ()).await.expect(403).json()["code"].clone();
        assert_eq!(code, "ROLE_TOO_WEAK", "{person}");
    }
    let foreign = format!("{list}?project={B}");
    for person in ["alice", "rita"] {
        let answer = server.request(person, "GET", &foreign, ()).await.expect(404);
        assert_eq!(answer.json()["code"], "PROJECT_NOT_FOUND");
    }
    // The operator manages any project's.
    let operators = format!("{path}?project={A}");
    assert_eq!(server.request("operator", "GET", &operators, ()).await.expect(200).json(), made);
    server.request("operator", "GET", &path, ()).await.expect(404);
    server.request("operator", "GET", &format!("{list}?project=nothing"), ()).await.expect(404);
    let unbound = format!("{path}/users/rita?project={A}");
    let left = server.request("operator", "DELETE", &unbound, ()).await.expect(200).json();
    assert_eq!(left["users"], json!([]));
    let bound = format!("{path}/users/rita");
    for _ in 0..2 {
        let again = server.request("alice", "PUT", &bound, ()).await.expect(200).json();
        assert_eq!(again["users"], json!(["rita"]));
    }
    server.request("alice", "DELETE", &path, ()).await.expect(204);
    server.request("alice", "DELETE", &path, ()).await.expect(404);
}

async fn t_051_nobody_locks_himself_or_the_operator_out(server: TestServer) {
    let list = "/api/v1/access/policies";
    let body = json!({
        "name": "nothing",
        "statements": [{"effect": "deny", "actions": ["*"]}],
        "users": ["alice"],
    });
    let refused = server.request("alice", "POST", list, body.clone()).await.expect(409).json();
    assert_eq!(refused["code"], "ACCESS_LOCKOUT");
    let left = server.request("alice", "GET", list, ()).await.expect(200).json();
    assert_eq!(left["policies"], json!([]), "nothing was written");
    // The operator may, and nothing that a project writes concerns him.
    let path = format!("{list}?project={A}");
    let made = server.request("operator", "POST", &path, body).await.expect(201).json();
    server.request("alice", "GET", list, ()).await.expect(403);
    let role = format!("/v3/projects/{A}/users/operator/roles/admin");
    server.request("operator", "PUT", &role, ()).await.expect(204);
    let policy = format!("{list}/{}", made["id"].as_str().unwrap());
    let bound = format!("{policy}/users/operator?project={A}");
    server.request("operator", "PUT", &bound, ()).await.expect(200);
    let token = token(&server, "operator").await;
    let headers = [("x-auth-token", token.as_str())];
    server.request_with("nobody", "GET", list, &headers, ()).await.expect(200);
    server.request_with("nobody", "DELETE", &policy, &headers, ()).await.expect(204);
    server.request("alice", "GET", list, ()).await.expect(200);
}

async fn t_051_bad_policies_are_refused(server: TestServer) {
    let list = "/api/v1/access/policies";
    let good = json!({"effect": "allow", "actions": ["ims:images:list"]});
    let with = |name: &str, statements: Value| json!({"name": name, "statements": statements});
    server.request("alice", "POST", list, with("taken", json!([good]))).await.expect(201);
    for (body, status, code) in [
        (with("taken", json!([good])), 409, "NAME_TAKEN"),
        (with(" x", json!([good])), 400, "INVALID_VALUE"),
        (with("", json!([good])), 400, "INVALID_VALUE"),
        (with("x", json!([])), 400, "INVALID_VALUE"),
        (with("x", json!([{"effect": "allow", "actions": []}])), 400, "INVALID_VALUE"),
        (with("x", json!([{"effect": "permit", "actions": ["*"]}])), 400, "INVALID_VALUE"),
        (
            with("x", json!([{"effect": "allow", "actions": ["ims:moon:land"]}])),
            400,
            "INVALID_VALUE",
        ),
        (
            with("x", json!([{"effect": "allow", "actions": ["ims:policies:set"]}])),
            400,
            "INVALID_VALUE",
        ),
        (
            with("x", json!([{"effect": "allow", "actions": ["ims:images:publish"]}])),
            400,
            "INVALID_VALUE",
        ),
        (with("x", json!([{"effect": "deny", "actions": ["*"], "if": 1}])), 400, "UNKNOWN_FIELD"),
        (with("x", json!(vec![good.clone(); 65])), 409, "ACCESS_POLICY_QUOTA"),
        (json!({"name": "x", "statements": [good], "users": ["bob"]}), 404, "USER_NOT_FOUND"),
        (json!({"name": "x", "statements": [good], "users": ["no one"]}), 404, "USER_NOT_FOUND"),
        (json!({"name": "x"}), 400, "MISSING_FIELD"),
    ] {
        let answer = server.request("alice", "POST", list, body.clone()).await;
        let (got, text) = (answer.status.as_u16(), answer.json());
        assert_eq!((got, text["code"].as_str().unwrap()), (status, code), "{body}");
    }
    let all = server.request("alice", "GET", list, ()).await.expect(200).json();
    assert_eq!(all["policies"].as_array().unwrap().len(), 1);
}

async fn t_051_a_deleted_user_leaves_no_permissions(server: TestServer) {
    add_member(&server).await;
    let policy = bind(&server, "carol", vec![statement(Effect::Deny, &["ims:images:list"])]).await;
    let carol = UserId::trusted("carol");
    let project = ProjectId::trusted(A);
    assert!(!server.app.identity.permissions(&carol, &project).is_empty());
    server.request("operator", "DELETE", "/v3/users/carol", ()).await.expect(204);
    server.app.identity.refresh().await.unwrap();
    assert!(server.app.identity.permissions(&carol, &project).is_empty());
    let path = format!("/api/v1/access/policies/{policy}");
    let left = server.request("alice", "GET", &path, ()).await.expect(200).json();
    assert_eq!(left["users"], json!([]));
}

// --- T-079 ---------------------------------------------------------------------------------------

/// Denied its action alone, a call is refused; denied everything else, it is done.
async fn t_079_each_call_asks_for_its_action(server: TestServer) {
    for call in calls().iter().filter(|call| call.action.least() != Least::Operator) {
        let alice = token(&server, "alice").await;
        let denied = vec![statement(Effect::Deny, &[call.action.as_str()])];
        let policy = bind(&server, "alice", denied).await;
        let answer = call.ask(&server, &alice).await;
        check_refused(&answer, "ACTION_DENIED", &call.text());
        let text = String::from_utf8_lossy(&answer.bytes);
        assert!(text.contains(call.action.as_str()), "{}: {text}", call.text());
        unbind(&server, &policy).await;

        let others = Action::ALL.iter().filter(|action| !call.all.contains(action));
        let others: Vec<&str> = others.map(|action| action.as_str()).collect();
        let policy = bind(&server, "alice", vec![statement(Effect::Deny, &others)]).await;
        let answer = call.ask(&server, &alice).await;
        assert!(answer.status.is_success(), "{}: {answer:?}", call.text());
        let is_enveloped = call.path.starts_with("/v4/");
        assert!(!is_enveloped || answer.json()["statusCode"] == 800, "{answer:?}");
        unbind(&server, &policy).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t_079_the_table_has_every_route() {
    let server = TestServer::start(Engine::Sqlite, "lendglass").await;
    let rows: BTreeSet<(String, String)> =
        ROUTES.iter().map(|(method, path, _)| ((*method).into(), (*path).into())).collect();
    assert_eq!(rows.len(), ROUTES.len(), "a row stands twice");
    let routes = routes::routes(&server).await;
    let without_row: Vec<_> = routes.difference(&rows).collect();
    let without_route: Vec<_> = rows.difference(&routes).collect();
    assert!(without_row.is_empty(), "routes without a row: {without_row:?}");
    assert!(without_route.is_empty(), "rows without a route: {without_route:?}");
    // What needs nothing answers nobody; what needs a token does not.
    for (method, path, needs) in ROUTES {
        let concrete = with_names(path, |_| routes::UNKNOWN_IMAGE.to_owned());
        let is_open = *needs == Needs::Nothing;
        let status = server.request("nobody", method, &concrete, ()).await.status.as_u16();
        assert!(is_open || status == 401, "{method} {path}: {status}");
    }
}

const INTRODUCTION: &str = "\
# Permissions

What a role lets one do in a project, and which call asks for what. A custom policy of the project
gives its users further actions (`allow`) or takes some away (`deny`): a denial wins, then the role
counts, then what is allowed. The operator may everything, and nobody is given what is his alone.

A statement names actions by their words or by their beginnings: `ims:images:*`, `ims:*`. What the
caller may not see is 404 before anything is refused: `ACTION_DENIED` where a policy denies,
`ROLE_TOO_WEAK` where the role is not enough. A service (Nova, Cinder) reads bytes by
`ims:images:use` of the user it acts for. This page is written by a test.
";

#[test]
fn t_079_docs_permissions_is_the_table() {
    let mut page = format!(
        "{INTRODUCTION}\n## Actions\n\n| action | reader | member | admin | what it is |\n\
         |---|---|---|---|---|\n"
    );
    for action in Action::ALL {
        let has = |role: Role| match action.least() {
            Least::Role(least) if role >= least => "yes",
            Least::Role(_) | Least::Operator => "–",
        };
        let roles: Vec<&str> = Role::ALL.into_iter().map(has).collect();
        let mut text = action.text(Language::English).to_owned();
        if action.least() == Least::Operator {
            text.push_str("; the operator only");
        }
        let _ = writeln!(page, "| `{}` | {} | {text} |", action.as_str(), roles.join(" | "));
    }
    page.push_str(
        "\n## Calls\n\nWhere there are several, making a record asks by what it will hold, a PATCH \
         for the second only where the image becomes public, and Glance's DELETE of a member for \
         the first of the owner and the second of the member.\n\n| method | path | needs |\n\
         |---|---|---|\n",
    );
    for (method, path, needs) in ROUTES {
        let needs = match needs {
            Needs::Nothing => "nothing".to_owned(),
            Needs::Session => "a session of the console".to_owned(),
            Needs::Token => "a token".to_owned(),
            Needs::Identity => "oneself, or the operator".to_owned(),
            Needs::Actions(actions) => {
                let words: Vec<String> =
                    actions.iter().map(|action| format!("`{}`", action.as_str())).collect();
                words.join(" ")
            }
        };
        let _ = writeln!(page, "| {method} | `{path}` | {needs} |");
    }
    blessed::blessed("docs/permissions.md", &page);
}

#[tokio::test(flavor = "multi_thread")]
async fn t_079_the_api_tells_the_table() {
    let server = TestServer::start(Engine::Sqlite, "lendglass").await;
    let answer = server.request("rita", "GET", "/api/v1/access/actions", ()).await.expect(200);
    let told = answer.json()["actions"].as_array().unwrap().clone();
    assert_eq!(told.len(), Action::ALL.len());
    for (one, action) in told.iter().zip(Action::ALL) {
        assert_eq!(one["action"], action.as_str());
        assert_eq!(one["role"], action.least().as_str());
        assert_eq!(one["is_allowed"], action.least() == Least::Role(Role::Reader));
        let asks = |needs: &Needs| matches!(needs, Needs::Actions(all) if all.contains(action));
        let routes = ROUTES.iter().filter(|(_, _, needs)| asks(needs)).count();
        assert_eq!(one["routes"].as_array().unwrap().len(), routes);
    }
}
