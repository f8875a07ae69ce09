//! Tenants, users, credentials and revocations: one suite, run by each engine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/postgres.rs"]
mod postgres;

use lendglass_core::tenant::{Account, Assigned, Project, Region, Role};
use lendglass_core::{AccountId, ProjectId, RegionId, Timestamp, UserId};
use lendglass_store::db::Location;
use lendglass_store::revocation::{self, Revocable, Revocation};
use lendglass_store::user::{self, Assignment, User};
use lendglass_store::{Db, audit, candidates, credential, migrate, tenant};

async fn check_all(db: &Db) {
    migrate::migrate(db, Timestamp(1), None).await.unwrap();
    check_statements(db).await;
    check_tenants(db).await;
    check_users(db).await;
    check_revocations(db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&Location::File(folder.path().join("t.sqlite"))).await.unwrap();
    check_all(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let url = tokio::task::spawn_blocking(postgres::url).await.unwrap();
    let db = Db::open(&Location::Url(url)).await.unwrap();
    check_all(&db).await;
}

async fn check_statements(db: &Db) {
    let files = [
        audit::STATEMENTS,
        credential::STATEMENTS,
        revocation::STATEMENTS,
        tenant::STATEMENTS,
        user::STATEMENTS,
    ];
    for statement in files.into_iter().flatten() {
        db.prepare(statement).await.unwrap();
    }
}

fn account(id: &str, uid: &str, email: &str) -> Account {
    Account {
        id: AccountId::trusted(id),
        uid: uid.to_owned(),
        email: Some(email.to_owned()),
        name: id.to_uppercase(),
        is_enabled: true,
    }
}

fn project(id: &str, account: &str, region: &str) -> Project {
    Project {
        id: ProjectId::trusted(id),
        account: AccountId::trusted(account),
        name: format!("name-{id}"),
        description: String::new(),
        region: Some(RegionId::trusted(region)),
        is_discoverable: true,
        is_enabled: true,
    }
}

async fn check_tenants(db: &Db) {
    db.write(|tx| {
        let region =
            |id: &str| Region { id: RegionId::trusted(id), name: id.into(), zones: Vec::new() };
        tenant::insert_region(
            tx,
            &Region { zones: vec!["a".into(), "b".into()], ..region("r9") },
            Timestamp(1),
        )?;
        tenant::insert_region(tx, &region("r1"), Timestamp(1))?;
        tenant::insert_account(tx, &account("y", "200", "Root@Borealis.example"), Timestamp(1))?;
        for (id, region) in [("b", "r1"), ("b2", "r1"), ("b3", "r9")] {
            tenant::insert_project(tx, &project(id, "y", region), Timestamp(7))?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let regions = tenant::read_regions(db).await.unwrap();
    let ids: Vec<_> = regions.iter().map(|region| region.id.as_str()).collect();
    assert_eq!(ids, ["r9", "r1"], "in the order they were added");
    assert_eq!(regions[0].zones, ["a", "b"]);

    let here = RegionId::trusted("r1");
    for text in ["y", "200", "root@borealis.EXAMPLE"] {
        let here = here.clone();
        let found = db.write(move |tx| candidates::of(tx, text, &here)).await.unwrap();
        assert_eq!(found.account.unwrap().id.as_str(), "y", "{text}");
        let ids: Vec<_> = found.account_projects.iter().map(ProjectId::as_str).collect();
        assert_eq!(ids, ["b", "b2"]);
        assert_eq!(found.project, None);
    }
    let found = db.write(move |tx| candidates::of(tx, "b3", &here)).await.unwrap();
    assert_eq!(found.project.unwrap().region.unwrap().as_str(), "r9");

    let ids: Vec<_> = ["b", "nobody", "b3"].map(ProjectId::trusted).into();
    let mut names = tenant::names(db, &ids).await.unwrap();
    names.sort();
    assert_eq!(names.len(), 2);
    assert_eq!(names[0], (ProjectId::trusted("b"), "name-b".to_owned()));
    assert_eq!(tenant::names(db, &ids[..1]).await.unwrap().len(), 1);
}

async fn check_users(db: &Db) {
    let bob = User {
        id: UserId::trusted("bob"),
        account: AccountId::trusted("y"),
        name: "bob".into(),
        email: String::new(),
        description: String::new(),
        default_project: None,
        is_enabled: true,
        is_system_admin: false,
    };
    let given = Assignment {
        user: bob.id.clone(),
        project: ProjectId::trusted("b"),
        assigned: Assigned::Role(Role::Member),
    };
    let (inserted, granted) = (bob.clone(), given.clone());
    db.write(move |tx| {
        user::insert(tx, &inserted, Some("hash"), Timestamp(10))?;
        assert!(user::grant(tx, &granted, Timestamp(10))?);
        assert!(!user::grant(tx, &granted, Timestamp(11))?, "given already");
        Ok(())
    })
    .await
    .unwrap();
    let known = user::read_by_name(db, &bob.account, "bob").await.unwrap().unwrap();
    assert_eq!((known.epoch, known.account_name.as_str()), (10, "Y"));
    assert_eq!(known.password_hash.as_deref(), Some("hash"));
    let roles = user::read_assigned(db, &bob.id, &given.project).await.unwrap();
    assert_eq!(roles, [given.assigned]);
    let found = db.write(|tx| candidates::of(tx, "bob", &RegionId::trusted("r1"))).await;
    assert!(found.unwrap().is_user);

    let id = bob.id.clone();
    let epochs = db
        .write(move |tx| {
            let same_moment = user::raise_epoch(tx, &id, Timestamp(10))?;
            let later = user::raise_epoch(tx, &id, Timestamp(50))?;
            Ok((same_moment, later))
        })
        .await
        .unwrap();
    assert_eq!(epochs, (Some(11), Some(50)), "an epoch always grows");
}

async fn check_revocations(db: &Db) {
    let one = |id: &str, below, expires| Revocation {
        kind: Revocable::User,
        id: id.to_owned(),
        below,
        expires_at: Timestamp(expires),
    };
    let (first, again, other) = (one("u", 5, 100), one("u", 6, 200), one("v", 1, 100));
    let written = [first.clone()];
    db.write(move |tx| revocation::insert(tx, &written)).await.unwrap();
    let (seen, seq) = revocation::read_since(db, 0).await.unwrap();
    assert_eq!(seen, [first]);
    let written = [again.clone(), other.clone()];
    db.write(move |tx| revocation::insert(tx, &written)).await.unwrap();
    let (mut seen, later) = revocation::read_since(db, seq).await.unwrap();
    seen.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(seen, [again.clone(), other]);
    assert!(later > seq);
    assert_eq!(revocation::read_since(db, later).await.unwrap(), (Vec::new(), later));
    assert_eq!(db.write(|tx| revocation::purge(tx, Timestamp(150))).await.unwrap(), 1);
    assert_eq!(revocation::read_since(db, 0).await.unwrap(), (vec![again], later));
}
