//! Bytes are read again whatever is in the way of some of them: a store that is away, a row that is
//! broken, a process that ended in the middle (XC-04).

use std::pin::pin;

use futures_util::poll;
use lendglass_core::{Code, ImageId};
use lendglass_server::service::operator::{self, Health};
use lendglass_server::service::scrub::{self, Round};
use lendglass_server::service::{image, reap};
use lendglass_store::Statement;

use crate::cloud::{BYTES, Cloud, caller, offer, refused};
use crate::support::{B, START};

stories! {
    lendglass "lendglass":
        xc_04_what_cannot_be_read_stands_in_nobodys_way,
        xc_04_who_asks_for_what_cannot_be_read_is_told_and_holds_up_nobody,
        xc_04_a_scrub_that_was_interrupted_goes_on_with_the_others,
        a_store_that_is_away_keeps_its_dying_blobs_and_holds_up_nothing_else,
        a_store_that_is_away_takes_no_bytes_and_has_lost_none;
}

const MONTH_SECONDS: i64 = 31 * 24 * 3600;

/// The same cloud, its blobs in folders.
async fn with_folders(cloud: &Cloud) -> Cloud {
    cloud.home().keep_blobs();
    Cloud::of(cloud.second().await)
}

async fn execute(cloud: &Cloud, text: String) {
    let statement = Statement::composed(text);
    cloud.app.db.write(move |tx| tx.execute(&statement, &[])).await.unwrap();
}

/// What the rounds come to until nothing is due.
async fn rounds(cloud: &Cloud) -> Vec<Round> {
    let mut all = Vec::new();
    loop {
        match scrub::round(&cloud.app).await.unwrap() {
            Round::Idle => return all,
            round @ (Round::Read | Round::PutAside) => all.push(round),
        }
    }
}

/// Whether the bytes of an image are called unreadable, and whether they were read since the beginning.
async fn known(cloud: &Cloud, person: &str, id: &ImageId) -> (bool, bool) {
    let found = scrub::show(&cloud.app, &caller(person), id).await.unwrap();
    (found.disks[0].is_unreadable, found.disks[0].checked_at > START)
}

/// How many blobs of each region the operator sees that could not be read again.
async fn unreadable(cloud: &Cloud) -> Vec<u64> {
    let held = operator::storage(&cloud.app, &caller("operator")).await.unwrap();
    held.into_iter().map(|(_, held)| held.unreadable).collect()
}

/// How the store of the first region is.
async fn health(cloud: &Cloud) -> (Health, String) {
    let parts = operator::health(&cloud.app, &caller("operator")).await.unwrap();
    let part = parts.into_iter().find(|part| part.kind == "store").unwrap();
    (part.health, part.finding.to_string())
}

async fn xc_04_what_cannot_be_read_stands_in_nobodys_way(cloud: &Cloud) {
    let cloud = &with_folders(cloud).await;
    let away = cloud.image("alice", "away").await;
    let broken = cloud.image("dave", "broken").await;
    let well = cloud.image("dave", "well").await;
    let of = format!("id in (select blob_id from image_disk where image_id = '{broken}')");
    execute(cloud, format!("update blob set digest_algo = 'none' where {of}")).await;
    // The older ones, which are in the way, come first.
    execute(cloud, format!("update blob set checked_at = 2 where {of}")).await;
    execute(cloud, "update blob set checked_at = 1 where region_id = 'r1'".to_owned()).await;
    cloud.step(MONTH_SECONDS).await;
    cloud.home().mount("r1", false);
    assert_eq!(rounds(cloud).await, [Round::PutAside, Round::PutAside, Round::Read]);
    assert_eq!(known(cloud, "alice", &away).await, (true, false));
    assert_eq!(known(cloud, "dave", &broken).await, (true, false));
    assert_eq!(known(cloud, "dave", &well).await, (false, true));
    assert_eq!(unreadable(cloud).await, [1, 1]);
    assert_eq!(health(cloud).await.0, Health::Failed);

    // Nothing was found damaged, and what is back is read when it has rested.
    cloud.home().mount("r1", true);
    let (state, detail) = health(cloud).await;
    assert_eq!(state, Health::Warning);
    assert!(detail.contains("1 blobs") && detail.contains("not there"), "{detail}");
    cloud.step(3601).await;
    assert_eq!(rounds(cloud).await, [Round::Read, Round::PutAside]);
    assert_eq!(known(cloud, "alice", &away).await, (false, true));
    assert_eq!(unreadable(cloud).await, [0, 1]);
    assert_eq!(health(cloud).await.0, Health::Ok);
    for (person, id) in [("alice", &away), ("dave", &well)] {
        assert_eq!(cloud.read(person, id).await.unwrap(), BYTES);
    }
    // A broken row is tried again each hour, and what is damaged meanwhile is found before it.
    execute(cloud, format!("update blob set digest_hex = 'x' where not ({of})")).await;
    cloud.step(MONTH_SECONDS).await;
    assert_eq!(rounds(cloud).await, [Round::Read, Round::Read, Round::PutAside]);
    assert_eq!(refused(cloud.read("alice", &away).await), Code::BlobDamaged);
    assert_eq!(refused(cloud.read("dave", &well).await), Code::BlobDamaged);
    let held = operator::storage(&cloud.app, &caller("operator")).await.unwrap();
    assert_eq!(held.iter().map(|(_, held)| held.damaged).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(health(cloud).await, (Health::Warning, "1 blobs are damaged".to_owned()));
}

async fn xc_04_who_asks_for_what_cannot_be_read_is_told_and_holds_up_nobody(cloud: &Cloud) {
    let cloud = &with_folders(cloud).await;
    let away = cloud.image("alice", "away").await;
    let well = cloud.image("dave", "well").await;
    cloud.home().mount("r1", false);
    for (person, id) in [("alice", &away), ("dave", &well)] {
        let asked = scrub::verify(&cloud.app, &caller(person), id).await.unwrap();
        assert!(asked.disks[0].is_wanted && !asked.disks[0].is_unreadable);
        cloud.step(1).await;
    }
    assert_eq!(rounds(cloud).await, [Round::PutAside, Round::Read]);
    let found = scrub::show(&cloud.app, &caller("alice"), &away).await.unwrap();
    assert!(found.disks[0].is_wanted && found.disks[0].is_unreadable && !found.disks[0].is_damaged);
    assert_eq!(known(cloud, "dave", &well).await, (false, true));

    // It is tried again by itself, at once for who asks anew; a clock that is set back delays neither.
    cloud.step(31).await;
    assert_eq!(rounds(cloud).await, [Round::PutAside]);
    cloud.step(-MONTH_SECONDS).await;
    assert_eq!(scrub::round(&cloud.app).await.unwrap(), Round::PutAside);
    cloud.home().mount("r1", true);
    scrub::verify(&cloud.app, &caller("alice"), &away).await.unwrap();
    assert_eq!(rounds(cloud).await, [Round::Read]);
    assert!(!known(cloud, "alice", &away).await.0);
}

async fn xc_04_a_scrub_that_was_interrupted_goes_on_with_the_others(cloud: &Cloud) {
    let cloud = &with_folders(cloud).await;
    let images = [cloud.image("alice", "one").await, cloud.image("alice", "two").await];
    let begun = "select cast(count(*) as bigint) from blob where check_tried_at > 0";
    cloud.step(MONTH_SECONDS).await;
    {
        let mut round = pin!(scrub::round(&cloud.app));
        while cloud.count(begun).await == 0 {
            assert!(poll!(&mut round).is_pending(), "it ends before it has begun");
        }
    }
    // Another process reads when the lease is over: first what was not tried yet.
    assert_eq!(scrub::round(&cloud.app).await.unwrap(), Round::Idle);
    lendglass_server::jobs::end_leases(&cloud.app).await.unwrap();
    assert_eq!(rounds(cloud).await, [Round::Read]);
    assert_eq!(cloud.count(begun).await, 1);
    cloud.step(3601).await;
    assert_eq!(rounds(cloud).await, [Round::Read]);
    for id in &images {
        assert_eq!(known(cloud, "alice", id).await, (false, true));
    }
}

async fn a_store_that_is_away_keeps_its_dying_blobs_and_holds_up_nothing_else(cloud: &Cloud) {
    let cloud = &with_folders(cloud).await;
    let offered = cloud.image("alice", "offered").await;
    let mut invite = offer(&[&offered], &[B]);
    invite.lapses_at = Some(cloud.app.clock.now().plus_seconds(60));
    cloud.invite("alice", invite).await.unwrap();
    for person in ["alice", "dave"] {
        let gone = cloud.image(person, "gone").await;
        image::delete(&cloud.app, &caller(person), &gone).await.unwrap();
    }
    cloud.step(61).await;
    cloud.home().mount("r1", false);
    assert_eq!(refused(reap::round(&cloud.app).await), Code::Unavailable);
    let dying = "select cast(count(*) as bigint) from blob where state = 'dying' and region_id = ";
    assert_eq!(cloud.count(&format!("{dying}'r1'")).await, 1);
    assert_eq!(cloud.count(&format!("{dying}'r2'")).await, 0);
    assert_eq!(cloud.count("select cast(count(*) as bigint) from share").await, 0);
    // Its bytes go when it is back, and not their row before them.
    cloud.home().mount("r1", true);
    cloud.settle().await;
    assert_eq!(cloud.count("select cast(count(*) as bigint) from blob").await, 1);
    assert_eq!(cloud.read("alice", &offered).await.unwrap(), BYTES);
}

async fn a_store_that_is_away_takes_no_bytes_and_has_lost_none(cloud: &Cloud) {
    let cloud = &with_folders(cloud).await;
    let whole = cloud.image("alice", "whole").await;
    let kind = lendglass_core::image::ImageKind::SystemDisk;
    let early = cloud.queued("alice", "early", kind).await;
    let late = cloud.queued("alice", "late", kind).await;
    let me = caller("alice");
    let begun = lendglass_server::service::upload::begin(&cloud.app, &me, &late, None).await;
    let mut receiving = begun.unwrap();
    receiving.receive(BYTES).await.unwrap();
    cloud.home().mount("r1", false);
    assert_eq!(refused(receiving.finish().await), Code::Unavailable);
    assert_eq!(refused(cloud.fill("alice", &early, BYTES).await), Code::Unavailable);
    assert_eq!(refused(cloud.read("alice", &whole).await), Code::Unavailable);
    assert!(!cloud.home().store("r1").unwrap().exists(), "written beside the store");
    cloud.home().mount("r1", true);
    assert_eq!(cloud.read("alice", &whole).await.unwrap(), BYTES);
    for id in [&early, &late] {
        cloud.fill("alice", id, BYTES).await.unwrap();
        assert_eq!(cloud.read("alice", id).await.unwrap(), BYTES);
    }
    cloud.settle().await;
    assert_eq!(cloud.count("select cast(count(*) as bigint) from blob").await, 3);
}
