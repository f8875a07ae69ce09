//! `lend` against a real server: the main job byte for byte, every exit code, every format, every way
//! to sign in.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "stories/notices.rs"]
mod notices;
mod support;

#[path = "cli/copies.rs"]
mod copies;
#[path = "cli/rights.rs"]
mod rights;
#[path = "cli/uploads.rs"]
mod uploads;
#[path = "cli/vault.rs"]
mod vault;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use support::{B, B2, C, Cloud, Ran};

/// More than two transfer buffers, and no whole number of them.
fn bytes() -> Vec<u8> {
    (0..5 * 1024 * 1024 + 321_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[test]
fn the_main_job() {
    let cloud = Cloud::start();
    let id = cloud.upload("alice", "erp", &bytes());
    let shared =
        cloud.lend("alice", &["image", "share", "erp", "--to", B, "--note", "for the move"]);
    let table = shared.expect(0).text();
    assert!(table.contains("| Image ") && table.contains("pending"), "{table}");

    let waiting = cloud.lend("bob", &["share", "list", "--pending", "-f", "json"]).expect(0).json();
    assert_eq!(waiting[0]["image_id"], id.as_str());
    assert_eq!(
        (waiting[0]["shared_by"].as_str(), waiting[0]["note"].as_str()),
        (Some("A"), Some("for the move"))
    );
    cloud.lend("bob", &["image", "save", "erp", "--file", "x"]).refused(1, "SHARE_NOT_ACCEPTED");
    assert!(!cloud.path("x").exists());
    cloud.lend("bob", &["share", "accept", "erp"]).expect(0);
    let listed = cloud.lend("bob", &["image", "list", "-f", "value", "-c", "name"]).expect(0);
    assert_eq!(listed.text(), "erp\n");

    let saved = cloud.lend("bob", &["image", "save", "erp", "--file", "copy.img"]).expect(0);
    assert!(saved.err.contains("verified by sha512"), "{}", saved.err);
    assert!(fs::read(cloud.path("copy.img")).unwrap() == bytes());
    assert!(cloud.lend("bob", &["image", "save", &id, "--file", "-"]).expect(0).out == bytes());
    cloud.lend("bob", &["image", "save", "erp", "--file", "copy.img"]).refused(2, "FILE_EXISTS");
    // XC-04: the owner has the stored bytes read again.
    let read_again = cloud.lend("alice", &["image", "verify", "erp", "-f", "json"]).expect(0);
    assert_eq!(read_again.json()[0]["damaged"], false);
    cloud.lend("bob", &["image", "verify", "erp"]).refused(1, "SHARED_IMAGE_READONLY");
    let parts = fs::read_dir(cloud.home.path()).unwrap();
    let is_part = |name: String| name.ends_with(".part");
    assert!(
        !parts.into_iter().any(|entry| is_part(entry.unwrap().file_name().into_string().unwrap()))
    );

    let tenants = cloud.lend("alice", &["image", "tenants", "erp"]).expect(0);
    assert!(tenants.text().contains("accepted") && tenants.err.contains("1 of 256 slots used"));
    cloud.lend("alice", &["image", "unshare", "erp", "--all"]).expect(0);
    assert_eq!(cloud.lend("bob", &["image", "list", "-f", "value"]).expect(0).text(), "");
    cloud.lend("bob", &["image", "show", &id]).refused(3, "IMAGE_NOT_FOUND");
    cloud.lend("alice", &["image", "delete", "erp"]).expect(0);
}

#[test]
fn every_exit_code() {
    let cloud = Cloud::start();
    cloud.upload("alice", "sys1", b"some bytes");
    cloud.lend("alice", &["image", "lost"]).expect(2);
    cloud.lend("alice", &["image", "set", "sys1"]).refused(2, "USAGE");
    cloud.lend("alice", &["image", "show", "nothing"]).refused(3, "IMAGE_NOT_FOUND");
    cloud.lend("rita", &["image", "create", "mine"]).refused(1, "ROLE_TOO_WEAK");
    let share = ["image", "share", "sys1", "--to"];
    let one = cloud.lend("alice", &[&share[..], &["zzz"]].concat()).refused(4, "TENANT_NOT_FOUND");
    assert!(one.err.contains("hint: the tenant finds its id"), "{}", one.err);
    let both = format!("{B},zzz");
    let all = cloud.lend("alice", &[&share[..], &[&both]].concat()).expect(4);
    assert!(all.text().contains("TENANT_NOT_FOUND") && all.err.contains("1 of 2 pairs failed"));
    assert_eq!(cloud.lend("bob", &["share", "list", "-f", "value"]).expect(0).text(), "");
    let dry = cloud.lend("alice", &[&share[..], &[B, "--dry-run"]].concat()).expect(0);
    assert!(dry.text().contains("pending") && dry.err.contains("Nothing was done"));
    assert_eq!(cloud.lend("bob", &["share", "list", "-f", "value"]).expect(0).text(), "");
    cloud.lend("alice", &[&share[..], &[&both, "--partial"]].concat()).expect(5);
    cloud.lend("bob", &["share", "accept", "--all"]).expect(0);
    let none = cloud.lend("bob", &["share", "accept", "--all"]).expect(0);
    assert!(none.err.contains("Nothing waits"), "{}", none.err);
    cloud.lend("alice", &["image", "delete", "sys1"]).refused(2, "NOT_CONFIRMED");
    cloud.lend("alice", &["image", "set", "sys1", "--protected"]).expect(0);
    let kept =
        cloud.lend("alice", &["image", "delete", "sys1", "--yes"]).refused(1, "IMAGE_PROTECTED");
    assert!(kept.err.contains("hint: lend image set IMAGE --unprotected"), "{}", kept.err);
    cloud.lend("alice", &["image", "create", "free"]).expect(0);
    cloud.lend("alice", &["image", "delete", "sys1", "free", "--yes"]).expect(5);
    cloud.lend("bob", &["share", "remove", "sys1"]).expect(0);
    let rejected = cloud.lend("bob", &["share", "list", "--rejected", "-f", "value", "-c", "name"]);
    assert_eq!(rejected.expect(0).text(), "sys1\n");
}

#[test]
fn every_format() {
    let cloud = Cloud::start();
    let made = ["image", "create", "=1+1", "--tag", "a", "--tag", "b", "--property", "os=linux"];
    let shown = cloud.lend("alice", &[&made[..], &["-f", "json"]].concat()).expect(0).json();
    assert_eq!((&shown["tags"][1], &shown["properties"]["os"]), (&"b".into(), &"linux".into()));
    let list = |more: &[&str]| cloud.lend("alice", &[&["image", "list"], more].concat());
    let columns = ["-c", "name", "-c", "Status"];
    let table = list(&columns).expect(0).text();
    assert!(table.starts_with("+------+--------+\n| Name | Status |\n"), "{table}");
    let json = list(&[&columns[..], &["-f", "json"]].concat()).expect(0).json();
    assert_eq!(json, serde_json::json!([{"name": "=1+1", "status": "queued"}]));
    let yaml = list(&[&columns[..], &["-f", "yaml"]].concat()).expect(0).text();
    assert_eq!(yaml.replace('\'', ""), "- name: =1+1\n  status: queued\n");
    let value = list(&[&columns[..], &["-f", "value"]].concat()).expect(0).text();
    assert_eq!(value, "=1+1 queued\n");
    let csv = list(&[&columns[..], &["-f", "csv"]].concat()).expect(0).text();
    assert_eq!(csv, "name,status\n'=1+1,queued\n", "no spreadsheet takes it for a formula");
    list(&["-c", "colour"]).refused(2, "NO_COLUMN");
    let long =
        cloud.lend("alice", &["image", "show", "=1+1", "--long", "-f", "json"]).expect(0).json();
    assert_eq!(long["actions"]["upload"], "FORMAT_MISSING");
    assert_eq!(long["actions"]["delete"], "yes");
    let zh = cloud.lend("alice", &["--lang", "zh", "image", "show", "nothing"]).expect(3);
    assert!(
        zh.err.starts_with("错误 IMAGE_NOT_FOUND：") && zh.err.contains("提示："),
        "{}",
        zh.err
    );
    let zh = cloud.lend("alice", &["--lang", "zh", "explain", "SELF_SHARE"]).expect(0).text();
    assert!(zh.contains("字段") && zh.contains("。"), "{zh}");
    cloud.lend("alice", &["explain", "NO_SUCH"]).expect(3);
}

#[test]
fn ambiguous_names_are_listed_with_their_owners() {
    let cloud = Cloud::start();
    let first = cloud.upload("alice", "twin", b"1");
    cloud.upload("carol", "twin", b"2");
    cloud.lend("alice", &["image", "share", "twin", "--to", B]).expect(0);
    cloud.lend("carol", &["image", "share", "twin", "--to", B]).expect(0);
    let refused = cloud.lend("bob", &["share", "accept", "twin"]).refused(1, "IMAGE_AMBIGUOUS");
    assert!(refused.err.contains(&format!("{first}  owner: A")), "{}", refused.err);
    assert!(refused.err.contains("owner: C"), "{}", refused.err);
    cloud.lend("bob", &["share", "accept", &first]).expect(0);
    cloud.lend("bob", &["share", "reject", "--all"]).expect(0);
    assert!(cloud.lend("bob", &["image", "save", &first, "--file", "-"]).expect(0).out == b"1");
}

#[test]
fn every_way_to_sign_in() {
    let cloud = Cloud::start();
    let from_variables = |variables: &[(&str, &str)]| {
        let mut command = cloud.command();
        command.env("OS_AUTH_URL", &cloud.auth_url).envs(variables.iter().copied());
        command.args(["credentials", "show", "-f", "value", "-c", "project_id", "-c", "current"]);
        cloud.lend_with_input(command, b"")
    };
    let password = [
        ("OS_USERNAME", "bob"),
        ("OS_PASSWORD", "secret-bob"),
        ("OS_USER_DOMAIN_NAME", "Borealis"),
    ];
    let several = from_variables(&password).refused(2, "NO_PROJECT_SCOPE");
    assert!(several.err.contains("B, B2"), "{}", several.err);
    let scoped = [&password[..], &[("OS_PROJECT_NAME", "B2")]].concat();
    assert_eq!(from_variables(&scoped).expect(0).text(), format!("{B} \n{B2} *\n"));
    let wrong = [
        ("OS_USERNAME", "bob"),
        ("OS_PASSWORD", "guess"),
        ("OS_PROJECT_NAME", "B"),
        ("OS_USER_DOMAIN_NAME", "Borealis"),
    ];
    let wrong = from_variables(&wrong).expect(1);
    assert!(!wrong.err.contains("guess"), "{}", wrong.err);
    let only = [
        ("OS_USERNAME", "carol"),
        ("OS_PASSWORD", "secret-carol"),
        ("OS_USER_DOMAIN_NAME", "Cumulus"),
    ];
    assert_eq!(from_variables(&only).expect(0).text(), format!("{C} *\n"), "the only project");

    cloud.lend("nobody", &["image", "list"]).refused(2, "NO_CLOUD");
    let tokens: Vec<_> = fs::read_dir(cloud.path(".cache/lendglass")).unwrap().collect();
    assert!(!tokens.is_empty());
    for token in tokens {
        let mode = token.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A token that has ended is replaced without a word.
    for token in fs::read_dir(cloud.path(".cache/lendglass")).unwrap() {
        let path = token.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut kept: serde_json::Value = serde_json::from_str(&text).unwrap();
        kept["token"] = "ended".into();
        fs::write(&path, kept.to_string()).unwrap();
    }
    assert_eq!(from_variables(&only).expect(0).text(), format!("{C} *\n"));
}

#[test]
fn login_remembers_the_cloud_and_forgets_the_password() {
    let cloud = Cloud::start();
    let mut command = cloud.command();
    let file = cloud.path("fresh/clouds.yaml");
    command.env("OS_CLIENT_CONFIG_FILE", &file);
    fs::create_dir_all(cloud.path("fresh")).unwrap();
    fs::write(&file, "clouds:\n  other:\n    auth:\n      auth_url: http://elsewhere/v3\n")
        .unwrap();
    command.args(["login", "--auth-url", &cloud.auth_url, "--username", "alice"]);
    command.args(["--account", "Acme", "--project", "A", "--password-stdin"]);
    cloud.lend_with_input(command, b"secret-alice\n").expect(0);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("other:") && text.contains("lendglass:"), "{text}");
    assert!(!text.contains("secret-alice"), "{text}");
    let mut command = cloud.command();
    command.env("OS_CLIENT_CONFIG_FILE", &file).args(["--cloud", "lendglass", "quota", "show"]);
    cloud.lend_with_input(command, b"").expect(0);
    let mut command = cloud.command();
    command.args(["login", "--auth-url", &cloud.auth_url, "--username", "alice", "--cloud", "new"]);
    command.args(["--account", "Acme", "--project", "A", "--password-stdin"]);
    cloud.lend_with_input(command, b"wrong\n").expect(1);
}

#[test]
fn a_refused_file_leaves_no_record_and_a_waiting_one_can_be_filled() {
    let cloud = Cloud::start();
    fs::write(cloud.path("fake.img"), b"not a qcow2").unwrap();
    let upload = ["image", "upload", "fake", "--file", "fake.img", "--disk-format", "qcow2"];
    let refused = cloud.lend("alice", &upload).refused(1, "IMAGE_FORMAT_MISMATCH");
    assert!(refused.err.contains("Nothing was kept"), "{}", refused.err);
    assert_eq!(cloud.lend("alice", &["image", "list", "-f", "value"]).expect(0).text(), "");
    fs::write(cloud.path("nameless"), b"what is it").unwrap();
    cloud
        .lend("alice", &["image", "upload", "x", "--file", "nameless"])
        .refused(2, "FORMAT_MISSING");
    cloud.lend("alice", &["image", "upload", "x", "--file", "missing.img"]).refused(2, "BAD_FILE");

    let made = ["image", "create", "later", "--disk-format", "raw", "-f", "value", "-c", "id"];
    let id = cloud.lend("alice", &made).expect(0).text().trim().to_owned();
    let mut command = cloud.command();
    command.args(["--cloud", "alice", "image", "upload", "--into", &id, "--file", "-"]);
    cloud.lend_with_input(command, &bytes()).expect(0);
    assert!(
        cloud.lend("alice", &["image", "save", "later", "--file", "-"]).expect(0).out == bytes()
    );
}

#[test]
fn the_other_verbs() {
    let cloud = Cloud::start();
    let id = cloud.upload("alice", "sys1", b"12345");
    cloud
        .lend(
            "alice",
            &["image", "set", "sys1", "--name", "sys2", "--tag", "x", "--property", "a=b"],
        )
        .expect(0);
    let shown = cloud
        .lend("alice", &["image", "unset", "sys2", "--tag", "x", "--property", "a", "-f", "json"]);
    let shown = shown.expect(0).json();
    assert_eq!(
        (&shown["tags"], &shown["properties"]),
        (&serde_json::json!([]), &serde_json::json!({}))
    );
    cloud.lend("alice", &["image", "deactivate", "sys2"]).expect(0);
    cloud.lend("alice", &["image", "save", "sys2", "--file", "-"]).refused(1, "IMAGE_DEACTIVATED");
    cloud.lend("alice", &["image", "activate", "sys2"]).expect(0);
    let replicate = ["image", "replicate", "sys2", "--name", "copy", "--description", "mine"];
    let copy = cloud.lend("alice", &[&replicate[..], &["-f", "json"]].concat()).expect(0).json();
    assert_eq!(copy["properties"]["description"], "mine");
    assert_eq!((&copy["status"], &copy["source_image"]), (&"active".into(), &id.as_str().into()));
    assert_eq!(
        cloud.lend("alice", &["image", "save", "copy", "--file", "-"]).expect(0).out,
        b"12345"
    );
    let jobs = cloud.lend("alice", &["job", "list", "-f", "json"]).expect(0).json();
    let job = jobs[0]["id"].as_str().unwrap();
    cloud.lend("alice", &["job", "wait", job]).expect(0);
    let shown = cloud.lend("alice", &["job", "show", job, "-f", "json"]).expect(0).json();
    assert_eq!(shown["state"], "succeeded");
    cloud.lend("alice", &["job", "show", "none"]).refused(3, "JOB_NOT_FOUND");
    let policy = cloud.lend("alice", &["policy", "show", "-f", "csv"]).expect(0).text();
    assert!(policy.contains("share.max_tenants.system,256"), "{policy}");
    let quota = cloud.lend("alice", &["quota", "show", "-f", "value"]).expect(0).text();
    assert!(quota.contains("private_images 2 none"), "{quota}");
    let regions =
        cloud.lend("alice", &["region", "list", "-f", "value", "-c", "id"]).expect(0).text();
    assert_eq!(regions, "r1\n");
    assert!(cloud.lend("alice", &["completion", "bash"]).expect(0).text().contains("lend"));
    assert!(cloud.lend("alice", &["version"]).expect(0).text().starts_with("lend "));
    let paged = cloud.lend(
        "alice",
        &[
            "image", "list", "--limit", "1", "--sort", "name:asc", "--total", "-f", "value", "-c",
            "name",
        ],
    );
    let paged = paged.expect(0);
    assert_eq!(paged.text(), "copy\n");
    assert!(paged.err.contains("2 in total") && paged.err.contains("--marker"), "{}", paged.err);
}

#[test]
fn t_049_the_trail_is_listed_and_exported() {
    let cloud = Cloud::start();
    let id = cloud.upload("alice", "erp", b"some bytes");
    cloud.lend("alice", &["image", "share", "erp", "--to", B]).expect(0);
    cloud.lend("bob", &["share", "accept", "erp"]).expect(0);
    cloud.lend("bob", &["image", "save", "erp", "--file", "copy.img"]).expect(0);
    let list = ["audit", "list", "--target", &id, "-f", "value", "-c", "verb"];
    let seen = cloud.lend("alice", &list).expect(0).text();
    let verbs = "image.download\nshare.accept\nshare.invite\nimage.upload\nimage.create\n";
    assert_eq!(seen, verbs, "newest first");
    let own =
        cloud.lend("rita", &["audit", "list", "--verb", "share.invite", "--limit", "1"]).expect(0);
    assert!(own.text().contains("share.invite") && !own.text().contains("image."));
    let table = cloud.lend("bob", &["audit", "list"]).expect(0).text();
    assert!(table.contains("| Time") && table.contains("image.download"), "{table}");
    let long = cloud.lend("bob", &["--lang", "zh", "audit", "list", "--long"]).expect(0).text();
    assert!(long.contains("对方租户") && long.contains("请求 ID"), "{long}");
    cloud.lend("alice", &["audit", "list", "--all-projects"]).refused(1, "OPERATOR_ONLY");
    cloud.lend("alice", &["audit", "list", "--verb", "image.fly"]).refused(1, "INVALID_VALUE");

    let csv = cloud.lend("alice", &["audit", "export"]).expect(0).text();
    assert!(csv.starts_with("at,verb,target,project,"), "{csv}");
    assert_eq!(csv.matches("at,verb,").count(), 1);
    assert_eq!(csv.lines().count(), 6, "{csv}");
    let cadf =
        ["audit", "export", "--as", "cadf", "--file", "events.json", "--verb", "share.accept"];
    cloud.lend("bob", &cadf).expect(0);
    let events = fs::read_to_string(cloud.path("events.json")).unwrap();
    assert_eq!(events.lines().count(), 1);
    assert!(events.contains("\"action\":\"allow/share.accept\""), "{events}");
    cloud.lend("bob", &cadf).refused(2, "FILE_EXISTS");
}
