//! `lend vault`, `lend backup`, and full-server images from their making to their end.

use std::fs;

use crate::support::{B, Cloud};

#[test]
fn a_full_server_from_its_backup_to_another_tenant() {
    let cloud = Cloud::start();
    let lend = |person: &str, line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        cloud.lend(person, &words)
    };
    cloud.upload("alice", "sys", b"the system disk");
    fs::write(cloud.path("data.img"), b"the data disk").unwrap();
    lend("alice", "image upload data --kind data --file data.img").expect(0);
    lend("alice", "vault create mine --size 10").expect(0);
    let made = lend("alice", "backup create nightly --vault mine --disk sys --disk data -f json");
    assert_eq!(made.expect(0).json()["size_gib"], 2);
    let image = lend("alice", "backup image nightly --name erp-full --tag prod -f json").expect(0);
    assert_eq!(image.json()["kind"], "full_server");
    lend("alice", "backup image nightly").refused(4, "BACKUP_HAS_IMAGE");
    lend("alice", "backup delete nightly").refused(4, "BACKUP_IN_USE");
    lend("alice", "vault delete mine").refused(4, "VAULT_NOT_EMPTY");
    let own = lend("alice", "image disks erp-full -f value -c name -c size_gib").expect(0);
    assert_eq!(own.text(), "sys 1\ndata 1\n");
    lend("alice", &format!("image share erp-full --to {B}")).expect(0);

    let seen = lend("bob", "image disks erp-full -f value -c position -c size_gib").expect(0);
    assert_eq!(seen.text(), "0 1\n1 1\n");
    assert!(seen.err.contains("2 GiB in total"), "{}", seen.err);
    let none = lend("bob", "share accept erp-full").refused(4, "VAULT_REQUIRED");
    assert!(none.err.contains("hint: ") && none.err.contains("lend vault create"), "{}", none.err);
    lend("bob", "vault create small --size 1").expect(0);
    let small = lend("bob", "share accept erp-full --vault small").refused(4, "VAULT_TOO_SMALL");
    assert!(small.err.contains("1 GiB") && small.err.contains("2 GiB"), "{}", small.err);
    lend("bob", "vault set small --size 3 --name vault-erp").expect(0);
    lend("bob", "vault set vault-erp").refused(2, "USAGE");
    lend("bob", "share accept --all --vault vault-erp").expect(0);
    let list = lend("bob", "vault list -f value -c name -c used_gib -c free_gib").expect(0);
    assert_eq!(list.text(), "vault-erp 2 1\n");
    let shown = lend("bob", "vault show vault-erp").expect(0);
    assert!(shown.text().contains("erp-full, 2 GiB"), "{}", shown.text());
    let saved = lend("bob", "image save erp-full --disk 1 --file d1").expect(0);
    assert!(saved.err.contains("verified by sha512"), "{}", saved.err);
    assert_eq!(fs::read(cloud.path("d1")).unwrap(), b"the data disk");
    lend("bob", "image save erp-full --disk 7 --file d7").refused(3, "DISK_NOT_FOUND");
    lend("bob", "image save erp-full --file whole").refused(3, "NO_BYTES");
    lend("bob", "vault show mine").refused(3, "VAULT_NOT_FOUND");
    let zh = lend("bob", "--lang zh vault delete vault-erp").expect(4);
    assert!(zh.err.starts_with("错误 VAULT_NOT_EMPTY："), "{}", zh.err);

    lend("alice", "image delete erp-full --backups --yes").expect(0);
    assert_eq!(lend("alice", "backup list -f value").expect(0).text(), "");
    lend("bob", "vault delete vault-erp").expect(0);
    lend("alice", "vault delete mine nowhere").expect(5);
}
