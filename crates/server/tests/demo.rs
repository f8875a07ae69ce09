//! The demo world comes whole and goes without a trace (XC-10), on real folders.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use lendglass_server::config::Config;
use lendglass_server::config::args::Flags;
use lendglass_server::service::{demo, world};
use lendglass_server::start;
use lendglass_store::{Statement, image, params};

/// Files below a folder.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_comes_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let data = Some(folder.path().to_string_lossy().into_owned());
    let flags = Flags { data, demo: true, ..Flags::default() };
    let config = Config::load(&flags, &BTreeMap::new(), None).unwrap();
    let ground = start::ground(&config).await.unwrap();
    let before = demo::accounts(&ground.parts.db).await.unwrap();
    world::apply(&ground.parts, "demo", world::demo_world()).await.unwrap();
    demo::remember_accounts(&ground.parts.db, &before).await.unwrap();
    let app = start::app(&config, ground, None).await.unwrap();
    static SHARES: Statement = Statement::new(
        "select state, cast(count(*) as bigint) from share group by state order by 1",
    );
    for _ in 0..2 {
        demo::make(&app).await.unwrap();
        let mut states = Vec::new();
        for row in app.db.read(&SHARES, params![]).await.unwrap() {
            let mut columns = row.read();
            states.push((columns.text().unwrap(), columns.int().unwrap()));
        }
        let one = |state: &str| (state.to_owned(), 1);
        assert_eq!(states, [one("accepted"), one("pending"), one("rejected")]);
        assert_eq!(files(&folder.path().join("blobs")), 5);
        assert!(image::check_access(&app.db).await.unwrap().is_empty());
    }
    assert_eq!(demo::purge(&app).await.unwrap(), 5);
    static LEFT: Statement = Statement::new(
        "select cast((select count(*) from image) + (select count(*) from account) \
         + (select count(*) from project) + (select count(*) from account_user) \
         + (select count(*) from blob) + (select count(*) from share) \
         + (select count(*) from image_access) + (select count(*) from region) as bigint)",
    );
    let left = app.db.read(&LEFT, params![]).await.unwrap().remove(0).read().int().unwrap();
    assert_eq!(left, 0);
    assert_eq!(files(&folder.path().join("blobs")), 0);
    assert_eq!(demo::purge(&app).await.unwrap(), 0, "a second purge finds nothing");
}
