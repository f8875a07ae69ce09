//! The share machine, event by event (requirements §2).

use lendglass_core::share::{ShareEvent, ShareState};
use lendglass_core::{Code, Timestamp};
use lendglass_server::service::reap;
use lendglass_server::service::share;

use crate::cloud::{Cloud, answer_of, caller, words};
use crate::support::{B, C};

stories! {
    huawei "huawei":
        st_01_an_offer_stays_pending_for_ever,
        st_01_unless_the_operator_sets_a_time,
        st_02_nobody_answers_for_somebody_else,
        st_03_a_recipient_drops_what_he_accepted,
        st_04_a_rejected_share_is_accepted_after_all,
        st_05_offering_again_makes_a_rejected_share_pending,
        st_06_offering_again_changes_nothing,
        an_answer_stands_where_the_policy_says_so;
    glance "glance":
        st_02_the_operator_answers_where_he_may,
        st_05_offering_again_is_a_conflict,
        an_answer_is_taken_back_where_the_policy_says_so;
    tencent "tencent":
        st_03_a_recipient_may_not_drop_it,
        st_08_a_share_is_accepted_at_once;
}

async fn st_01_an_offer_stays_pending_for_ever(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "pending");
    cloud.app.clock.step_seconds(400 * 86_400);
    reap::round(&cloud.app).await.unwrap();
    assert_eq!(cloud.members("alice", &sys1).await, [(B.to_owned(), "pending")].into());
    assert_eq!(cloud.received("bob", ShareState::Pending).await, [sys1]);
}

async fn st_01_unless_the_operator_sets_a_time(cloud: &Cloud) {
    cloud.set(None, "share.pending_ttl", "3600").await;
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    cloud.app.clock.step_seconds(3599);
    assert_eq!(cloud.received("bob", ShareState::Pending).await, [sys1.clone()]);
    cloud.app.clock.step_seconds(1);
    assert_eq!(cloud.received("bob", ShareState::Pending).await, []);
    assert_eq!(cloud.accept("bob", &sys1).await, "IMAGE_NOT_FOUND");
    reap::round(&cloud.app).await.unwrap();
    assert!(cloud.members("alice", &sys1).await.is_empty());
}

async fn st_02_nobody_answers_for_somebody_else(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    for (person, code) in [
        ("alice", "RECIPIENT_ONLY_ANSWERS"),
        ("operator", "RECIPIENT_ONLY_ANSWERS"),
        ("carol", "IMAGE_NOT_FOUND"),
        ("rob", "ROLE_TOO_WEAK"),
    ] {
        let mut answer = answer_of(&[&sys1], ShareEvent::Accept);
        answer.recipient = Some(B.to_owned());
        let report = share::answer(&cloud.app, &caller(person), answer).await.unwrap();
        assert_eq!(words(&report.results), [code], "{person}");
        assert!(!report.is_done);
    }
    cloud.share("alice", &sys1, C).await;
    let mut answer = answer_of(&[&sys1], ShareEvent::Accept);
    answer.recipient = Some(B.to_owned());
    let report = share::answer(&cloud.app, &caller("carol"), answer).await.unwrap();
    assert_eq!(words(&report.results), ["NOT_SHARED"], "one recipient learns nothing of another");
    assert_eq!(cloud.members("alice", &sys1).await[B], "pending");
}

async fn st_02_the_operator_answers_where_he_may(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    let mut answer = answer_of(&[&sys1], ShareEvent::Accept);
    answer.recipient = Some(B.to_owned());
    let report = share::answer(&cloud.app, &caller("operator"), answer).await.unwrap();
    assert_eq!(words(&report.results), ["accepted"]);
    assert_eq!(cloud.listed("bob").await, [sys1]);
}

async fn st_03_a_recipient_drops_what_he_accepted(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    assert_eq!(cloud.reject("bob", &sys1).await, "rejected");
    assert_eq!(cloud.received("bob", ShareState::Accepted).await, []);
    assert_eq!(cloud.received("bob", ShareState::Rejected).await, [sys1.clone()]);
    assert_eq!(cloud.reject("bob", &sys1).await, "already rejected");
    assert_eq!(cloud.shares("bob", &sys1).await[0].accepted_digest, None);
}

async fn st_03_a_recipient_may_not_drop_it(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "accepted");
    assert_eq!(cloud.reject("bob", &sys1).await, Code::RecipientMayNotRemove.as_str());
    assert_eq!(cloud.received("bob", ShareState::Accepted).await, [sys1]);
}

async fn st_04_a_rejected_share_is_accepted_after_all(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    assert_eq!(cloud.reject("bob", &sys1).await, "rejected");
    assert_eq!(cloud.accept("bob", &sys1).await, "accepted");
    assert_eq!(cloud.received("bob", ShareState::Accepted).await, [sys1.clone()]);
    assert_eq!(cloud.received("bob", ShareState::Rejected).await, []);
    assert_eq!(cloud.accept("bob", &sys1).await, "already accepted");
}

async fn st_05_offering_again_makes_a_rejected_share_pending(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    cloud.reject("bob", &sys1).await;
    cloud.app.clock.step_seconds(60);
    assert_eq!(cloud.share("alice", &sys1, B).await, "pending");
    assert_eq!(cloud.received("bob", ShareState::Pending).await, [sys1.clone()]);
    let share = cloud.shares("alice", &sys1).await.remove(0);
    assert_eq!(share.created_at, cloud.app.clock.now(), "it is a new offer");
}

async fn st_05_offering_again_is_a_conflict(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    cloud.reject("bob", &sys1).await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "ALREADY_SHARED");
    assert_eq!(cloud.members("alice", &sys1).await[B], "rejected");
}

async fn st_06_offering_again_changes_nothing(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    let before = cloud.shares("alice", &sys1).await;
    cloud.app.clock.step_seconds(60);
    assert_eq!(cloud.share("alice", &sys1, B).await, "already pending");
    assert_eq!(cloud.shares("alice", &sys1).await, before);
    cloud.accept("bob", &sys1).await;
    let before = cloud.shares("alice", &sys1).await;
    cloud.app.clock.step_seconds(60);
    assert_eq!(cloud.share("alice", &sys1, B).await, "already accepted");
    assert_eq!(cloud.shares("alice", &sys1).await, before);
}

async fn st_08_a_share_is_accepted_at_once(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "accepted");
    assert_eq!(cloud.received("bob", ShareState::Accepted).await, [sys1.clone()]);
    assert_eq!(cloud.received("bob", ShareState::Pending).await, []);
    assert!(cloud.shares("bob", &sys1).await[0].accepted_digest.is_some());
}

async fn an_answer_stands_where_the_policy_says_so(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let code = cloud.answer("bob", &sys1, ShareEvent::Reopen).await;
    assert_eq!(code, Code::RecipientMayNotReopen.as_str());
    assert_eq!(cloud.members("alice", &sys1).await[B], "accepted");
}

async fn an_answer_is_taken_back_where_the_policy_says_so(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    cloud.app.clock.step_seconds(5);
    assert_eq!(cloud.answer("bob", &sys1, ShareEvent::Reopen).await, "pending");
    assert_eq!(cloud.listed("bob").await, []);
    let share = cloud.shares("bob", &sys1).await.remove(0);
    assert_eq!(share.updated_at, cloud.app.clock.now());
    assert_eq!(share.updated_at.0 - share.created_at.0, 5 * Timestamp::SECOND_MICROS);
}
