//! ID-08, SH-08, SH-13, SH-19: account X owns A and A2, Y owns B and B2, Z owns C; D is in r2.

use super::*;
use crate::profile::Profile;

fn project(id: &str, account: &str, region: &str) -> Project {
    Project {
        id: ProjectId::trusted(id),
        account: AccountId::trusted(account),
        name: format!("project-{id}"),
        description: String::new(),
        region: Some(RegionId::trusted(region)),
        is_discoverable: false,
        is_enabled: true,
    }
}

fn account(id: &str) -> Account {
    Account {
        id: AccountId::trusted(id),
        uid: "100001".to_owned(),
        email: None,
        name: id.to_owned(),
        is_enabled: true,
    }
}

fn found(text: &str) -> Candidates {
    let of = |ids: &[&str]| ids.iter().map(|id| ProjectId::trusted(*id)).collect();
    let account = |id: &str, projects: &[&str]| Candidates {
        account: Some(account(id)),
        account_projects: of(projects),
        ..Candidates::default()
    };
    let project = |project| Candidates { project: Some(project), ..Candidates::default() };
    match text {
        "A" => project(self::project("A", "X", "r1")),
        "A2" => project(self::project("A2", "X", "r1")),
        "B" => project(self::project("B", "Y", "r1")),
        "C" => project(self::project("C", "Z", "r1")),
        "D" => project(self::project("D", "Y", "r2")),
        "X" => account("X", &["A", "A2"]),
        "Y" => account("Y", &["B", "B2"]),
        "Z" => account("Z", &["C"]),
        "empty" => account("empty", &[]),
        "bob" => Candidates { is_user: true, ..Candidates::default() },
        _ => Candidates::default(),
    }
}

fn check(profile: Profile, text: &str, kind: Option<RecipientKind>) -> String {
    let owner = Owner {
        project: &ProjectId::trusted("A"),
        account: &AccountId::trusted("X"),
        region: &RegionId::trusted("r1"),
        site: "",
    };
    let named = Named { text: text.to_owned(), kind };
    match resolve(&named, &found(text), &owner, &profile.policy()) {
        Ok(recipient) => format!("{} {}", recipient.kind(), recipient.id()),
        Err(error) => error.code().as_str().to_owned(),
    }
}

#[test]
fn id_08_where_shares_go_by_project() {
    for (text, expected) in [
        ("B", "project B"),
        ("C", "project C"),
        ("Z", "project C"),
        ("Y", "RECIPIENT_AMBIGUOUS"),
        ("empty", "TENANT_NOT_IN_REGION"),
        ("bob", "NOT_AN_ACCOUNT"),
        ("A2", "project A2"),
    ] {
        assert_eq!(check(Profile::Huawei, text, None), expected, "{text}");
    }
}

#[test]
fn id_08_where_shares_go_by_account() {
    for (text, expected) in [
        ("B", "account Y"),
        ("Y", "account Y"),
        ("X", "SELF_SHARE"),
        ("A2", "SELF_SHARE"),
        ("bob", "NOT_AN_ACCOUNT"),
    ] {
        assert_eq!(check(Profile::Tencent, text, None), expected, "{text}");
    }
}

#[test]
fn sh_08_and_sh_19_oneself_another_region_and_nobody() {
    for (text, expected) in
        [("A", "SELF_SHARE"), ("D", "TENANT_NOT_IN_REGION"), ("zzz", "TENANT_NOT_FOUND")]
    {
        assert_eq!(check(Profile::Lendglass, text, None), expected, "{text}");
    }
    assert_eq!(check(Profile::Lendglass, "", None), "MALFORMED_ID");
    assert_eq!(check(Profile::Lendglass, "a\0", None), "MALFORMED_ID");
}

#[test]
fn a_kind_that_was_said_is_taken_literally_under_every_profile() {
    for profile in Profile::ALL {
        assert_eq!(check(*profile, "Y", Some(RecipientKind::Account)), "account Y");
        assert_eq!(check(*profile, "B", Some(RecipientKind::Project)), "project B");
    }
}

#[test]
fn glance_keeps_what_was_written_even_the_own_project() {
    for (text, expected) in
        [("A", "project A"), ("D", "project D"), ("no such thing", "project no such thing")]
    {
        assert_eq!(check(Profile::Glance, text, None), expected, "{text}");
    }
}

#[test]
fn sh_13_pasted_ids_are_parted_by_any_usual_mark() {
    for text in ["B,C", "B，C", "B\nC", " B ; C ", "B、C", "B, C, B"] {
        assert_eq!(split_ids(text), ["B", "C"], "{text:?}");
    }
    assert!(split_ids(" , ").is_empty());
}

/// A body of a mebibyte: what compared each id with all before it took half a minute.
#[test]
fn as_many_ids_as_a_body_holds_are_parted() {
    let ids: Vec<String> = (0..200_000).map(|n| format!("{n:x}")).collect();
    assert_eq!(split_ids(&format!("{},0", ids.join(","))), ids);
}

#[test]
fn rg_03_sites_share_where_both_offer_the_region() {
    let owner = Owner {
        project: &ProjectId::trusted("A"),
        account: &AccountId::trusted("X"),
        region: &RegionId::trusted("r1"),
        site: "mainland",
    };
    let named = Named { text: "B".to_owned(), kind: None };
    let of = |profile: Profile, site: &str, is_region_offered| {
        let found = Candidates { site: site.to_owned(), is_region_offered, ..found("B") };
        resolve(&named, &found, &owner, &profile.policy()).map_err(|error| error.code())
    };
    let b = Ok(Recipient::Project(ProjectId::trusted("B")));
    assert_eq!(of(Profile::Huawei, "mainland", false), b, "one site");
    assert_eq!(of(Profile::Huawei, "international", true), b);
    assert_eq!(of(Profile::Huawei, "international", false), Err(Code::TenantNotFound));
    assert_eq!(of(Profile::Ctyun, "international", true), Err(Code::TenantNotFound));
}
