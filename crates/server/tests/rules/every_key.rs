//! PF-02: each key of the policy is set to two values, and what the server then does differs as it
//! should. A key that nothing obeys yet is locked.

use std::collections::BTreeSet;

use lendglass_core::image::{Encryption, ImageKind, Visibility};
use lendglass_core::policy::KEYS;
use lendglass_core::share::ShareEvent;
use lendglass_core::{Code, Error, ImageId};
use lendglass_server::service::image::{self, Edit, NewImage};
use lendglass_server::service::{replicate, share};

use crate::cloud::{Cloud, answer_of, caller, offer, words};
use crate::support::{B, C};

stories! {
    lendglass "lendglass":
        pf_02_every_key_is_obeyed,
        pf_02_what_nothing_obeys_cannot_be_set;
}

/// A key, and what two of its values make of the same act.
type Row = (&'static str, [(&'static str, &'static str); 2]);

const OBEYED: &[Row] = &[
    ("share.max_tenants.system", [("0", "SHARE_TENANT_QUOTA"), ("1", "pending")]),
    ("share.max_tenants.data", [("0", "SHARE_TENANT_QUOTA"), ("1", "pending")]),
    ("share.max_tenants.iso", [("0", "SHARE_TENANT_QUOTA"), ("1", "pending")]),
    ("share.max_tenants.full_server", [("0", "SHARE_TENANT_QUOTA"), ("1", "pending")]),
    ("share.max_shared_images", [("0", "SHARE_IMAGE_QUOTA"), ("none", "pending")]),
    ("share.max_ids_per_request", [("1", "TOO_MANY_IDS"), ("2", "pending pending")]),
    ("share.max_open_invitations", [("1", "SHARE_INVITATION_QUOTA"), ("2", "pending pending")]),
    ("share.recipient_kind", [("project", B), ("account", "y")]),
    ("share.acceptance", [("explicit", "pending"), ("automatic", "accepted")]),
    ("share.use_requires_acceptance", [("true", "SHARE_NOT_ACCEPTED"), ("false", "done")]),
    ("share.pending_counts", [("true", "SHARE_TENANT_QUOTA"), ("false", "pending pending")]),
    ("share.rejected_counts", [("true", "SHARE_TENANT_QUOTA"), ("false", "pending")]),
    ("share.pending_ttl", [("60", "IMAGE_NOT_FOUND"), ("none", "accepted")]),
    ("share.needs_active", [("true", "IMAGE_NOT_ACTIVE"), ("false", "pending")]),
    ("share.check_recipient", [("true", "TENANT_NOT_FOUND"), ("false", "pending")]),
    ("share.reinvite_rejected", [("pending", "pending"), ("accepted", "accepted")]),
    ("share.operator_may_answer", [("false", "RECIPIENT_ONLY_ANSWERS"), ("true", "accepted")]),
    ("share.private_becomes_shared", [("true", "shared"), ("false", "MEMBERS_NOT_ALLOWED")]),
    ("share.require_ack", [("true", "ACKNOWLEDGE_REQUIRED"), ("false", "pending")]),
    ("share.market_images", [("deny", "IMAGE_PUBLISHED"), ("allow", "pending")]),
    ("share.encrypted", [("deny", "ENCRYPTED_NOT_SHAREABLE"), ("allow", "pending")]),
    ("share.full_server_sources", [("none", "FULL_IMAGE_NOT_SHAREABLE"), ("any", "pending")]),
    ("full_server.accept_needs_vault", [("true", "VAULT_REQUIRED"), ("false", "accepted")]),
    ("image.default_visibility", [("private", "private"), ("shared", "shared")]),
    ("image.name_max", [("4", "INVALID_VALUE"), ("5", "done")]),
    ("image.name_free", [("false", "INVALID_VALUE"), ("true", "done")]),
    ("image.properties_max", [("0", "PROPERTY_QUOTA"), ("1", "done")]),
    ("delete.while_shared", [("require_unshare", "IMAGE_IS_SHARED"), ("allow", "done")]),
    ("owner.may_remove_accepted", [("false", "SHARE_ACCEPTED"), ("true", "removed")]),
    ("recipient.may_remove", [("false", "RECIPIENT_MAY_NOT_REMOVE"), ("true", "rejected")]),
    ("recipient.may_reopen", [("false", "RECIPIENT_MAY_NOT_REOPEN"), ("true", "pending")]),
    ("recipient.may_replicate", [("false", "RECIPIENT_MAY_NOT_REPLICATE"), ("true", "done")]),
    ("recipient.may_download", [("false", "SHARED_IMAGE_NO_DOWNLOAD"), ("true", "done")]),
    ("public.may_download", [("false", "PUBLIC_IMAGE_NO_DOWNLOAD"), ("true", "done")]),
    ("private_image.quota", [("0", "PRIVATE_IMAGE_QUOTA"), ("none", "done")]),
    ("tags.max", [("0", "TAG_QUOTA"), ("1", "done")]),
];

/// Keys whose obedience takes a story of its own: its name is found in these tests.
const TOLD_ELSEWHERE: &[(&str, &str)] = &[
    ("vault.keep_after_unshare", "fs_13_what_is_kept_stays_and_is_used_again"),
    ("regions.cross_site_share", "rg_03_tenants_of_another_site_need_a_common_region"),
];

/// Words for consoles; the server answers them and acts on neither.
const LABELS: [&str; 2] = ["recipient.remove_word", "bar.actions"];

async fn pf_02_every_key_is_obeyed(cloud: &Cloud) {
    let mut wrong = Vec::new();
    for (key, values) in OBEYED {
        let before = cloud.policy("alice", key).await;
        for (value, expected) in values {
            cloud.set(None, key, value).await;
            let got = act(cloud, key).await;
            if got != *expected {
                wrong.push(format!("{key} = {value}: {got}, not {expected}"));
            }
        }
        cloud.set(None, key, &before).await;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let stories = concat!(include_str!("vaults.rs"), include_str!("rows.rs"));
    for (key, story) in TOLD_ELSEWHERE {
        assert!(stories.contains(&format!("async fn {story}")), "{key} has no story {story}");
    }
    let said: BTreeSet<&str> = OBEYED.iter().map(|(key, _)| *key).chain(LABELS).collect();
    let told = TOLD_ELSEWHERE.iter().map(|(key, _)| *key);
    let covered: BTreeSet<&str> = said.into_iter().chain(told).collect();
    let keys: BTreeSet<&str> = KEYS.iter().filter(|k| !k.is_locked).map(|k| k.name).collect();
    assert_eq!(covered, keys);
}

async fn pf_02_what_nothing_obeys_cannot_be_set(cloud: &Cloud) {
    for key in KEYS.iter().filter(|key| key.is_locked) {
        let refused = cloud.app.policy.clone().set(key.name, "true").unwrap_err();
        assert_eq!(refused.code(), Code::PolicyLocked, "{}", key.name);
    }
}

/// The act that a key decides, and its outcome in a word.
async fn act(cloud: &Cloud, key: &str) -> String {
    match key {
        "share.max_tenants.data" => counted(cloud, ImageKind::DataDisk).await,
        "share.max_tenants.iso" => counted(cloud, ImageKind::Iso).await,
        "share.max_tenants.full_server" => counted(cloud, ImageKind::FullServer).await,
        "share.max_tenants.system" => counted(cloud, ImageKind::SystemDisk).await,
        "share.max_ids_per_request" | "share.max_open_invitations" => two_offers(cloud).await,
        "share.pending_counts" => {
            cloud.set(None, "share.max_tenants.system", "1").await;
            let outcome = two_offers(cloud).await;
            cloud.set(None, "share.max_tenants.system", "256").await;
            outcome
        }
        "share.rejected_counts" => after_a_rejection(cloud).await,
        "share.recipient_kind" => {
            let id = cloud.image("alice", "image").await;
            cloud.share("alice", &id, B).await;
            cloud.members("alice", &id).await.into_keys().collect()
        }
        "share.private_becomes_shared" => {
            let id = cloud.image("alice", "image").await;
            match cloud.share("alice", &id, B).await {
                word if word == "pending" => cloud.record(&id).await.visibility.as_str().to_owned(),
                word => word,
            }
        }
        "share.check_recipient" => offered(cloud, "nobody").await,
        "share.needs_active" => {
            let id = cloud.queued("alice", "queued", ImageKind::SystemDisk).await;
            cloud.share("alice", &id, B).await
        }
        "share.require_ack" => {
            let id = cloud.image("alice", "image").await;
            let mut request = offer(&[&id], &[B]);
            request.acknowledge = false;
            outcome(cloud.invite("alice", request).await.map(|report| words(&report.results)))
        }
        "share.market_images" => {
            let id = cloud.image("alice", "image").await;
            cloud.change(&id, |image| image.is_published = true).await;
            cloud.share("alice", &id, B).await
        }
        "share.encrypted" => {
            let id = cloud.image("alice", "image").await;
            cloud.change(&id, |image| image.encryption = Encryption::OwnKey).await;
            cloud.share("alice", &id, B).await
        }
        "share.full_server_sources" => {
            let id = cloud.image_of_kind("alice", "full", ImageKind::FullServer).await;
            cloud.share("alice", &id, B).await
        }
        "full_server.accept_needs_vault" => {
            cloud.set(None, "share.full_server_sources", "any").await;
            let id = cloud.image_of_kind("alice", "full", ImageKind::FullServer).await;
            cloud.share("alice", &id, B).await;
            cloud.accept("bob", &id).await
        }
        "image.default_visibility" => match make(cloud, NewImage::default()).await {
            Ok(id) => cloud.record(&id).await.visibility.as_str().to_owned(),
            Err(error) => error.code().as_str().to_owned(),
        },
        "image.name_max" => made(cloud, named("12345")).await,
        "image.name_free" => made(cloud, named(" a/b ")).await,
        "image.properties_max" => {
            let id = make(cloud, NewImage::default()).await.unwrap();
            let edits = vec![Edit::SetProperty("colour".to_owned(), "red".to_owned())];
            done(image::update(&cloud.app, &caller("alice"), &id, edits).await)
        }
        "tags.max" => {
            made(cloud, NewImage { tags: vec!["one".to_owned()], ..NewImage::default() }).await
        }
        "private_image.quota" => made(cloud, NewImage::default()).await,
        "public.may_download" => {
            let id = cloud.image("operator", "public").await;
            let edits = vec![Edit::Visibility(Visibility::Public)];
            image::update(&cloud.app, &caller("operator"), &id, edits).await.unwrap();
            done(cloud.read("bob", &id).await)
        }
        "share.max_shared_images" | "share.acceptance" => offered(cloud, B).await,
        _ => answered(cloud, key).await,
    }
}

/// Acts around an answer.
async fn answered(cloud: &Cloud, key: &str) -> String {
    let id = cloud.image("alice", "image").await;
    cloud.share("alice", &id, B).await;
    match key {
        "share.use_requires_acceptance" => return done(cloud.read("bob", &id).await),
        "share.pending_ttl" => {
            cloud.step(61).await;
            return cloud.accept("bob", &id).await;
        }
        "share.reinvite_rejected" => {
            cloud.reject("bob", &id).await;
            return cloud.share("alice", &id, B).await;
        }
        "share.operator_may_answer" => {
            let mut answer = answer_of(&[&id], ShareEvent::Accept);
            answer.recipient = Some(B.to_owned());
            let report = share::answer(&cloud.app, &caller("operator"), answer).await.unwrap();
            return words(&report.results).remove(0);
        }
        _ => assert_eq!(cloud.accept("bob", &id).await, "accepted"),
    }
    match key {
        "delete.while_shared" => done(cloud.delete("alice", &id).await),
        "owner.may_remove_accepted" => cloud.unshare("alice", &id, B).await,
        "recipient.may_remove" => cloud.reject("bob", &id).await,
        "recipient.may_reopen" => cloud.answer("bob", &id, ShareEvent::Reopen).await,
        "recipient.may_replicate" => {
            done(replicate::replicate(&cloud.app, &caller("bob"), &id, None).await)
        }
        "recipient.may_download" => done(cloud.read("bob", &id).await),
        _ => panic!("no act shows {key}"),
    }
}

/// An offer where every offer counts.
async fn counted(cloud: &Cloud, kind: ImageKind) -> String {
    cloud.set(None, "share.pending_counts", "true").await;
    cloud.set(None, "share.full_server_sources", "any").await;
    let id = cloud.image_of_kind("alice", "image", kind).await;
    let word = cloud.share("alice", &id, B).await;
    cloud.set(None, "share.pending_counts", "false").await;
    word
}

async fn offered(cloud: &Cloud, recipient: &str) -> String {
    let id = cloud.image("alice", "image").await;
    cloud.share("alice", &id, recipient).await
}

/// One request for two recipients.
async fn two_offers(cloud: &Cloud) -> String {
    let id = cloud.image("alice", "image").await;
    let report = cloud.invite("alice", offer(&[&id], &[B, C])).await;
    outcome(report.map(|report| {
        let mut words = words(&report.results);
        words.retain(|word| report.is_done || word != "pending");
        words
    }))
}

async fn after_a_rejection(cloud: &Cloud) -> String {
    cloud.set(None, "share.max_tenants.system", "1").await;
    cloud.set(None, "share.pending_counts", "true").await;
    let id = cloud.image("alice", "image").await;
    cloud.share("alice", &id, B).await;
    cloud.reject("bob", &id).await;
    let word = cloud.share("alice", &id, C).await;
    cloud.set(None, "share.max_tenants.system", "256").await;
    cloud.set(None, "share.pending_counts", "false").await;
    word
}

fn named(name: &str) -> NewImage {
    NewImage { name: Some(name.to_owned()), ..NewImage::default() }
}

async fn make(cloud: &Cloud, new: NewImage) -> Result<ImageId, Error> {
    image::create(&cloud.app, &caller("alice"), new).await.map(|image| image.id)
}

async fn made(cloud: &Cloud, new: NewImage) -> String {
    done(make(cloud, new).await)
}

fn outcome(result: Result<Vec<String>, Error>) -> String {
    result.map_or_else(|error| error.code().as_str().to_owned(), |words| words.join(" "))
}

fn done<T>(result: Result<T, Error>) -> String {
    outcome(result.map(|_| vec!["done".to_owned()]))
}
