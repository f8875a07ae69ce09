//! Who is told of what happens to shares (RC-01, DL-07, ST-05, SH-15, SH-41, RC-26), what standing
//! rules make of offers (RC-20), and what can be undone (ST-09).

use lendglass_core::image::Visibility;
use lendglass_core::share::{ShareEvent, ShareState, Verdict};
use lendglass_core::{Code, ImageId};
use lendglass_server::service::share::{self, Report};
use lendglass_server::service::{reap, rule};

use crate::cloud::{Cloud, answer_of, caller, offer, refused, withdrawal, words};
use crate::support::{A, B, C};

stories! {
    huawei "huawei":
        rc_01_both_sides_hear_of_offers_and_answers,
        st_05_offering_again_tells_again,
        dl_07_withdrawal_and_deletion_are_told,
        sh_15_the_owner_hears_that_an_image_is_full,
        sh_41_both_sides_are_warned_once_and_told_of_the_end,
        rc_20_a_trusted_owner_is_accepted_at_once,
        rc_20_a_blocked_owner_is_not_heard,
        rc_20_a_rule_about_a_project_goes_before_one_about_its_account,
        rc_20_a_trusted_offer_waits_where_there_is_no_room,
        rc_26_a_tenant_is_reminded_once_a_day,
        st_09_a_withdrawal_is_undone_row_for_row,
        st_09_an_answer_is_undone,
        st_09_an_offer_is_undone,
        st_09_not_too_late_not_twice_not_by_others,
        st_09_not_after_somebody_acted,
        st_09_no_ceiling_is_passed_on_the_way_back;
}

impl Cloud {
    /// The notices of a project, oldest first.
    async fn notices(&self, project: &str) -> Vec<String> {
        let text =
            format!("select kind from notice where recipient_id = '{project}' order by number");
        let statement = lendglass_store::Statement::composed(text);
        let rows = self.app.db.read(&statement, lendglass_store::params![]).await.unwrap();
        rows.into_iter().map(|row| row.read().text().unwrap()).collect()
    }

    async fn act(&self, person: &str, id: &ImageId, event: ShareEvent) -> Report {
        share::answer(&self.app, &caller(person), answer_of(&[id], event)).await.unwrap()
    }

    async fn withdrawn(&self, person: &str, id: &ImageId, recipient: &str) -> Report {
        let request = withdrawal(&[id], &[recipient]);
        share::withdraw(&self.app, &caller(person), request).await.unwrap()
    }

    async fn undo(&self, person: &str, report: &Report) -> Result<Report, lendglass_core::Error> {
        let undo = report.undo.as_ref().expect("a way back");
        share::undo(&self.app, &caller(person), &undo.token).await
    }
}

async fn rc_01_both_sides_hear_of_offers_and_answers(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    assert_eq!(cloud.notices(B).await, ["image.shared"]);
    cloud.share("alice", &sys1, B).await;
    assert_eq!(cloud.notices(B).await, ["image.shared"], "nothing new is told of nothing new");
    cloud.accept("bob", &sys1).await;
    cloud.reject("bob", &sys1).await;
    cloud.accept("bob", &sys1).await;
    assert_eq!(cloud.notices(A).await, ["share.accepted", "share.left", "share.accepted"]);
    cloud.share("alice", &sys1, C).await;
    cloud.reject("carol", &sys1).await;
    assert_eq!(cloud.notices(A).await.last().unwrap(), "share.rejected");
    assert_eq!(cloud.notices(C).await, ["image.shared"]);
}

async fn st_05_offering_again_tells_again(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    cloud.reject("bob", &sys1).await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "pending");
    assert_eq!(cloud.notices(B).await, ["image.shared", "image.shared_again"]);
}

async fn dl_07_withdrawal_and_deletion_are_told(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    cloud.share("alice", &sys1, C).await;
    cloud.reject("carol", &sys1).await;
    cloud.unshare("alice", &sys1, B).await;
    cloud.unshare("alice", &sys1, C).await;
    assert_eq!(cloud.notices(B).await, ["image.shared", "image.withdrawn"]);
    assert_eq!(cloud.notices(C).await, ["image.shared"], "who turned it away is left alone");
    let sys2 = cloud.accepted_image("sys2").await;
    cloud.delete("alice", &sys2).await.unwrap();
    assert_eq!(cloud.notices(B).await.last().unwrap(), "image.deleted");
}

async fn sh_15_the_owner_hears_that_an_image_is_full(cloud: &Cloud) {
    cloud.set(None, "share.max_tenants.system", "1").await;
    let sys1 = cloud.accepted_image("sys1").await;
    cloud.share("alice", &sys1, C).await;
    for _ in 0..3 {
        assert_eq!(cloud.accept("carol", &sys1).await, "SHARE_TENANT_QUOTA");
    }
    assert_eq!(
        cloud.notices(A).await,
        ["share.accepted", "share.ceiling_reached"],
        "once an offer"
    );
}

async fn sh_41_both_sides_are_warned_once_and_told_of_the_end(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let sys2 = cloud.image("alice", "sys2").await;
    let in_days = |days: i64| Some(cloud.app.clock.now().plus_seconds(days * 86_400));
    let mut request = offer(&[&sys1], &[B]);
    request.lapses_at = in_days(3);
    cloud.invite("alice", request).await.unwrap();
    let mut request = offer(&[&sys2], &[B]);
    request.ends_at = in_days(3);
    cloud.invite("alice", request).await.unwrap();
    cloud.accept("bob", &sys2).await;
    assert_eq!(reap::round(&cloud.app).await.unwrap(), 0, "it is too early to warn");
    cloud.app.clock.step_seconds(2 * 86_400 + 1);
    assert_eq!(reap::round(&cloud.app).await.unwrap(), 2);
    assert_eq!(reap::round(&cloud.app).await.unwrap(), 0, "one warning is enough");
    let warned = ["share.lapsing", "share.lapsing"];
    assert_eq!(cloud.notices(B).await[2..], warned);
    assert_eq!(cloud.notices(A).await[1..], warned);
    cloud.app.clock.step_seconds(86_400);
    assert_eq!(reap::round(&cloud.app).await.unwrap(), 2);
    for project in [A, B] {
        let mut told = cloud.notices(project).await;
        let mut last = told.split_off(told.len() - 2);
        last.sort();
        assert_eq!(last, ["share.ended", "share.lapsed"], "{project}");
    }
}

async fn rc_20_a_trusted_owner_is_accepted_at_once(cloud: &Cloud) {
    let bob = caller("bob");
    let admin = lendglass_core::tenant::Caller { role: lendglass_core::tenant::Role::Admin, ..bob };
    rule::set(&cloud.app, &admin, A, Verdict::Accept, false).await.unwrap();
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "accepted");
    assert_eq!(cloud.listed("bob").await, [sys1.clone()]);
    assert_eq!(cloud.notices(B).await, ["image.shared"]);
    assert_eq!(cloud.notices(A).await, ["share.accepted"]);
    assert!(cloud.shares("alice", &sys1).await[0].accepted_digest.is_some());
    rule::remove(&cloud.app, &admin, A, false).await.unwrap();
    let sys2 = cloud.image("alice", "sys2").await;
    assert_eq!(cloud.share("alice", &sys2, B).await, "pending");
    assert_eq!(refused(rule::remove(&cloud.app, &admin, A, false).await), Code::RuleNotFound);
}

async fn rc_20_a_blocked_owner_is_not_heard(cloud: &Cloud) {
    let mut admin = caller("bob");
    admin.role = lendglass_core::tenant::Role::Admin;
    rule::set(&cloud.app, &admin, A, Verdict::Refuse, false).await.unwrap();
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "rejected");
    assert_eq!(cloud.share("alice", &sys1, B).await, "already rejected");
    assert_eq!(cloud.notices(B).await, [""; 0]);
    assert_eq!(cloud.received("bob", ShareState::Rejected).await, [sys1.clone()]);
    assert_eq!(cloud.accept("bob", &sys1).await, "accepted", "he may think better of it");
    assert_eq!(cloud.members("alice", &sys1).await[B], "accepted");
}

async fn rc_20_a_rule_about_a_project_goes_before_one_about_its_account(cloud: &Cloud) {
    let mut admin = caller("bob");
    admin.role = lendglass_core::tenant::Role::Admin;
    rule::set(&cloud.app, &admin, "x", Verdict::Refuse, false).await.unwrap();
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "rejected");
    rule::set(&cloud.app, &admin, A, Verdict::Accept, false).await.unwrap();
    let sys2 = cloud.image("alice", "sys2").await;
    assert_eq!(cloud.share("alice", &sys2, B).await, "accepted");
    assert_eq!(rule::list(&cloud.app, &admin).await.unwrap().len(), 2);
    let own = rule::set(&cloud.app, &admin, B, Verdict::Accept, false).await;
    assert_eq!(refused(own), Code::SelfShare);
    let guess = rule::set(&cloud.app, &admin, "nobody", Verdict::Accept, false).await;
    assert_eq!(refused(guess), Code::TenantNotFound);
}

async fn rc_20_a_trusted_offer_waits_where_there_is_no_room(cloud: &Cloud) {
    cloud.set(None, "share.max_tenants.system", "1").await;
    let mut admin = caller("carol");
    admin.role = lendglass_core::tenant::Role::Admin;
    rule::set(&cloud.app, &admin, A, Verdict::Accept, false).await.unwrap();
    let sys1 = cloud.accepted_image("sys1").await;
    assert_eq!(cloud.share("alice", &sys1, C).await, "pending");
}

async fn rc_26_a_tenant_is_reminded_once_a_day(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    let remind = |who: &'static str| {
        let request = withdrawal(&[&sys1], &[B]);
        async move { share::remind(&cloud.app, &caller(who), request).await.unwrap() }
    };
    assert_eq!(words(&remind("alice").await.results), ["RATE_LIMITED"], "he has just been asked");
    cloud.app.clock.step_seconds(86_400);
    assert_eq!(words(&remind("alice").await.results), ["pending"]);
    assert_eq!(words(&remind("alice").await.results), ["RATE_LIMITED"]);
    assert_eq!(cloud.notices(B).await, ["image.shared", "share.reminded"]);
    assert_eq!(words(&remind("bob").await.results), ["NOT_IMAGE_OWNER"]);
    assert_eq!(words(&remind("carol").await.results), ["IMAGE_NOT_FOUND"]);
    cloud.accept("bob", &sys1).await;
    assert_eq!(words(&remind("alice").await.results), ["NOTHING_TO_REMIND"]);
}

async fn st_09_a_withdrawal_is_undone_row_for_row(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let before = cloud.shares("alice", &sys1).await;
    cloud.app.clock.step_seconds(60);
    let report = cloud.withdrawn("alice", &sys1, B).await;
    assert_eq!(refused(cloud.show("bob", &sys1).await), Code::ImageNotFound);
    assert_eq!(cloud.record(&sys1).await.visibility, Visibility::Private);
    cloud.app.clock.step_seconds(9);
    cloud.undo("alice", &report).await.unwrap();
    assert_eq!(cloud.shares("alice", &sys1).await, before, "same state, same times");
    assert_eq!(cloud.listed("bob").await, [sys1.clone()]);
    assert_eq!(cloud.notices(B).await, ["image.shared", "image.withdrawn", "image.shared_again"]);
}

async fn st_09_an_answer_is_undone(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    let accepted = cloud.act("bob", &sys1, ShareEvent::Accept).await;
    cloud.undo("bob", &accepted).await.unwrap();
    assert_eq!(cloud.members("alice", &sys1).await[B], "pending");
    assert_eq!(cloud.listed("bob").await, []);
    let rejected = cloud.act("bob", &sys1, ShareEvent::Reject).await;
    cloud.undo("bob", &rejected).await.unwrap();
    assert_eq!(cloud.received("bob", ShareState::Pending).await, [sys1.clone()]);
    let told = ["share.accepted", "share.changed", "share.rejected", "share.changed"];
    assert_eq!(cloud.notices(A).await, told);
}

async fn st_09_an_offer_is_undone(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let report = cloud.invite("alice", offer(&[&sys1], &[B, C])).await.unwrap();
    cloud.undo("alice", &report).await.unwrap();
    assert_eq!(cloud.shares("alice", &sys1).await, []);
    assert_eq!(cloud.record(&sys1).await.visibility, Visibility::Private);
    assert_eq!(cloud.notices(B).await, ["image.shared", "image.withdrawn"]);
}

async fn st_09_not_too_late_not_twice_not_by_others(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let report = cloud.withdrawn("alice", &sys1, B).await;
    assert_eq!(refused(cloud.undo("bob", &report).await), Code::UndoExpired);
    cloud.undo("alice", &report).await.unwrap();
    assert_eq!(refused(cloud.undo("alice", &report).await), Code::UndoExpired);
    let report = cloud.withdrawn("alice", &sys1, B).await;
    cloud.app.clock.step_seconds(11);
    assert_eq!(refused(cloud.undo("alice", &report).await), Code::UndoExpired);
    reap::round(&cloud.app).await.unwrap();
    assert_eq!(cloud.count("select cast(count(*) as bigint) from undo").await, 0);
}

async fn st_09_not_after_somebody_acted(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let offered = cloud.invite("alice", offer(&[&sys1], &[B])).await.unwrap();
    cloud.accept("bob", &sys1).await;
    assert_eq!(refused(cloud.undo("alice", &offered).await), Code::UndoConflict);
    let withdrawn = cloud.withdrawn("alice", &sys1, B).await;
    cloud.delete("alice", &sys1).await.unwrap();
    assert_eq!(refused(cloud.undo("alice", &withdrawn).await), Code::UndoConflict);
}

async fn st_09_no_ceiling_is_passed_on_the_way_back(cloud: &Cloud) {
    cloud.set(None, "share.max_tenants.system", "1").await;
    let sys1 = cloud.accepted_image("sys1").await;
    cloud.share("alice", &sys1, C).await;
    let withdrawn = cloud.withdrawn("alice", &sys1, B).await;
    assert_eq!(cloud.accept("carol", &sys1).await, "accepted");
    assert_eq!(refused(cloud.undo("alice", &withdrawn).await), Code::ShareTenantQuota);
    assert_eq!(cloud.members("alice", &sys1).await, [(C.to_owned(), "accepted")].into());
}
