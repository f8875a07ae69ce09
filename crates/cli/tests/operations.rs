//! AP-01: whatever the native API can do, `lend` can.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Operation of the document → the verb that calls it.
const VERBS: &[(&str, &str)] = &[
    ("answer_shares", "share accept"),
    ("begin_upload", "image upload"),
    ("bind_access_user", "access user bind"),
    ("cancel_job", "job cancel"),
    ("cancel_upload", "upload cancel"),
    ("continue_upload", "image upload"),
    ("copy_image", "image copy"),
    ("count_elsewhere", "notice count"),
    ("count_notices", "notice count"),
    ("count_shares", "share accept"),
    ("create_access_key", "credentials key create"),
    ("create_access_policy", "access policy create"),
    ("create_backup", "backup create"),
    ("create_image", "image create"),
    ("create_server_image", "backup image"),
    ("create_vault", "vault create"),
    ("create_webhook", "webhook create"),
    ("deactivate_image", "image deactivate"),
    ("delete_access_key", "credentials key delete"),
    ("delete_access_policy", "access policy delete"),
    ("delete_backup", "backup delete"),
    ("delete_image", "image delete"),
    ("delete_images", "image delete"),
    ("delete_rule", "share forget"),
    ("delete_tag", "tag delete"),
    ("delete_vault", "vault delete"),
    ("delete_webhook", "webhook delete"),
    ("download_disk", "image save"),
    ("download_image", "image save"),
    ("explain_code", "explain"),
    ("give_feedback", "feedback"),
    ("list_access_keys", "credentials key list"),
    ("list_access_policies", "access policy list"),
    ("list_access_users", "access user list"),
    ("list_actions", "access actions"),
    ("list_audit", "audit list"),
    ("list_backups", "backup list"),
    ("list_disks", "image disks"),
    ("list_feedback", "operator feedback"),
    ("list_image_shares", "image tenants"),
    ("list_images", "image list"),
    ("list_jobs", "job list"),
    ("list_notices", "notice list"),
    ("list_policies", "policy list"),
    ("list_regions", "region list"),
    ("list_rules", "share rules"),
    ("list_shares", "share list"),
    ("list_systems", "image systems"),
    ("list_tags", "tag list"),
    ("list_tenants", "operator tenants"),
    ("list_uploads", "upload list"),
    ("list_vaults", "vault list"),
    ("list_webhooks", "webhook list"),
    ("publish_image", "image publish"),
    ("reactivate_image", "image activate"),
    ("read_notices", "notice read"),
    ("remind_tenants", "image remind"),
    ("replicate_image", "image replicate"),
    ("resolve_tenant", "share check"),
    ("set_preferences", "preferences set"),
    ("set_policy", "policy set"),
    ("set_profile", "policy profile"),
    ("set_rule", "share trust"),
    ("set_tag", "tag set"),
    ("share_images", "image share"),
    ("show_access_policy", "access policy show"),
    ("show_backup", "backup show"),
    ("show_capabilities", "capabilities"),
    ("show_health", "operator health"),
    ("show_image", "image show"),
    ("show_job", "job show"),
    ("show_me", "credentials show"),
    ("show_preferences", "preferences show"),
    ("show_policy", "policy show"),
    ("show_quota", "quota show"),
    ("show_storage", "operator storage"),
    ("show_upload", "image upload"),
    ("show_vault", "vault show"),
    ("show_verification", "image verify"),
    ("show_webhook", "webhook show"),
    ("stream_events", "share watch"),
    ("test_webhook", "webhook test"),
    ("unbind_access_user", "access user unbind"),
    ("undo", "undo"),
    ("unpublish_image", "image unpublish"),
    ("unset_policy", "policy unset"),
    ("unshare_images", "image unshare"),
    ("update_access_key", "credentials key disable"),
    ("update_access_policy", "access policy set"),
    ("update_image", "image set"),
    ("update_policies", "policy set"),
    ("update_vault", "vault set"),
    ("update_webhook", "webhook set"),
    ("upload_image", "image upload"),
    ("verify_image", "image verify"),
];

/// What is no act: the document itself, what of tus is spoken, and the cookies of browsers; `lend login`
/// has a token.
const NO_VERB: &[&str] = &[
    "show_document",
    "offer_uploads",
    "begin_session",
    "show_session",
    "end_session",
    "become_persona",
];

#[test]
fn ap_01_every_operation_has_a_verb() {
    let document: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations: BTreeSet<&str> = paths
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .filter_map(|operation| operation["operationId"].as_str())
        .filter(|operation| !NO_VERB.contains(operation))
        .collect();
    let named: BTreeSet<&str> = VERBS.iter().map(|(operation, _)| *operation).collect();
    assert_eq!(operations, named, "operations and verbs");
}

#[test]
fn ap_01_every_verb_explains_itself() {
    for (operation, verb) in VERBS {
        let shown = Command::new(env!("CARGO_BIN_EXE_lend"))
            .args(verb.split(' '))
            .arg("--help")
            .output()
            .unwrap();
        assert!(shown.status.success(), "{operation}: lend {verb}");
    }
}
