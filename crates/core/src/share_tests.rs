//! Every cell of the share table, under every value of the keys that shape it.

use super::*;
use crate::profile::Profile;
use ShareEvent::{Accept, Invite, Lapse, Reject, Reopen, Withdraw};
use ShareState::{Accepted, Pending, Rejected};

const ORIGINS: [Option<ShareState>; 4] = [None, Some(Pending), Some(Accepted), Some(Rejected)];

fn cell(from: Option<ShareState>, event: ShareEvent, policy: &Policy) -> String {
    match transition(from, event, policy) {
        Ok(Change::Unchanged) => "unchanged".to_owned(),
        Ok(Change::Removed) => "removed".to_owned(),
        Ok(Change::To(state)) => state.as_str().to_owned(),
        Err(error) => error.code().as_str().to_owned(),
    }
}

fn check(profile: Profile, expected: &str) {
    let policy = profile.policy();
    let mut got = String::from("\n");
    for from in ORIGINS {
        got.push_str(from.map_or("none", ShareState::as_str));
        for event in ShareEvent::ALL {
            got.push_str(" | ");
            got.push_str(&cell(from, *event, &policy));
        }
        got.push('\n');
    }
    assert_eq!(got, expected, "{}", profile.as_str());
}

#[test]
fn st_01_to_st_05_the_table_of_the_default_profile() {
    check(
        Profile::Lendglass,
        "
none | pending | NOT_SHARED | NOT_SHARED | NOT_SHARED | NOT_SHARED | NOT_SHARED
pending | unchanged | accepted | rejected | removed | unchanged | removed
accepted | unchanged | unchanged | rejected | removed | RECIPIENT_MAY_NOT_REOPEN | removed
rejected | pending | accepted | unchanged | removed | RECIPIENT_MAY_NOT_REOPEN | removed
",
    );
}

#[test]
fn dl_09_an_owner_may_be_bound_by_an_acceptance() {
    check(
        Profile::CtyunV4,
        "
none | pending | NOT_SHARED | NOT_SHARED | NOT_SHARED | NOT_SHARED | NOT_SHARED
pending | unchanged | accepted | rejected | removed | unchanged | removed
accepted | unchanged | unchanged | rejected | SHARE_ACCEPTED | RECIPIENT_MAY_NOT_REOPEN | removed
rejected | pending | accepted | unchanged | removed | RECIPIENT_MAY_NOT_REOPEN | removed
",
    );
}

#[test]
fn st_08_tencent_accepts_by_itself_and_keeps() {
    check(
        Profile::Tencent,
        "
none | accepted | NOT_SHARED | NOT_SHARED | NOT_SHARED | NOT_SHARED | NOT_SHARED
pending | unchanged | accepted | rejected | removed | unchanged | removed
accepted | unchanged | unchanged | RECIPIENT_MAY_NOT_REMOVE | removed | RECIPIENT_MAY_NOT_REOPEN | removed
rejected | accepted | accepted | unchanged | removed | RECIPIENT_MAY_NOT_REOPEN | removed
",
    );
}

#[test]
fn glance_reopens_and_conflicts() {
    check(
        Profile::Glance,
        "
none | pending | NOT_SHARED | NOT_SHARED | NOT_SHARED | NOT_SHARED | NOT_SHARED
pending | unchanged | accepted | rejected | removed | unchanged | removed
accepted | unchanged | unchanged | rejected | removed | pending | removed
rejected | ALREADY_SHARED | accepted | unchanged | removed | pending | removed
",
    );
}

#[test]
fn the_keys_that_shape_the_table_shape_only_their_cells() {
    let base = Profile::Lendglass.policy();
    let differing = |key: &str, value: &str| -> Vec<(Option<ShareState>, ShareEvent)> {
        let mut policy = base.clone();
        policy.set(key, value).unwrap();
        let mut cells = Vec::new();
        for from in ORIGINS {
            for event in ShareEvent::ALL {
                if cell(from, *event, &base) != cell(from, *event, &policy) {
                    cells.push((from, *event));
                }
            }
        }
        cells
    };
    assert_eq!(
        differing("share.acceptance", "automatic"),
        [(None, Invite), (Some(Rejected), Invite)]
    );
    assert_eq!(differing("share.reinvite_rejected", "accepted"), [(Some(Rejected), Invite)]);
    assert_eq!(differing("share.reinvite_rejected", "conflict"), [(Some(Rejected), Invite)]);
    assert_eq!(differing("recipient.may_remove", "false"), [(Some(Accepted), Reject)]);
    assert_eq!(differing("owner.may_remove_accepted", "false"), [(Some(Accepted), Withdraw)]);
    assert_eq!(
        differing("recipient.may_reopen", "true"),
        [(Some(Accepted), Reopen), (Some(Rejected), Reopen)]
    );
    assert_eq!(differing("share.pending_ttl", "60"), []);
}

fn share(state: ShareState) -> Share {
    Share {
        image: ImageId::trusted("i"),
        recipient: Recipient::Project(ProjectId::trusted("B")),
        owner: ProjectId::trusted("A"),
        region: RegionId::trusted("r1"),
        state,
        note: None,
        lapses_at: None,
        ends_at: None,
        accepted_digest: None,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }
}

#[test]
fn visible_listed_and_usable_are_three_questions() {
    let strict = Profile::Huawei.policy();
    let loose = Profile::Glance.policy();
    let now = Timestamp(100);
    for (state, listed, strict_use) in
        [(Pending, false, false), (Accepted, true, true), (Rejected, false, false)]
    {
        let share = share(state);
        assert!(is_visible(&share, now));
        assert_eq!(is_listed(state), listed);
        assert_eq!(may_use(&share, &strict, now), strict_use);
        assert!(may_use(&share, &loose, now));
    }
}

#[test]
fn sh_41_an_ended_access_gives_nothing_before_the_sweeper_comes() {
    let loose = Profile::Glance.policy();
    let mut ended = share(Accepted);
    ended.ends_at = Some(Timestamp(100));
    assert!(may_use(&ended, &loose, Timestamp(99)));
    assert!(!may_use(&ended, &loose, Timestamp(100)));
    assert!(!is_visible(&ended, Timestamp(100)));
    let mut offer = share(Pending);
    offer.lapses_at = Some(Timestamp(100));
    assert!(!is_visible(&offer, Timestamp(100)));
    offer.state = Accepted;
    assert!(is_visible(&offer, Timestamp(100)), "an answered offer does not lapse");
}

#[test]
fn st_01_an_offer_stays_pending_for_ever() {
    let offer = share(Pending);
    let after_400_days = Timestamp::from_seconds(400 * 86_400);
    assert!(is_visible(&offer, after_400_days) && !is_listed(offer.state));
}

#[test]
fn sh_17_what_counts_follows_the_policy() {
    let huawei = Profile::Huawei.policy();
    let ctyun = Profile::Ctyun.policy();
    for (state, in_huawei, in_ctyun) in
        [(Pending, false, true), (Accepted, true, true), (Rejected, false, true)]
    {
        assert_eq!(counts(state, &huawei), in_huawei);
        assert_eq!(counts(state, &ctyun), in_ctyun);
    }
}

proptest::proptest! {
    /// No sequence of events leaves the legal states, and an answer never appears from nothing.
    #[test]
    fn any_sequence_of_events_stays_legal(
        events in proptest::collection::vec(0..ShareEvent::ALL.len(), 0..60),
        profile in 0..Profile::ALL.len(),
    ) {
        let policy = Profile::ALL[profile].policy();
        let mut state = None;
        for event in events {
            let event = ShareEvent::ALL[event];
            let before = state;
            match transition(state, event, &policy) {
                Ok(Change::Unchanged) => assert!(before.is_some()),
                Ok(Change::Removed) => {
                    assert!(matches!(event, Withdraw | Lapse));
                    state = None;
                }
                Ok(Change::To(next)) => {
                    assert!(before.is_some() || event == Invite);
                    assert!(next != Accepted || matches!(event, Accept | Invite));
                    state = Some(next);
                }
                Err(_) => {}
            }
        }
    }
}
