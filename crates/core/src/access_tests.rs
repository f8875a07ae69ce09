//! The questions, asked by everyone about everything.

use super::fixtures::{caller, image, share};
use super::*;
use crate::profile::Profile;
use crate::tenant::Role;

const NOW: Timestamp = Timestamp(1_000);

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> Option<Code> {
    result.err().map(|error| error.code())
}

#[test]
fn xc_09_a_stranger_and_an_unknown_image_get_the_same_answer() {
    let carol = caller("carol", "C", "Z");
    let sys1 = image("sys1", "A");
    assert_eq!(code(see(&carol, &sys1, &[], NOW)), Some(Code::ImageNotFound));
}

#[test]
fn an_image_of_another_region_is_not_found_even_by_its_owner() {
    let mut alice = caller("alice", "A", "X");
    alice.region = crate::id::RegionId::trusted("r2");
    assert_eq!(code(see(&alice, &image("sys1", "A"), &[], NOW)), Some(Code::ImageNotFound));
}

#[test]
fn shares_count_only_while_the_visibility_is_shared() {
    let bob = caller("bob", "B", "Y");
    let mut sys1 = image("sys1", "A");
    let shares = [share("sys1", "B", ShareState::Accepted)];
    assert_eq!(code(see(&bob, &sys1, &shares, NOW)), Some(Code::ImageNotFound));
    sys1.visibility = Visibility::Shared;
    assert_eq!(see(&bob, &sys1, &shares, NOW).unwrap(), Standing::Recipient(&shares[0]));
}

#[test]
fn the_strongest_share_wins_and_the_project_before_the_account() {
    let bob = caller("bob", "B", "Y");
    let mut sys1 = image("sys1", "A");
    sys1.visibility = Visibility::Shared;
    let project = share("sys1", "B", ShareState::Rejected);
    let mut account = share("sys1", "B", ShareState::Accepted);
    account.recipient = Recipient::Account(bob.account.clone());
    let both = [project.clone(), account.clone()];
    assert_eq!(see(&bob, &sys1, &both, NOW).unwrap(), Standing::Recipient(&account));
    let mut equal = both.clone();
    equal[0].state = ShareState::Accepted;
    assert_eq!(see(&bob, &sys1, &equal, NOW).unwrap(), Standing::Recipient(&equal[0]));
}

#[test]
fn rc_10_and_rc_18_who_reads_the_bytes() {
    let bob = caller("bob", "B", "Y");
    let mut sys1 = image("sys1", "A");
    sys1.visibility = Visibility::Shared;
    for (profile, state, expected) in [
        (Profile::Huawei, ShareState::Pending, Some(Code::ShareNotAccepted)),
        (Profile::Huawei, ShareState::Accepted, None),
        (Profile::Huawei, ShareState::Rejected, Some(Code::ShareNotAccepted)),
        (Profile::Tencent, ShareState::Accepted, Some(Code::SharedImageNoDownload)),
        (Profile::Glance, ShareState::Pending, None),
        (Profile::Glance, ShareState::Rejected, None),
    ] {
        let shares = [share("sys1", "B", state)];
        let standing = see(&bob, &sys1, &shares, NOW).unwrap();
        let policy = profile.policy();
        let got = code(may_read_bytes(&bob, standing, &sys1, &policy, NOW));
        assert_eq!(got, expected, "{} {state:?}", profile.as_str());
    }
    let mut nova = bob.clone();
    nova.is_service = true;
    let shares = [share("sys1", "B", ShareState::Accepted)];
    let standing = see(&nova, &sys1, &shares, NOW).unwrap();
    let tencent = Profile::Tencent.policy();
    assert_eq!(code(may_read_bytes(&nova, standing, &sys1, &tencent, NOW)), None);
}

#[test]
fn where_the_rules_have_no_say_all_of_them_answer_alike() {
    let alice = caller("alice", "A", "X");
    let sys1 = image("sys1", "A");
    let shares = [share("sys1", "B", ShareState::Accepted)];
    for standing in [
        Standing::Owner,
        Standing::Operator,
        Standing::Community,
        Standing::Public,
        Standing::Market,
        Standing::Recipient(&shares[0]),
    ] {
        let asked = [Profile::Huawei, Profile::Tencent, Profile::Glance].map(|profile| {
            let mut policy = profile.policy();
            policy.public_may_download = profile == Profile::Glance;
            code(may_read_bytes(&alice, standing, &sys1, &policy, NOW))
        });
        let is_alike = asked.iter().all(|answer| *answer == asked[0]);
        assert_eq!(is_alike, !rules_decide_reading(standing), "{standing:?}: {asked:?}");
    }
}

#[test]
fn a_reader_sees_and_neither_reads_bytes_nor_answers() {
    let mut bob = caller("bob", "B", "Y");
    bob.role = Role::Reader;
    let mut sys1 = image("sys1", "A");
    sys1.visibility = Visibility::Shared;
    let shares = [share("sys1", "B", ShareState::Accepted)];
    let policy = Profile::Huawei.policy();
    let standing = see(&bob, &sys1, &shares, NOW).unwrap();
    assert_eq!(code(may_read_bytes(&bob, standing, &sys1, &policy, NOW)), Some(Code::RoleTooWeak));
    let answer = may_answer(&bob, standing, &shares[0].recipient, &policy);
    assert_eq!(code(answer), Some(Code::RoleTooWeak));
}

#[test]
fn sh_02_sh_03_who_shares() {
    let policy = Profile::Huawei.policy();
    let bob = caller("bob", "B", "Y");
    let mut sys1 = image("sys1", "A");
    sys1.visibility = Visibility::Shared;
    for (state, expected) in [
        (ShareState::Pending, Code::NotImageOwner),
        (ShareState::Accepted, Code::ReshareForbidden),
        (ShareState::Rejected, Code::NotImageOwner),
    ] {
        let shares = [share("sys1", "B", state)];
        let standing = see(&bob, &sys1, &shares, NOW).unwrap();
        assert_eq!(code(may_share(&bob, standing, &sys1, &policy)), Some(expected), "{state:?}");
    }
    let alice = caller("alice", "A", "X");
    assert_eq!(code(may_share(&alice, Standing::Owner, &sys1, &policy)), None);
}

#[test]
fn sh_05_sh_06_sh_07_what_is_shared() {
    let alice = caller("alice", "A", "X");
    let huawei = Profile::Huawei.policy();
    let glance = Profile::Glance.policy();
    let ask =
        |image: &Image, policy: &Policy| code(may_share(&alice, Standing::Owner, image, policy));
    let mut published = image("mkt1", "A");
    published.is_published = true;
    assert_eq!(ask(&published, &huawei), Some(Code::ImagePublished));
    for status in ImageStatus::ALL {
        let mut queued = image("sys1", "A");
        queued.status = *status;
        let expected = (*status != ImageStatus::Active).then_some(Code::ImageNotActive);
        assert_eq!(ask(&queued, &huawei), expected);
        queued.visibility = Visibility::Shared;
        assert_eq!(ask(&queued, &glance), None);
    }
    let mut public = image("pub1", "A");
    public.visibility = Visibility::Public;
    assert_eq!(ask(&public, &huawei), Some(Code::PublicImage));
    assert_eq!(ask(&public, &glance), Some(Code::MembersNotAllowed));
    assert_eq!(ask(&image("sys1", "A"), &glance), Some(Code::MembersNotAllowed));
    let mut encrypted = image("encD", "A");
    encrypted.encryption = Encryption::DefaultKey;
    assert_eq!(ask(&encrypted, &huawei), Some(Code::DefaultKeyNotShareable));
    encrypted.encryption = Encryption::OwnKey;
    assert_eq!(ask(&encrypted, &huawei), None);
    let bob = Recipient::Project(crate::id::ProjectId::trusted("B"));
    assert_eq!(code(may_share_with(&encrypted, &bob, false, &huawei)), Some(Code::KeyNotGranted));
    assert_eq!(code(may_share_with(&encrypted, &bob, true, &huawei)), None);
    assert_eq!(ask(&encrypted, &Profile::Ctyun.policy()), Some(Code::EncryptedNotShareable));
    let mut full = image("full1", "A");
    full.kind = ImageKind::FullServer;
    assert_eq!(ask(&full, &huawei), Some(Code::FullImageNotShareable));
    assert_eq!(ask(&full, &Profile::Lendglass.policy()), None);
    full.is_from_backup = true;
    assert_eq!(ask(&full, &huawei), None);
}

#[test]
fn st_02_only_the_recipient_answers() {
    let alice = caller("alice", "A", "X");
    let carol = caller("carol", "C", "Z");
    let bob = Recipient::Project(crate::id::ProjectId::trusted("B"));
    let huawei = Profile::Huawei.policy();
    let by_owner = may_answer(&alice, Standing::Owner, &bob, &huawei);
    assert_eq!(code(by_owner), Some(Code::RecipientOnlyAnswers));
    let mut operator = carol;
    operator.is_operator = true;
    let ask = |policy| code(may_answer(&operator, Standing::Operator, &bob, policy));
    assert_eq!(ask(&huawei), Some(Code::RecipientOnlyAnswers));
    assert_eq!(ask(&Profile::Glance.policy()), None);
}

#[test]
fn dl_01_dl_02_dl_06_dl_09_deleting() {
    let alice = caller("alice", "A", "X");
    let ask = |profile: Profile, image: &Image, shares, accepted| {
        code(may_delete(&alice, Standing::Owner, image, &profile.policy(), shares, accepted))
    };
    let sys1 = image("sys1", "A");
    assert_eq!(ask(Profile::Huawei, &sys1, 3, 3), None);
    assert_eq!(ask(Profile::Tencent, &sys1, 1, 0), Some(Code::ImageIsShared));
    assert_eq!(ask(Profile::Tencent, &sys1, 0, 0), None);
    assert_eq!(ask(Profile::CtyunV4, &sys1, 2, 1), Some(Code::ImageIsShared));
    assert_eq!(ask(Profile::CtyunV4, &sys1, 2, 0), None);
    let mut protected = sys1.clone();
    protected.is_protected = true;
    assert_eq!(ask(Profile::Huawei, &protected, 0, 0), Some(Code::ImageProtected));
    let bob = caller("bob", "B", "Y");
    let accepted = share("sys1", "B", ShareState::Accepted);
    let standing = Standing::Recipient(&accepted);
    assert_eq!(code(may_change(&bob, standing)), Some(Code::SharedImageReadonly));
    assert_eq!(code(may_change(&bob, Standing::Public)), Some(Code::NotImageOwner));
}

#[test]
fn visibility_follows_role_and_shares() {
    let alice = caller("alice", "A", "X");
    let huawei = Profile::Huawei.policy();
    let glance = Profile::Glance.policy();
    let mut sys1 = image("sys1", "A");
    let ask =
        |image: &Image, wanted, policy| code(may_set_visibility(&alice, image, wanted, policy));
    assert_eq!(ask(&sys1, Visibility::Public, &huawei), Some(Code::PublicizeForbidden));
    assert_eq!(ask(&sys1, Visibility::Community, &huawei), None);
    sys1.visibility = Visibility::Shared;
    sys1.shares = 2;
    assert_eq!(ask(&sys1, Visibility::Private, &huawei), Some(Code::ImageIsShared));
    assert_eq!(ask(&sys1, Visibility::Private, &glance), None);
    assert_eq!(ask(&sys1, Visibility::Shared, &huawei), None);
}

#[test]
fn sh_04_replicating_follows_the_profile() {
    let bob = caller("bob", "B", "Y");
    let accepted = share("sys1", "B", ShareState::Accepted);
    let sys1 = image("sys1", "A");
    let ask = |profile: Profile| {
        let standing = Standing::Recipient(&accepted);
        code(may_replicate(&bob, standing, &sys1, &profile.policy(), NOW))
    };
    assert_eq!(ask(Profile::Huawei), None);
    assert_eq!(ask(Profile::Tencent), Some(Code::RecipientMayNotReplicate));
}

#[test]
fn a_recipient_leaves_only_where_that_ends_the_use() {
    for profile in Profile::ALL {
        let leaving = code(may_leave(&profile.policy()));
        let is_access_control = *profile != Profile::Glance;
        let wanted = (!is_access_control).then_some(Code::RecipientMayNotRemove);
        assert_eq!(leaving, wanted, "{}", profile.as_str());
    }
}
