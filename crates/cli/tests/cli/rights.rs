//! `lend policy` and `lend access`: the operator's rules, an admin's custom policies.

use crate::support::{A, Cloud};

#[test]
fn the_operator_sets_the_rules() {
    let cloud = Cloud::start();
    let key = "share.max_tenants.system";
    let lend = |arguments: &[&str]| cloud.lend("operator", arguments);
    cloud.upload("alice", "one", b"bytes");
    cloud.upload("alice", "two", b"bytes");
    let dry = lend(&["policy", "set", "private_image.quota=1", "--dry-run"]).expect(0);
    assert!(dry.text().contains("| none"), "{}", dry.text());
    assert!(
        dry.err.contains("1 projects already lie above private_image.quota = 1"),
        "{}",
        dry.err
    );
    assert!(dry.err.contains("Nothing was done"));

    lend(&["policy", "set", &format!("{key}=7"), "tags.max=none"]).expect(0);
    lend(&["policy", "set", &format!("{key}=9"), "--of-project", A]).expect(0);
    let rows = lend(&["policy", "list", "--changed", "-f", "value", "-c", "key", "-c", "value"]);
    assert_eq!(rows.expect(0).text(), format!("{key} 7\ntags.max none\n"));
    let all = lend(&["policy", "list", "--of-project", A, "-f", "json", "--long"]).expect(0).json();
    let rule = all.as_array().unwrap().iter().find(|rule| rule["key"] == key).unwrap();
    assert_eq!((&rule["value"], &rule["inherited"]), (&9.into(), &7.into()));
    assert_eq!((&rule["origin"], &rule["default"]), (&"project".into(), &256.into()));
    let shown = |person: &str| {
        let shown = cloud.lend(person, &["policy", "show", "-f", "csv"]).expect(0);
        let text = shown.text();
        text.lines().find(|line| line.starts_with(key)).unwrap().to_owned()
    };
    assert_eq!((shown("alice"), shown("bob")), (format!("{key},9"), format!("{key},7")));
    lend(&["policy", "unset", key, "--of-project", A]).expect(0);
    assert_eq!(shown("alice"), format!("{key},7"));
    lend(&["policy", "unset", key, "tags.max"]).expect(0);

    let dry = lend(&["policy", "profile", "ctyun", "--dry-run", "-f", "csv"]).expect(0);
    assert!(dry.text().contains("share.pending_counts,false,true"), "{}", dry.text());
    assert_eq!(lend(&["policy", "profile", "-f", "value"]).expect(0).text(), "lendglass\n");
    lend(&["policy", "profile", "ctyun", "-q"]).expect(0);
    assert_eq!(lend(&["policy", "profile", "-f", "value"]).expect(0).text(), "ctyun\n");
    assert_eq!(shown("bob"), format!("{key},128"));

    lend(&["policy", "set", "recipient.may_edit=true"]).refused(1, "POLICY_LOCKED");
    lend(&["policy", "set", "tags.max"]).expect(2);
    cloud.lend("alice", &["policy", "list"]).refused(1, "OPERATOR_ONLY");
}

#[test]
fn an_admin_writes_custom_policies() {
    let cloud = Cloud::start();
    let lend = |arguments: &[&str]| cloud.lend("alice", arguments);
    cloud.lend("rita", &["image", "create", "mine"]).refused(1, "ROLE_TOO_WEAK");
    let made = lend(&[
        "access",
        "policy",
        "create",
        "makers",
        "--allow",
        "ims:images:create,ims:images:update",
        "--user",
        "rita",
        "-f",
        "json",
    ]);
    assert_eq!(made.expect(0).json()["allow"][0], "ims:images:create");
    cloud.lend("rita", &["image", "create", "mine"]).expect(0);
    let listed = lend(&["access", "policy", "list", "-f", "value", "-c", "name"]).expect(0);
    assert_eq!(listed.text(), "makers\n");
    lend(&["access", "policy", "set", "makers", "--deny", "ims:images:cr*", "--name", "none"])
        .expect(0);
    let denied = cloud.lend("rita", &["image", "create", "mine"]).refused(1, "ACTION_DENIED");
    assert!(denied.err.contains("ims:images:create"), "{}", denied.err);
    let shown = lend(&["access", "policy", "show", "none", "-f", "json"]).expect(0).json();
    assert_eq!(
        (shown["allow"].as_array().unwrap().len(), &shown["deny"][0]),
        (0, &"ims:images:cr*".into())
    );

    lend(&["access", "user", "unbind", "rita", "none"]).expect(0);
    cloud.lend("rita", &["image", "create", "mine"]).refused(1, "ROLE_TOO_WEAK");
    lend(&["access", "user", "bind", "rita", "none"]).expect(0);
    let users =
        lend(&["access", "user", "list", "-f", "csv", "-c", "name", "-c", "roles"]).expect(0);
    assert!(users.text().contains("rita"), "{}", users.text());
    lend(&["access", "user", "bind", "nobody", "none"]).refused(3, "USER_NOT_FOUND");
    lend(&["access", "policy", "delete", "lost"]).refused(3, "ACCESS_POLICY_NOT_FOUND");
    lend(&["access", "policy", "delete", "none"]).expect(0);
    cloud.lend("rita", &["access", "policy", "list"]).refused(1, "ROLE_TOO_WEAK");
    let of = ["access", "user", "list", "--of-project", A, "-f", "value", "-c", "name"];
    assert!(cloud.lend("operator", &of).expect(0).text().contains("rita"));

    let actions = cloud.lend("rita", &["--lang", "zh", "access", "actions", "--long"]).expect(0);
    assert!(actions.text().contains("ims:images:share") && actions.text().contains("共享镜像"));
    assert!(actions.text().contains("POST /api/v1/shares"));
}
