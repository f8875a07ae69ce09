//! The world file and the first operator.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::os::unix::fs::PermissionsExt as _;

use lendglass_core::{AccountId, ProjectId, UserId};
use lendglass_server::service::world::{
    Added, Bootstrapped, Ground, WorldError, apply, bootstrap, demo_world,
};
use lendglass_store::clock::Clock;
use lendglass_store::db::Engine;
use lendglass_store::{credential, tenant, user};
use support::{Home, START, TestServer, WORLD, on_both_engines};

async fn ground(engine: Engine) -> (Home, Ground) {
    let home = Home::fresh(engine).await;
    let ground = home.ground(&Clock::stepped(START)).await;
    (home, ground)
}

/// The line and the text of what is wrong with a world.
async fn wrong(ground: &Ground, text: &str) -> (usize, String) {
    match apply(ground, "w.toml", text).await {
        Err(WorldError::At { file, line, text }) => {
            assert_eq!(file, "w.toml");
            (line, text)
        }
        other => panic!("{other:?} for {text}"),
    }
}

on_both_engines! { "lendglass": applying_twice_adds_nothing_and_changes_nothing }

async fn applying_twice_adds_nothing_and_changes_nothing(server: TestServer) {
    let app = &server.app;
    let (db, identity) = (app.db.clone(), app.identity.clone());
    let ground = Ground { db, identity, clock: app.clock.clone(), ids: app.ids.clone() };
    assert_eq!(apply(&ground, "w.toml", WORLD).await.unwrap(), Added::default());

    let before = user::read(&ground.db, &UserId::trusted("bob")).await.unwrap().unwrap();
    let changed = WORLD.replace("secret-bob", "other").replace("name = \"B2\"", "name = \"B3\"");
    assert_eq!(apply(&ground, "w.toml", &changed).await.unwrap(), Added::default());
    let after = user::read(&ground.db, &UserId::trusted("bob")).await.unwrap().unwrap();
    assert_eq!(after, before, "not even the password");
    let b2 = tenant::read_project(&ground.db, &ProjectId::trusted(support::B2)).await.unwrap();
    assert_eq!(b2.unwrap().project.name, "B2");

    let more = format!("{WORLD}\n[[accounts]]\nname = \"Eager\"\n");
    let added = apply(&ground, "w.toml", &more).await.unwrap();
    assert_eq!(added, Added { accounts: 1, ..Added::default() });

    let demo = apply(&ground, "demo.toml", demo_world()).await.unwrap();
    assert_eq!((demo.regions, demo.accounts, demo.users), (0, 0, 1), "the admin alone is new");
}

const TWO: &str = r#"
[[regions]]
name = "r1"
[[accounts]]
name = "One"
[[accounts]]
name = "Two"
[[projects]]
name = "dev"
account = "One"
[[projects]]
name = "dev"
account = "Two"
[[projects]]
name = "only"
account = "Two"
[[users]]
name = "ann"
account = "One"
[[users]]
name = "ann"
account = "Two"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn references_are_ids_or_names_and_ambiguity_is_refused() {
    let (_home, ground) = ground(Engine::Sqlite).await;
    let line = TWO.lines().count() + 1;
    let key = |user: &str, project: &str| {
        format!(
            "{TWO}[[access_keys]]\nuser = \"{user}\"\nproject = \"{project}\"\n\
             access_key = \"AK1\"\nsecret_key = \"SK1\"\n"
        )
    };
    let (at, text) = wrong(&ground, &key("ann", "only")).await;
    assert_eq!(at, line + 1);
    assert!(text.contains("ambiguous") && text.contains("ACCOUNT/ann"), "{text}");
    let (at, text) = wrong(&ground, &key("Two/ann", "dev")).await;
    assert_eq!(at, line + 2);
    assert!(text.contains("project dev is ambiguous"), "{text}");
    assert!(tenant::read_regions(&ground.db).await.unwrap().is_empty(), "nothing was changed");

    let added = apply(&ground, "w.toml", &key("Two/ann", "One/dev")).await.unwrap();
    let all = Added { regions: 1, accounts: 2, projects: 3, users: 2, roles: 0, access_keys: 1 };
    assert_eq!(added, all);
    let made = credential::read_access_key(&ground.db, "AK1").await.unwrap().unwrap();
    let two = tenant::read_account_by_name(&ground.db, "Two").await.unwrap().unwrap();
    let ann = user::read_by_name(&ground.db, &two.id, "ann").await.unwrap().unwrap();
    assert_eq!(made.user, ann.user.id);
    assert!(!made.sealed_secret.contains("SK1"));
    let secret = ground.identity.seal().unseal("access_key:AK1", &made.sealed_secret).unwrap();
    assert_eq!(secret, b"SK1");
    assert_eq!(
        apply(&ground, "w.toml", &key("Two/ann", "One/dev")).await.unwrap(),
        Added::default()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_names_its_line() {
    let (_home, ground) = ground(Engine::Sqlite).await;
    let region = "[[regions]]\nname = \"r1\"\n";
    let account = "[[accounts]]\nname = \"One\"\n";
    let with = |rest: &str| format!("{region}{account}{rest}");
    let long = "x".repeat(1025);
    for (text, line, says) in [
        ("[[regions]\n".to_owned(), 1, "]"),
        ("[[galaxies]]\nname = \"g\"\n".to_owned(), 1, "galaxies"),
        ("\n[[regions]]\nname = \"r\"\ncolour = 1\n".to_owned(), 4, "colour"),
        ("[[regions]]\nid = \"r1\"\n".to_owned(), 1, "name"),
        ("[[regions]]\nname = 5\n".to_owned(), 2, "string"),
        ("[[regions]]\nid = \"a b\"\nname = \"r\"\n".to_owned(), 2, "id"),
        ("[[regions]]\nname = \" r\"\n".to_owned(), 2, "name"),
        (format!("{region}[[regions]]\nid = \"r2\"\nname = \"r1\"\n"), 5, "r1"),
        (with("[[accounts]]\nname = \"Two\"\nuid = \"12a\"\n"), 7, "decimal"),
        (with("[[accounts]]\nname = \"Two\"\nemail = \"root\"\n"), 7, "@"),
        (with("[[accounts]]\nid = \"two\"\nname = \"One\"\n"), 7, "One"),
        (with("[[projects]]\nname = \"p\"\naccount = \"Nowhere\"\n"), 7, "Nowhere"),
        (with("[[projects]]\nname = \"p\"\naccount = \"One\"\nregion = \"r9\"\n"), 8, "r9"),
        (format!("{account}[[projects]]\nname = \"p\"\naccount = \"One\"\n"), 4, "region"),
        (with("[[users]]\nname = \"u\"\naccount = \"One\"\npassword = \"\"\n"), 8, "password"),
        (
            with(&format!("[[users]]\nname = \"u\"\naccount = \"One\"\npassword = \"{long}\"\n")),
            8,
            "password",
        ),
        (
            with(
                "[[users]]\nname = \"u\"\naccount = \"One\"\n[[users.roles]]\nproject = \"p\"\nrole = \"member\"\n",
            ),
            9,
            "project p",
        ),
        (
            with(
                "[[users]]\nname = \"u\"\naccount = \"One\"\n[[users.roles]]\nproject = \"p\"\nrole = \"king\"\n",
            ),
            10,
            "king",
        ),
    ] {
        let (at, reason) = wrong(&ground, &text).await;
        assert_eq!(at, line, "{reason} for {text}");
        assert!(reason.contains(says), "{reason} for {text}");
    }
    assert!(tenant::read_regions(&ground.db).await.unwrap().is_empty(), "nothing was changed");
    let shown = apply(&ground, "w.toml", "[[regions]]\nname = \" r\"\n").await.unwrap_err();
    assert!(shown.to_string().starts_with("w.toml:2: "), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_operator_gets_a_password_in_a_private_file_once() {
    let (home, ground) = ground(Engine::Sqlite).await;
    let file = home.folder.path().join("admin-password");
    assert_eq!(bootstrap(&ground, &file).await.unwrap(), Bootstrapped::Made);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let password = std::fs::read_to_string(&file).unwrap();
    let admin = user::read_by_name(&ground.db, &AccountId::trusted("default"), "admin").await;
    let admin = admin.unwrap().unwrap();
    assert!(admin.user.is_system_admin);
    let turn = ground.identity.passwords().turn().await.unwrap();
    assert!(turn.fits(password.trim(), admin.password_hash.as_deref()).await.unwrap());
    assert_eq!(tenant::read_regions(&ground.db).await.unwrap().len(), 1);
    assert_eq!(bootstrap(&ground, &file).await.unwrap(), Bootstrapped::OperatorExists);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), password);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_file_left_by_a_run_that_died_is_used_if_it_is_private() {
    let (home, ground) = ground(Engine::Sqlite).await;
    let file = home.folder.path().join("admin-password");
    let password = "p".repeat(43);
    std::fs::write(&file, &password).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = bootstrap(&ground, &file).await.unwrap_err();
    assert!(refused.to_string().contains("read by others"), "{refused}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(bootstrap(&ground, &file).await.unwrap(), Bootstrapped::Made);
    let admin = user::read_by_name(&ground.db, &AccountId::trusted("default"), "admin").await;
    let hash = admin.unwrap().unwrap().password_hash;
    let turn = ground.identity.passwords().turn().await.unwrap();
    assert!(turn.fits(&password, hash.as_deref()).await.unwrap());
}
