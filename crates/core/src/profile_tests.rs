//! The table of the documentation, key by key (PF-01).

use super::*;
use crate::error::Code;
use crate::policy::KEYS;

const TABLE: &str = "
share.max_tenants.system | 256 | 256 | 128 | 128 | 128 | 500 | 128
share.max_tenants.data | 256 | 256 | 128 | 128 | 128 | 500 | 128
share.max_tenants.iso | 256 | 256 | 128 | 0 | 0 | 0 | 128
share.max_tenants.full_server | 10 | 10 | 10 | 128 | 0 | 0 | 0
share.max_shared_images | none | none | none | 30 | 30 | none | none
share.max_ids_per_request | 256 | 256 | 128 | 128 | 1 | 500 | 128
share.max_open_invitations | 1024 | 1024 | 512 | 128 | 128 | none | 128
share.recipient_kind | project | project | project | project | account | account | project
share.acceptance | explicit | explicit | explicit | explicit | explicit | automatic | explicit
share.use_requires_acceptance | true | true | true | true | true | true | false
share.pending_counts | false | false | false | true | true | true | true
share.rejected_counts | false | false | false | true | true | true | true
share.pending_ttl | none | none | none | none | none | none | none
share.needs_active | true | true | true | true | true | true | false
share.check_recipient | true | true | true | true | true | true | false
share.reinvite_rejected | pending | pending | pending | pending | pending | accepted | conflict
share.operator_may_answer | false | false | false | false | false | false | true
share.private_becomes_shared | true | true | true | true | true | true | false
share.require_ack | false | false | false | false | false | false | false
share.market_images | deny | deny | deny | deny | deny | deny | allow
share.encrypted | custom_key_with_grant | custom_key_with_grant | custom_key_with_grant | deny | deny | deny | allow
share.full_server_sources | any | backup | backup | any | none | none | none
full_server.accept_needs_vault | true | true | true | false | false | false | false
vault.keep_after_unshare | false | false | false | false | false | false | false
image.default_visibility | private | private | private | private | private | private | shared
image.name_max | 255 | 128 | 128 | 128 | 128 | 60 | 255
image.name_free | true | false | false | false | false | false | true
image.properties_max | 128 | 128 | 128 | 128 | 128 | 128 | 128
delete.while_shared | allow | allow | allow | allow | block_if_accepted | require_unshare | allow
owner.may_remove_accepted | true | true | true | true | false | true | true
recipient.may_remove | true | true | true | true | true | false | true
recipient.may_reopen | false | false | false | false | false | false | true
recipient.may_replicate | true | true | true | true | true | false | true
recipient.may_download | true | true | true | true | true | false | true
recipient.may_export | false | false | false | false | false | false | false
recipient.may_edit | false | false | false | false | false | false | false
recipient.may_reshare | false | false | false | false | false | false | false
recipient.remove_word | remove | reject | reject | remove | reject | none | reject
public.may_download | true | false | false | false | false | false | true
regions.cross_site_share | allow_if_common_region | allow_if_common_region | allow_if_common_region | deny | deny | deny | deny
bar.actions | accept_all,reject_all,view_details | accept_all,view_details | accept_all,view_details | reject_all,view_details | view_details | none | accept_all,view_details
private_image.quota | none | 50 | 50 | 10 | 50 | 500 | none
tags.max | 128 | 10 | 10 | 10 | 10 | 10 | 128
trash.retention | none | none | none | none | none | none | none
";

#[test]
fn pf_01_every_profile_equals_its_column_key_by_key() {
    let rows: Vec<Vec<&str>> =
        TABLE.trim().lines().map(|l| l.split('|').map(str::trim).collect()).collect();
    let names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    let keys: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    assert_eq!(names, keys, "the table and the keys list the same");
    for (column, profile) in Profile::ALL.iter().enumerate() {
        let policy = profile.policy();
        for row in &rows {
            let got = policy.get(row[0]).unwrap();
            assert_eq!(got, row[column + 1], "{} of {}", row[0], profile.as_str());
        }
    }
}

#[test]
fn every_key_takes_its_own_text_back() {
    for profile in Profile::ALL {
        let mut copy = Profile::Glance.policy();
        let policy = profile.policy();
        for key in KEYS.iter().filter(|key| !key.is_locked) {
            copy.set(key.name, &policy.get(key.name).unwrap()).unwrap();
        }
        assert_eq!(copy, policy, "{}", profile.as_str());
    }
}

#[test]
fn a_wrong_value_changes_nothing() {
    let mut policy = Profile::Huawei.policy();
    for (name, value, code) in [
        ("share.max_tenants.system", "-1", Code::InvalidValue),
        ("share.acceptance", "maybe", Code::InvalidValue),
        ("recipient.may_edit", "true", Code::PolicyLocked),
        ("bar.actions", "<b>", Code::InvalidValue),
        ("share.nonsense", "1", Code::UnknownField),
    ] {
        assert_eq!(policy.set(name, value).unwrap_err().code(), code, "{name}={value}");
    }
    assert_eq!(policy, Profile::Huawei.policy());
}
