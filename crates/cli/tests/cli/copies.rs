//! `lend image move-copy|copy|publish|delete`, `lend tag` and `lend job`, against a real server.

use crate::support::Cloud;

#[test]
fn us_10_an_image_moves_between_ones_own_projects() {
    let cloud = Cloud::start();
    let id = cloud.upload("bob", "sys1", b"bytes of sys1");
    let moved = cloud.lend("bob", &["image", "move-copy", "sys1", "--to", "B2", "-f", "json"]);
    let moved = moved.expect(0).json();
    assert_eq!((&moved["status"], &moved["visibility"]), (&"active".into(), &"private".into()));
    assert_eq!(
        (&moved["relation"], &moved["source_image"]),
        (&"owner".into(), &id.as_str().into())
    );
    let left = cloud.lend("bob", &["image", "tenants", "sys1", "-f", "json"]).expect(0).json();
    assert_eq!(left.as_array().unwrap().len(), 0, "the share is taken back");
    cloud.lend("bob", &["image", "move-copy", "sys1", "--to", "A"]).refused(3, "PROJECT_NOT_FOUND");
    // A step that fails leaves nothing behind.
    cloud.lend("operator", &["policy", "set", "recipient.may_replicate=false"]).expect(0);
    let refused = cloud.lend("bob", &["image", "move-copy", "sys1", "--to", "B2"]);
    let refused = refused.refused(1, "RECIPIENT_MAY_NOT_REPLICATE");
    assert!(refused.err.contains("What was done is undone"), "{}", refused.err);
    let left = cloud.lend("bob", &["image", "tenants", "sys1", "-f", "json"]).expect(0).json();
    assert_eq!(left.as_array().unwrap().len(), 0);
    cloud
        .lend("bob", &["image", "copy", "sys1", "--to-region", "r9"])
        .refused(3, "REGION_NOT_FOUND");
}

#[test]
fn dl_08_many_are_deleted_at_once_and_jobs_are_listed() {
    let cloud = Cloud::start();
    let lend = |arguments: &[&str]| cloud.lend("alice", arguments);
    for name in ["one", "two", "three"] {
        cloud.upload("alice", name, name.as_bytes());
    }
    lend(&["image", "set", "two", "--protected"]).expect(0);
    let dry = lend(&["image", "delete", "one", "two", "--dry-run"]).expect(5);
    assert!(dry.err.contains("would be deleted"), "{}", dry.err);
    let some = lend(&["image", "delete", "one", "two", "three"]).expect(5);
    assert!(some.err.contains("IMAGE_PROTECTED"), "{}", some.err);
    lend(&["image", "delete", "two"]).refused(1, "IMAGE_PROTECTED");

    lend(&["image", "replicate", "two", "--name", "copy"]).expect(0);
    let list = |state: &str| {
        let jobs = ["job", "list", "--kind", "image_replicate", "--state", state];
        lend(&[&jobs[..], &["-f", "value", "-c", "id"]].concat()).expect(0).text()
    };
    let id = list("succeeded");
    assert_eq!((id.lines().count(), list("ready").as_str()), (1, ""));
    lend(&["job", "cancel", id.trim()]).refused(4, "JOB_ENDED");
}

#[test]
fn sh_40_and_t_048_images_are_published_and_tagged() {
    let cloud = Cloud::start();
    let lend = |arguments: &[&str]| cloud.lend("alice", arguments);
    cloud.upload("alice", "sys1", b"bytes");
    lend(&["image", "publish", "sys1"]).expect(0);
    let listed = |flags: &[&str]| {
        let list = ["image", "list", "-f", "value", "-c", "name"];
        lend(&[&list[..], flags].concat()).expect(0).text()
    };
    assert_eq!(
        (listed(&["--published", "yes"]).as_str(), listed(&["--published", "no"]).as_str()),
        ("sys1\n", "")
    );
    lend(&["image", "delete", "sys1"]).refused(4, "IMAGE_PUBLISHED");
    lend(&["image", "unpublish", "sys1"]).expect(0);
    assert_eq!(
        (listed(&["--shared", "yes"]).as_str(), listed(&["--shared", "no"]).as_str()),
        ("", "sys1\n")
    );

    lend(&["tag", "set", "env", "--value", "prod", "--enforced"]).expect(0);
    lend(&["tag", "set", "env", "--everywhere"]).refused(1, "OPERATOR_ONLY");
    lend(&["image", "set", "sys1", "--tag", "env=moon"]).refused(1, "TAG_NOT_PREDEFINED");
    lend(&["image", "set", "sys1", "--tag", "env=prod"]).expect(0);
    assert_eq!(listed(&["--tag", "env=prod"]), "sys1\n");
    assert_eq!(lend(&["tag", "list", "-f", "value", "-c", "key"]).expect(0).text(), "env\n");
    lend(&["tag", "delete", "env"]).expect(0);
}
