//! Bytes arrive, or do not: the row comes first, the lease is the guarantee.

use std::time::Duration;

use lendglass_core::image::{ContainerFormat, DiskFormat, ImageKind, ImageStatus};
use lendglass_core::{Code, ImageId};
use lendglass_server::service::image::{self, Edit, NewImage};
use lendglass_server::service::{reap, upload};
use lendglass_store::upload as store_upload;

use crate::cloud::{BYTES, Cloud, STORE_BYTES, caller, refused};

stories! {
    lendglass "lendglass":
        bytes_are_read_as_they_were_written,
        a_dropped_upload_leaves_a_queued_record_and_no_byte,
        an_upload_given_up_leaves_nothing,
        an_upload_whose_lease_ended_is_undone_and_its_owner_publishes_nothing,
        an_upload_of_a_deleted_image_publishes_nothing,
        an_upload_begins_only_on_a_queued_record,
        fewer_and_more_bytes_than_announced_are_refused,
        xc_05_hostile_and_mistaken_bytes_are_refused,
        a_full_store_refuses_and_gives_the_space_back;
}

async fn bytes_are_read_as_they_were_written(cloud: &Cloud) {
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    let id = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
    let mut receiving =
        upload::begin(&cloud.app, &caller("alice"), &id, Some(bytes.len() as u64)).await.unwrap();
    for frame in bytes.chunks(70_001) {
        receiving.receive(frame).await.unwrap();
    }
    assert_eq!(cloud.record(&id).await.status, ImageStatus::Saving);
    let image = receiving.finish().await.unwrap();
    assert_eq!(image.status, ImageStatus::Active);
    assert_eq!(image.size_bytes, Some(bytes.len() as u64));
    let digests = image.digests.unwrap();
    let sha512 = openssl::hash::hash(openssl::hash::MessageDigest::sha512(), &bytes).unwrap();
    let hex: String = sha512.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((digests.algo.as_str(), digests.value_hex), ("sha512", hex));
    assert!(cloud.read("alice", &id).await.unwrap() == bytes);
}

/// Waits until the record is queued again: undoing a dropped upload is nobody's answer.
async fn until_queued(cloud: &Cloud, id: &ImageId) {
    let waiting = async {
        while cloud.record(id).await.status != ImageStatus::Queued {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it is queued again");
}

async fn a_dropped_upload_leaves_a_queued_record_and_no_byte(cloud: &Cloud) {
    let id = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
    let mut receiving = upload::begin(&cloud.app, &caller("alice"), &id, None).await.unwrap();
    receiving.receive(&vec![7; 3 << 20]).await.unwrap();
    drop(receiving);
    until_queued(cloud, &id).await;
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, 0);
    assert_eq!(cloud.count("select cast(count(*) as bigint) from blob").await, 0);
    cloud.fill("alice", &id, BYTES).await.unwrap();
    assert_eq!(cloud.read("alice", &id).await.unwrap(), BYTES);
}

async fn an_upload_given_up_leaves_nothing(cloud: &Cloud) {
    let id = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
    let mut receiving = upload::begin(&cloud.app, &caller("alice"), &id, None).await.unwrap();
    receiving.receive(BYTES).await.unwrap();
    receiving.give_up("the peer fell silent").await.unwrap();
    assert_eq!(cloud.record(&id).await.status, ImageStatus::Queued);
    assert_eq!(refused(receiving.receive(BYTES).await), Code::Internal, "it has ended");
    cloud.settle().await;
    assert_eq!(cloud.count("select cast(count(*) as bigint) from blob").await, 0);
    let told = "select cast(count(*) as bigint) from audit where verb = 'image.upload_fail'";
    assert_eq!(cloud.count(told).await, 1);
}

/// Ends every lease, as if its time were over.
async fn end_leases(cloud: &Cloud) {
    cloud.app.db.write(store_upload::end_leases).await.unwrap();
}

async fn an_upload_whose_lease_ended_is_undone_and_its_owner_publishes_nothing(cloud: &Cloud) {
    let id = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
    let mut late = upload::begin(&cloud.app, &caller("alice"), &id, None).await.unwrap();
    late.receive(BYTES).await.unwrap();
    assert_eq!(reap::round(&cloud.app).await.unwrap(), 0, "a lease that runs is respected");
    end_leases(cloud).await;
    cloud.settle().await;
    assert_eq!(cloud.record(&id).await.status, ImageStatus::Queued);
    assert_eq!(cloud.count("select cast(count(*) as bigint) from blob").await, 0);
    assert_eq!(refused(late.finish().await), Code::UploadLost);
    assert_eq!(cloud.record(&id).await.status, ImageStatus::Queued);
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, 0, "what came too late is removed by who brought it");
    // The same while somebody else uploads already.
    let mut late = upload::begin(&cloud.app, &caller("alice"), &id, None).await.unwrap();
    late.receive(b"the former bytes").await.unwrap();
    end_leases(cloud).await;
    cloud.settle().await;
    cloud.fill("alice", &id, BYTES).await.unwrap();
    assert_eq!(refused(late.finish().await), Code::UploadLost);
    cloud.settle().await;
    assert_eq!(cloud.read("alice", &id).await.unwrap(), BYTES);
    assert_eq!(cloud.stored_bytes().await, BYTES.len() as u64);
}

async fn an_upload_of_a_deleted_image_publishes_nothing(cloud: &Cloud) {
    let id = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
    let mut late = upload::begin(&cloud.app, &caller("alice"), &id, None).await.unwrap();
    late.receive(BYTES).await.unwrap();
    cloud.delete("alice", &id).await.unwrap();
    cloud.settle().await;
    assert_eq!(refused(late.finish().await), Code::ImageNotFound);
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, 0);
    assert_eq!(cloud.count("select cast(count(*) as bigint) from blob").await, 0);
}

async fn an_upload_begins_only_on_a_queued_record(cloud: &Cloud) {
    let id = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
    let first = upload::begin(&cloud.app, &caller("alice"), &id, None).await.unwrap();
    assert_eq!(refused(cloud.fill("alice", &id, BYTES).await), Code::ImageBusy);
    assert_eq!(refused(cloud.fill("rita", &id, BYTES).await), Code::RoleTooWeak);
    first.finish().await.unwrap();
    assert_eq!(refused(cloud.fill("alice", &id, BYTES).await), Code::ImageHasBytes);
    let bare = image::create(&cloud.app, &caller("alice"), NewImage::default()).await.unwrap().id;
    assert_eq!(refused(cloud.fill("alice", &bare, BYTES).await), Code::FormatMissing);
    let edits = vec![
        Edit::DiskFormat(Some(DiskFormat::Raw)),
        Edit::ContainerFormat(Some(ContainerFormat::Bare)),
    ];
    image::update(&cloud.app, &caller("alice"), &bare, edits).await.unwrap();
    cloud.fill("alice", &bare, BYTES).await.unwrap();
    let edits = vec![Edit::DiskFormat(Some(DiskFormat::Qcow2))];
    let changed = image::update(&cloud.app, &caller("alice"), &bare, edits).await;
    assert_eq!(refused(changed), Code::PropertyReadonly);
}

async fn fewer_and_more_bytes_than_announced_are_refused(cloud: &Cloud) {
    let id = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
    for announced in [BYTES.len() as u64 - 1, BYTES.len() as u64 + 1] {
        let begun = upload::begin(&cloud.app, &caller("alice"), &id, Some(announced)).await;
        let mut receiving = begun.unwrap();
        let end = match receiving.receive(BYTES).await {
            Ok(()) => receiving.finish().await.map(|_| ()),
            Err(error) => Err(error),
        };
        assert_eq!(refused(end), Code::UploadIncomplete, "{announced}");
        assert_eq!(cloud.record(&id).await.status, ImageStatus::Queued);
    }
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, 0);
}

async fn xc_05_hostile_and_mistaken_bytes_are_refused(cloud: &Cloud) {
    let new = NewImage {
        disk_format: Some(DiskFormat::Qcow2),
        container_format: Some(ContainerFormat::Bare),
        ..NewImage::default()
    };
    let id = image::create(&cloud.app, &caller("alice"), new).await.unwrap().id;
    let not_qcow2 = cloud.fill("alice", &id, &[0x55; 4096]).await;
    assert_eq!(refused(not_qcow2), Code::ImageFormatMismatch);
    let backed = cloud.fill("alice", &id, &qcow2_with_backing_file()).await;
    assert_eq!(refused(backed), Code::ImageRefused);
    assert_eq!(cloud.record(&id).await.status, ImageStatus::Queued);
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, 0);
}

/// A qcow2 header (version 2) that names `/etc/passwd` as its backing file.
fn qcow2_with_backing_file() -> Vec<u8> {
    let name = b"/etc/passwd";
    let mut bytes = vec![0; 64 * 1024];
    bytes[..4].copy_from_slice(b"QFI\xfb");
    bytes[4..8].copy_from_slice(&2_u32.to_be_bytes());
    bytes[8..16].copy_from_slice(&1024_u64.to_be_bytes());
    bytes[16..20].copy_from_slice(&(name.len() as u32).to_be_bytes());
    bytes[20..24].copy_from_slice(&16_u32.to_be_bytes());
    bytes[24..32].copy_from_slice(&(1_u64 << 20).to_be_bytes());
    bytes[1024..1024 + name.len()].copy_from_slice(name);
    bytes
}

async fn a_full_store_refuses_and_gives_the_space_back(cloud: &Cloud) {
    let id = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
    let begun = upload::begin(&cloud.app, &caller("alice"), &id, Some(STORE_BYTES + 1)).await;
    assert_eq!(refused(begun.map(|_| ())), Code::NoSpace);
    assert_eq!(cloud.record(&id).await.status, ImageStatus::Queued);
    let mut receiving = upload::begin(&cloud.app, &caller("alice"), &id, None).await.unwrap();
    let frame = vec![7; 16 << 20];
    let filling = async {
        loop {
            if let Err(error) = receiving.receive(&frame).await {
                return error.code();
            }
        }
    };
    assert_eq!(filling.await, Code::NoSpace);
    assert_eq!(cloud.record(&id).await.status, ImageStatus::Queued);
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, 0);
}
