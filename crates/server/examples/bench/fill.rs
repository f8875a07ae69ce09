//! A large installation, written straight into the tables: what the use cases would leave there.
//!
//! alice sees nearly all images: she owns every other one and has accepted most of the rest; of each
//! twenty images one waits for her answer. carol sees one in a hundred. Every third hundredth image is
//! public, one in fifty is private, all others are shared with ten recipients.

use std::path::Path;

use lendglass_server::config::Config;
use lendglass_server::config::args::Flags;
use lendglass_server::service::world;
use lendglass_server::start;
use lendglass_store::Db;
use lendglass_store::db::{Engine, Statement, Value};

/// How large.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub images: u64,
    /// Recipients of each shared image.
    pub shares: u64,
}

/// Images written in one transaction: PostgreSQL ends statements that take half a minute.
const BATCH: u64 = 10_000;
/// The label and the property that one image in a thousand carries.
pub const RARE: &str = "rare";

/// alice, bob and carol, each with a project of the same name as its letter.
pub fn world() -> String {
    let mut text = "[[regions]]\nid = \"r1\"\nname = \"One\"\n".to_owned();
    for (account, user, project) in
        [("Acme", "alice", "a"), ("Borealis", "bob", "b"), ("Cumulus", "carol", "c")]
    {
        text.push_str(&format!(
            "[[accounts]]\nname = \"{account}\"\n\
             [[projects]]\nid = \"{project}\"\nname = \"{project}\"\naccount = \"{account}\"\nregion = \"r1\"\n\
             [[users]]\nname = \"{user}\"\naccount = \"{account}\"\npassword = \"demo\"\n\
             roles = [{{ project = \"{project}\", role = \"admin\" }}]\n"
        ));
    }
    text
}

/// Makes the database with its people and fills it; answers the bytes that a share takes on disk.
pub async fn fill(data: &Path, database: Option<&str>, size: Size) -> f64 {
    let flags = Flags {
        data: Some(data.to_string_lossy().into_owned()),
        database: database.map(str::to_owned),
        ..Flags::default()
    };
    let config = Config::load(&flags, &Default::default(), None).unwrap();
    let ground = start::ground(&config).await.unwrap();
    world::apply(&ground.parts, "bench", &world()).await.unwrap();
    let db = ground.parts.db.clone();
    let run = async |text: &str, from: u64| {
        let params = vec![Value::from(from), Value::from((from + BATCH).min(size.images))];
        let statement = Statement::composed(for_engine(text, db.engine()));
        db.write(move |tx| tx.execute(&statement, &params)).await.unwrap()
    };
    for from in (0..size.images).step_by(BATCH as usize) {
        for text in [IMAGES, OWN_ACCESS, TAGS, PROPERTIES] {
            run(text, from).await;
        }
    }
    let before = bytes(&db).await;
    let mut shares = 0;
    for from in (0..size.images).step_by(BATCH as usize) {
        for recipient in 0..size.shares {
            let text = SHARES.replace("{k}", &recipient.to_string());
            shares += run(&text, from).await;
        }
        run(SHARED_ACCESS, from).await;
    }
    let after = bytes(&db).await;
    settle(&db).await;
    (after - before) / shares as f64
}

/// The numbers of a batch.
const NUMBERS: &str = "with recursive n(i) as (select cast($1 as bigint) union all select i + 1 \
     from n where i + 1 < cast($2 as bigint))";

const IMAGES: &str = "insert into image (id, region_id, owner_id, name, name_folded, kind, status, \
     visibility, is_hidden, is_protected, is_published, disk_format, container_format, min_disk_gib, \
     min_ram_mib, size_bytes, virtual_size_bytes, md5_hex, digest_algo, digest_hex, encryption, tags, \
     properties, is_from_backup, source_image_id, share_count, tencent_id, created_at, updated_at) \
     {n} select {id}, 'r1', case when i % 2 = 0 then 'a' when i % 500 = 3 then 'c' \
     else 'o' || (i % 1000) end, {name}, {name}, 'system', 'active', \
     case when i % 333 = 7 then 'public' when i % 50 = 2 then 'private' else 'shared' end, \
     0, 0, 0, 'qcow2', 'bare', 10, 512, 2361393152, 10737418240, \
     '900150983cd24fb0d6963f7d28e17f72', 'sha512', {digest}, 'none', \
     case when i % 1000 = 11 then '[\"rare\"]' else '[\"web\"]' end, \
     case when i % 1000 = 11 then '{\"os_distro\":\"rare\"}' else '{\"os_distro\":\"debian\"}' end, \
     0, null, 0, 'img-' || {short}, 1700000000000000 + i * 1000000, \
     1700000000000000 + ((i * 7919) % 1000003) * 1000000 from n where i < cast($2 as bigint)";
const OWN_ACCESS: &str = "insert into image_access \
     (region_id, principal, is_hidden, created_at, image_id, via, ends_at, name) \
     select region_id, 'p:' || owner_id, 0, created_at, id, 'own', 0, name from image {batch} \
     union all select region_id, 'all', 0, created_at, id, 'operator', 0, name from image {batch} \
     union all select region_id, '*', 0, created_at, id, 'public', 0, name from image {batch} \
     and visibility = 'public'";
const TAGS: &str = "insert into image_tag (image_id, tag) {n} \
     select {id}, case when i % 1000 = 11 then 'rare' else 'web' end from n where i < cast($2 as bigint)";
const PROPERTIES: &str = "insert into image_property (image_id, name, value) {n} \
     select {id}, 'os_distro', case when i % 1000 = 11 then 'rare' else 'debian' end from n \
     where i < cast($2 as bigint)";
const SHARES: &str = "insert into share (image_id, recipient_kind, recipient_id, owner_id, region_id, \
     state, created_at, updated_at, image_created_at) {n} select {id}, 'project', \
     case when {k} = 0 and i % 2 = 1 then 'a' when {k} = 1 and i % 200 = 5 then 'c' \
     else 't' || ((i * 7 + {k} * 101) % 1000) end, \
     case when i % 2 = 0 then 'a' when i % 500 = 3 then 'c' else 'o' || (i % 1000) end, 'r1', \
     case when {k} = 0 and i % 20 = 9 then 'pending' when {k} < 7 then 'accepted' \
     when {k} = 9 then 'rejected' else 'pending' end, \
     1700000000000000 + i * 1000000, 1700000000000000 + i * 1000000, \
     1700000000000000 + i * 1000000 from n where i < cast($2 as bigint) and i % 333 <> 7 and i % 50 <> 2";
const SHARED_ACCESS: &str = "insert into image_access \
     (region_id, principal, is_hidden, created_at, image_id, via, ends_at, name) \
     select i.region_id, 's:' || s.recipient_id, 0, i.created_at, i.id, 'share', 0, i.name \
     from image i join share s on s.image_id = i.id and s.state = 'accepted' {batch}";

/// The id of the image with a number.
pub fn id(number: u64) -> String {
    format!("{:08x}-0000-4000-8000-{number:012x}", number * 2_654_435_761 % 4_294_967_296)
}

fn for_engine(text: &str, engine: Engine) -> String {
    let spread = "(i * 2654435761) % 4294967296";
    let (short, long) = match engine {
        Engine::Sqlite => (format!("printf('%08x', {spread})"), "printf('%012x', i)"),
        Engine::Postgres => (format!("lpad(to_hex({spread}), 8, '0')"), "lpad(to_hex(i), 12, '0')"),
    };
    text.replace("{n}", NUMBERS)
        .replace("{id}", &format!("{short} || '-0000-4000-8000-' || {long}"))
        .replace("{name}", &format!("'image-' || {short}"))
        .replace("{short}", &short)
        .replace("{digest}", &format!("'{}'", "ddaf35a193617aba".repeat(8)))
        .replace(
            "{batch}",
            "where {i}created_at >= 1700000000000000 + cast($1 as bigint) * 1000000 \
             and {i}created_at < 1700000000000000 + cast($2 as bigint) * 1000000",
        )
        .replace("{i}", if text == SHARED_ACCESS { "i." } else { "" })
}

/// What the database takes on disk.
async fn bytes(db: &Db) -> f64 {
    let text = match db.engine() {
        Engine::Sqlite => {
            "select (select page_count from pragma_page_count) * (select page_size from pragma_page_size)"
        }
        Engine::Postgres => "select cast(pg_database_size(current_database()) as bigint)",
    };
    let rows = db.read(&Statement::new(text), Vec::new()).await.unwrap();
    rows.into_iter().next().unwrap().read().int().unwrap() as f64
}

/// What a database does by itself in quiet hours.
async fn settle(db: &Db) {
    if db.engine() == Engine::Postgres {
        let analyze = Statement::new("analyze");
        db.write(move |tx| tx.execute(&analyze, &[])).await.unwrap();
    }
}
