//! The plans of a page agree: whichever is taken, the same images come in the same order.

use std::collections::BTreeMap;

use lendglass_core::ImageId;
use lendglass_core::image::{Encryption, ImageKind, ImageStatus};

use super::*;
use crate::db::Location;
use crate::migrate;

fn numbered(number: i64) -> Image {
    let own = number % 3 != 0;
    Image {
        id: ImageId::trusted(format!("image-{:02}", (number * 37) % 100)),
        region: RegionId::trusted("r1"),
        owner: ProjectId::trusted(if own { "a" } else { "b" }),
        name: (number % 4 != 0).then(|| format!("name {}", number % 5)),
        kind: ImageKind::SystemDisk,
        status: ImageStatus::Active,
        visibility: if number % 6 == 0 { Visibility::Public } else { Visibility::Private },
        is_hidden: number % 10 == 7,
        is_protected: false,
        is_published: false,
        disk_format: None,
        container_format: None,
        min_disk_gib: 0,
        min_ram_mib: 0,
        size_bytes: None,
        virtual_size_bytes: None,
        digests: None,
        encryption: Encryption::None,
        tags: if number % 4 == 1 { vec!["web".to_owned()] } else { Vec::new() },
        properties: BTreeMap::from([("os".to_owned(), format!("os {}", number % 2))]),
        is_from_backup: false,
        source_image: None,
        rank: 0,
        shares: 0,
        created_at: Timestamp(number / 2),
        updated_at: Timestamp((number * 7) % 11),
    }
}

fn query(order: &[(SortKey, Direction)], filters: &[Filter], after: Option<&Image>) -> ImageQuery {
    ImageQuery {
        region: RegionId::trusted("r1"),
        sources: vec![Source::Owned(ProjectId::trusted("a")), Source::Public],
        is_hidden: false,
        filters: filters.to_vec(),
        order: order.to_vec(),
        after: after.cloned().map(Box::new),
        limit: 7,
        now: Timestamp(1),
    }
}

async fn rows(db: &Db, write: impl FnOnce(&mut Text) -> String) -> Vec<Image> {
    let mut text = Text::default();
    let sql = write(&mut text);
    read(db.read(&Statement::composed(sql), text.params).await.unwrap()).unwrap()
}

/// Walks all pages of a query by `one` and by sorting, and compares them.
async fn check_pages<W>(db: &Db, order: &[(SortKey, Direction)], filters: &[Filter], one: W)
where
    W: Fn(&mut Text, &ImageQuery) -> String,
{
    let (mut after, mut met) = (None, 0);
    loop {
        let query = query(order, filters, after.as_ref());
        let sorted = rows(db, |text| text.sort(&query)).await;
        assert_eq!(rows(db, |text| one(text, &query)).await, sorted, "{order:?} {filters:?}");
        assert_eq!(images(db, &query).await.unwrap(), sorted, "{order:?} {filters:?}");
        met += sorted.len();
        let Some(last) = sorted.last() else { break };
        after = Some(last.clone());
    }
    assert!(met > 7, "{met} images are more than one page");
}

async fn check_all(db: &Db) {
    migrate::migrate(db, Timestamp(0), None).await.unwrap();
    for number in 0..60 {
        let image = numbered(number);
        let alias = format!("img-{number}");
        db.write(move |tx| image::insert(tx, &image, &alias)).await.unwrap();
    }
    let tag = Filter::Tag("web".to_owned());
    let property = Filter::Property("os".to_owned(), "os 1".to_owned());
    for way in [Direction::Ascending, Direction::Descending] {
        let order = [(SortKey::UpdatedAt, way)];
        check_pages(db, &order, &[], |text, query| text.walk_all(query, way)).await;
        check_pages(db, &[(SortKey::Name, way)], &[], |text, query| text.walk(query, BY_NAME, way))
            .await;
        let order = [(SortKey::CreatedAt, way)];
        check_pages(db, &order, &[], |text, query| text.walk(query, BY_CREATION, way)).await;
        for filter in [&tag, &property] {
            let filters = std::slice::from_ref(filter);
            check_pages(db, &order, filters, |text, query| text.among(query, filter)).await;
            check_pages(db, &order, filters, |text, query| text.walk(query, BY_CREATION, way))
                .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plan_gives_the_same_pages_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&Location::File(folder.path().join("db.sqlite"))).await.unwrap();
    check_all(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plan_gives_the_same_pages_on_postgres() {
    let url = tokio::task::spawn_blocking(postgres::url).await.unwrap();
    check_all(&Db::open(&Location::Url(url)).await.unwrap()).await;
}
