//! Notices, webhooks and `share watch`, against a real server.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::support::{B, Cloud};

/// `lend share watch` under way.
struct Watching {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Watching {
    fn start(cloud: &Cloud, person: &str, arguments: &[&str]) -> Watching {
        let mut command = cloud.command();
        command.args(["--cloud", person, "-q", "share", "watch"]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Watching { child, lines }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn notices_are_listed_and_marked_as_read() {
    let cloud = Cloud::start();
    cloud.upload("alice", "erp", b"some bytes");
    let share = ["image", "share", "erp", "--to", B, "--note", "for the move"];
    cloud.lend("alice", &share).expect(0);
    let told = cloud.lend("bob", &["notice", "list", "--unread", "-f", "json"]).expect(0).json();
    assert_eq!(told[0]["kind"], "image.shared");
    assert_eq!(
        (told[0]["about"].as_str(), told[0]["counterpart"].as_str(), told[0]["note"].as_str()),
        (Some("erp"), Some("A"), Some("for the move"))
    );
    let counted = cloud.lend("bob", &["notice", "count", "-f", "value", "-c", "pending"]).expect(0);
    assert!(counted.text().lines().any(|line| line == "1"), "{}", counted.text());
    cloud.lend("bob", &["share", "accept", "erp"]).expect(0);
    let of_owner = ["notice", "list", "--kind", "share.accepted", "-f", "value", "-c", "about"];
    assert_eq!(cloud.lend("alice", &of_owner).expect(0).text(), "erp\n");
    let id = told[0]["id"].as_str().unwrap();
    assert!(cloud.lend("bob", &["notice", "read", id]).expect(0).err.contains("0 unread"));
    cloud.lend("rita", &["notice", "read", "--all"]).refused(1, "ROLE_TOO_WEAK");
    cloud.lend("alice", &["notice", "read", "--all"]).expect(0);
    let left = cloud.lend("alice", &["notice", "list", "--unread", "-f", "value"]).expect(0);
    assert_eq!(left.text(), "");
}

#[test]
fn what_is_nearly_full_is_listed_with_its_numbers() {
    let cloud = Cloud::start();
    cloud.upload("alice", "erp", b"some bytes");
    cloud.lend("alice", &["vault", "create", "vault-erp", "--size", "1"]).expect(0);
    cloud.lend("alice", &["backup", "create", "--vault", "vault-erp", "--disk", "erp"]).expect(0);
    let list = ["notice", "list", "--kind", "vault.nearly_full", "--long", "-f", "json"];
    let told = cloud.lend("alice", &list).expect(0).json();
    assert_eq!(
        (&told[0]["about"], &told[0]["image_id"]),
        (&"vault-erp 1/1 GiB".into(), &Value::Null)
    );
    assert_eq!((&told[0]["used"], &told[0]["limit"]), (&1.into(), &1.into()));
    assert!(told[0]["vault_id"].is_string() && told.get(1).is_none());
}

#[test]
fn watching_goes_on_where_it_was_broken_off() {
    let mut cloud = Cloud::start();
    cloud.upload("alice", "erp", b"some bytes");
    cloud.lend("alice", &["image", "share", "erp", "--to", B]).expect(0);
    let mut watching = Watching::start(&cloud, "bob", &["--after", "p0.a0"]);
    let first = watching.next();
    assert_eq!((&first["kind"], &first["position"]), (&"image.shared".into(), &"p1.a0".into()));
    cloud.restart();
    cloud.lend("alice", &["image", "unshare", "erp", "--all"]).expect(0);
    let second = watching.next();
    assert_eq!(second["kind"], "image.withdrawn", "nothing is told twice, nothing is lost");
    assert_eq!(second["position"], "p2.a0");
    let script = "cat >> told.jsonl; echo \"$LEND_KIND\"";
    let mut running = Watching::start(&cloud, "bob", &["--after", "p1.a0", "--exec", script]);
    let mut said = String::new();
    running.lines.read_line(&mut said).unwrap();
    assert_eq!(said, "image.withdrawn\n");
    let told = std::fs::read_to_string(cloud.path("told.jsonl")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), second);
}

#[test]
fn webhooks_are_kept_from_the_command_line() {
    let cloud = Cloud::start();
    cloud
        .lend("alice", &["webhook", "create", "http://127.0.0.1:9/"])
        .refused(1, "WEBHOOK_URL_REFUSED");
    cloud.lend("bob", &["webhook", "list"]).refused(1, "ROLE_TOO_WEAK");
    let url = "http://localhost:9/";
    let create = ["webhook", "create", url, "--kind", "image.shared", "-f", "json"];
    let made = cloud.lend("alice", &create).expect(0);
    assert!(made.err.contains("Keep the secret"), "{}", made.err);
    let made = made.json();
    assert!(made["secret"].as_str().unwrap().len() >= 32);
    let id = made["id"].as_str().unwrap();
    let shown = cloud.lend("alice", &["webhook", "show", id, "-f", "json"]).expect(0).json();
    assert_eq!((shown.get("secret"), shown["kinds"][0].as_str()), (None, Some("image.shared")));
    cloud.lend("alice", &["webhook", "test", id]).refused(1, "WEBHOOK_TEST_FAILED");
    cloud.lend("alice", &["webhook", "set", id]).refused(2, "USAGE");
    let off = ["webhook", "set", id, "--disable", "--all-kinds", "-f", "json"];
    let off = cloud.lend("alice", &off).expect(0).json();
    assert_eq!(
        (off["enabled"].as_bool(), off["kinds"].as_array().unwrap().len()),
        (Some(false), 0)
    );
    let listed = cloud.lend("alice", &["webhook", "list", "-f", "value", "-c", "url"]).expect(0);
    assert_eq!(listed.text(), format!("{url}\n"));
    cloud.lend("alice", &["webhook", "delete", id]).expect(0);
    cloud.lend("alice", &["webhook", "show", id]).refused(3, "WEBHOOK_NOT_FOUND");
}
