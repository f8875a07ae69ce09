//! The chain over the audit trail: tampering shows, sealers never fork it, syslog gets all (T-049).

use std::path::Path;

use lendglass_core::image::ImageKind;
use lendglass_core::{Code, Error};
use lendglass_server::drivers::syslog::Target;
use lendglass_server::service::audit::chain::{self, Head};
use lendglass_server::service::audit::forward;
use lendglass_server::service::audit::verify::{Finding, Verdict, verify};
use lendglass_server::service::image;
use lendglass_store::audit_chain::{self as store_chain, Duty};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket, UnixDatagram};

use crate::cloud::{Cloud, caller, refused};

stories! {
    lendglass "lendglass":
        t_049_every_kind_of_tampering_is_found,
        t_049_two_sealers_never_fork_the_chain,
        t_049_a_sealer_may_die_between_any_two_steps,
        t_049_syslog_gets_all_in_order_at_least_once;
}

impl Cloud {
    async fn seal(&self) -> Head {
        let head = chain::round(&self.app.db, self.app.trail.key(), "one").await.unwrap();
        head.expect("something was sealed")
    }

    async fn verdict(&self, from: i64, known: Option<&Head>) -> Verdict {
        let key = self.app.trail.key();
        verify(&self.app.db, key, from, known, self.app.clock.now()).await.unwrap()
    }
}

async fn t_049_every_kind_of_tampering_is_found(cloud: &Cloud) {
    let empty = cloud.verdict(1, None).await;
    assert!(empty.is_whole(), "{empty:?}");
    for at in 0..12 {
        cloud.queued("alice", &format!("image {at}"), ImageKind::SystemDisk).await;
    }
    let head = cloud.seal().await;
    let last = head.seq;
    assert!(last >= 12);
    let whole = cloud.verdict(1, Some(&head)).await;
    assert!(whole.is_whole() && whole.head == head, "{whole:?}");
    assert_eq!(whole.rows, u64::try_from(last).unwrap());
    assert!(cloud.verdict(5, Some(&head)).await.is_whole());
    let short = chain::round(&cloud.app.db, cloud.app.trail.key(), "one").await.unwrap();
    assert_eq!(short, None, "nothing is left to seal");

    let altered = |verdict: &Verdict| -> Vec<i64> {
        let seq = |finding: &Finding| {
            let Finding::Altered { seq, .. } = finding else { panic!("{finding}") };
            *seq
        };
        verdict.findings.iter().map(seq).collect()
    };

    // Changed: each column.
    for column in [
        "at = at + 1",
        "verb = 'image.delete'",
        "region_id = 'r9'",
        "user_id = 'mallory'",
        "project_id = 'p'",
        "account_id = 'q'",
        "counterpart_kind = 'project'",
        "counterpart_id = 'z'",
        "target = 'elsewhere'",
        "detail = 'nothing'",
        "source = '::1'",
        "request_id = 'other'",
        "result = 'failed'",
        "code = 'INTERNAL'",
    ] {
        let name = column.split(' ').next().unwrap();
        cloud
            .sql(&format!("create table kept as select {name} as was from audit where seq = 6"))
            .await;
        cloud.sql(&format!("update audit set {column} where seq = 6")).await;
        assert_eq!(altered(&cloud.verdict(1, None).await), [6], "{column}");
        cloud.sql(&format!("update audit set {name} = (select was from kept) where seq = 6")).await;
        cloud.sql("drop table kept").await;
        assert!(cloud.verdict(1, None).await.is_whole(), "{column}");
    }

    // Moved: two rows have changed places.
    cloud.sql("update audit set seq = -1 where seq = 4").await;
    cloud.sql("update audit set seq = 4 where seq = 5").await;
    cloud.sql("update audit set seq = 5 where seq = -1").await;
    let moved = altered(&cloud.verdict(1, None).await);
    assert!(moved.contains(&4) && moved.contains(&5), "{moved:?}");
    cloud.sql("update audit set seq = -1 where seq = 4").await;
    cloud.sql("update audit set seq = 4 where seq = 5").await;
    cloud.sql("update audit set seq = 5 where seq = -1").await;
    assert!(cloud.verdict(1, None).await.is_whole());

    // Removed from the middle, and set back to be sealed anew.
    cloud.sql("create table kept as select * from audit where seq in (7, 8)").await;
    cloud.sql("delete from audit where seq in (7, 8)").await;
    let removed = cloud.verdict(1, None).await;
    assert_eq!(removed.findings, [Finding::Missing { first: 7, last: 8 }]);
    cloud.sql("insert into audit select * from kept").await;
    cloud.sql("drop table kept").await;
    assert!(cloud.verdict(1, None).await.is_whole());

    // Inserted: at a place that is taken, and after the head.
    cloud.sql("drop index audit_by_seq").await;
    let forged = |seq: i64| {
        format!(
            "insert into audit (id, at, verb, region_id, user_id, project_id, account_id, target, \
             detail, source, request_id, result, seq, mac) select 'zz', at, verb, region_id, \
             user_id, project_id, account_id, target, detail, source, request_id, result, {seq}, \
             mac from audit where seq = 6"
        )
    };
    cloud.sql(&forged(6)).await;
    let doubled = cloud.verdict(1, None).await;
    assert!(
        doubled.findings.iter().any(|f| matches!(f, Finding::Doubled { seq: 6, .. })),
        "{doubled:?}"
    );
    cloud.sql("delete from audit where id = 'zz'").await;
    cloud.sql(&forged(last + 1)).await;
    let beyond = cloud.verdict(1, None).await;
    assert!(beyond.findings.contains(&Finding::BeyondHead { head: last, last: last + 1 }));
    let stuck = chain_error(cloud).await;
    assert!(stuck.internal_text().contains("beyond its head"), "{stuck:?}");
    cloud.sql("delete from audit where id = 'zz'").await;
    assert!(cloud.verdict(1, None).await.is_whole());
    cloud.sql("delete from audit where request_id = 'probe'").await;

    // Cut off: by the head in the database, and by the one of the log where that was set back too.
    cloud.sql("create table early as select * from audit_lease where name = 'sealer'").await;
    cloud.queued("alice", "late", ImageKind::SystemDisk).await;
    let late = cloud.seal().await;
    cloud.sql(&format!("delete from audit where seq = {}", late.seq)).await;
    let cut = cloud.verdict(1, None).await;
    let known_from = "the database";
    assert_eq!(cut.findings, [Finding::CutOff { last, head: late.seq, known_from }]);
    cloud.sql("update audit_lease set head = (select head from early) where name = 'sealer'").await;
    assert!(cloud.verdict(1, None).await.is_whole(), "the database alone cannot know");
    let cut = cloud.verdict(1, Some(&late)).await;
    let known_from = "the log";
    assert_eq!(cut.findings, [Finding::CutOff { last, head: late.seq, known_from }]);
    // ... and written anew by whoever holds the key: other seals than the log knows.
    cloud.queued("alice", "other", ImageKind::SystemDisk).await;
    let other = cloud.seal().await;
    assert_eq!(other.seq, late.seq);
    let seq = late.seq;
    let known = cloud.verdict(1, Some(&late)).await;
    assert_eq!(known.findings, [Finding::OtherHead { seq, known_from }]);

    // A head of somebody else's making.
    cloud.sql("update audit_lease set head = 'aes256gcm:AAAA' where name = 'sealer'").await;
    assert_eq!(cloud.verdict(1, None).await.findings, [Finding::HeadForged]);
    assert!(Head::parse(&other.to_string()) == Some(other.clone()));
}

/// What a sealer says that cannot go on.
async fn chain_error(cloud: &Cloud) -> Error {
    let mut probe = caller("alice");
    probe.request_id = "probe".to_owned();
    let new = image::NewImage::default();
    image::create(&cloud.app, &probe, new).await.unwrap();
    chain::round(&cloud.app.db, cloud.app.trail.key(), "one").await.unwrap_err()
}

async fn t_049_two_sealers_never_fork_the_chain(cloud: &Cloud) {
    let other = cloud.second().await;
    let app = &cloud.app;
    let write = async {
        for at in 0..60 {
            cloud.queued("alice", &format!("image {at}"), ImageKind::SystemDisk).await;
        }
    };
    let sealer = |db: lendglass_store::Db, owner: &'static str| async move {
        for _ in 0..60 {
            chain::round(&db, app.trail.key(), owner).await.unwrap();
            // As if every lease were over at once: only the locked row keeps them apart.
            db.write(store_chain::end_leases).await.unwrap();
        }
    };
    let two = (sealer(app.db.clone(), "one"), sealer(other.app.db.clone(), "two"));
    tokio::join!(write, two.0, two.1);
    while store_chain::has_unsealed(&app.db).await.unwrap() {
        app.db.write(store_chain::end_leases).await.unwrap();
        chain::round(&app.db, app.trail.key(), "one").await.unwrap();
    }
    let verdict = cloud.verdict(1, None).await;
    assert!(verdict.is_whole(), "{verdict:?}");
    let rows = cloud.count("select cast(count(*) as bigint) from audit").await;
    assert_eq!(verdict.head.seq, rows, "every row has its place");

    // A lease that is not over keeps the other one out.
    cloud.queued("alice", "more", ImageKind::SystemDisk).await;
    app.db.write(store_chain::end_leases).await.unwrap();
    cloud.seal().await;
    cloud.queued("alice", "more", ImageKind::SystemDisk).await;
    let db = &other.app.db;
    assert_eq!(chain::round(db, app.trail.key(), "two").await.unwrap(), None);
    chain::release(&app.db, "one").await.unwrap();
    let taken = chain::round(db, app.trail.key(), "two").await.unwrap();
    assert_eq!(taken.map(|head| head.seq), Some(rows + 2));
}

async fn t_049_a_sealer_may_die_between_any_two_steps(cloud: &Cloud) {
    for at in 0..3 {
        cloud.queued("alice", &format!("image {at}"), ImageKind::SystemDisk).await;
    }
    // It dies before the commit, after each of its steps: nothing of it stays.
    for steps in 1..=3 {
        let died = cloud
            .app
            .db
            .write(move |tx| {
                let lease = store_chain::claim(tx, Duty::Sealer, "dead", 60)?.expect("it is free");
                let rows = store_chain::unsealed(tx, 2)?;
                if steps >= 2 {
                    let link = |(row, seq)| store_chain::Link { seq, mac: "1:no".to_owned(), row };
                    let links: Vec<_> = rows.into_iter().zip(1..).map(link).collect();
                    store_chain::seal(tx, &links)?;
                }
                if steps >= 3 {
                    store_chain::advance(tx, &lease, 2, Some("no"))?;
                }
                Err::<(), _>(Error::new(Code::Unavailable))
            })
            .await;
        assert_eq!(refused(died), Code::Unavailable);
        let sealed = "select cast(count(*) as bigint) from audit where seq is not null";
        assert_eq!(cloud.count(sealed).await, 0);
    }
    // It dies after the commit, with its lease: the next one goes on when that is over.
    let head = chain::round(&cloud.app.db, cloud.app.trail.key(), "dead").await.unwrap().unwrap();
    cloud.queued("alice", "later", ImageKind::SystemDisk).await;
    assert_eq!(chain::round(&cloud.app.db, cloud.app.trail.key(), "next").await.unwrap(), None);
    cloud.sql("update audit_lease set lease_until = 0").await;
    let next = chain::round(&cloud.app.db, cloud.app.trail.key(), "next").await.unwrap().unwrap();
    assert_eq!(next.seq, head.seq + 1);
    assert!(cloud.verdict(1, Some(&head)).await.is_whole());
}

async fn t_049_syslog_gets_all_in_order_at_least_once(cloud: &Cloud) {
    for at in 0..5 {
        cloud.queued("alice", &format!("image {at}"), ImageKind::SystemDisk).await;
    }
    let sealed = cloud.seal().await.seq;
    let db = &cloud.app.db;

    // A receiver that breaks off has not got them: all come again.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::Tcp(listener.local_addr().unwrap().to_string());
    let broken = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        peer.read_exact(&mut [0; 10]).await.unwrap();
        peer.set_zero_linger().unwrap();
    };
    let (sent, ()) = tokio::join!(forward::round(db, &target, "one"), broken);
    assert_eq!(refused(sent), Code::Unavailable);
    let mut text = String::new();
    let whole = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        peer.read_to_string(&mut text).await.unwrap();
        peer.shutdown().await.unwrap();
    };
    let (sent, ()) = tokio::join!(forward::round(db, &target, "one"), whole);
    assert_eq!(i64::try_from(sent.unwrap()).unwrap(), sealed);
    let messages = framed(&text);
    let places: Vec<i64> = messages.iter().map(|message| place_of(message)).collect();
    assert_eq!(places, (1..=sealed).collect::<Vec<_>>());
    let create = messages.iter().find(|message| message.contains("image.create")).unwrap();
    assert!(create.starts_with("<110>1 2026-01-01T00:00:00.000000Z "), "{create}");
    assert!(create.contains(" lendglassd - image.create [lendglass@32473 seq=\""), "{create}");
    assert!(create.contains(" user=\"alice\"") && create.ends_with(']'), "{create}");
    assert_eq!(forward::round(db, &target, "one").await.unwrap(), 0, "once is enough");

    // UDP, and the machine's own socket. A value cannot leave its quotes.
    let mut villain = caller("alice");
    villain.source = "1\"] evil [x y=\"\n".to_owned();
    image::create(&cloud.app, &villain, image::NewImage::default()).await.unwrap();
    cloud.seal().await;
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let target = Target::Udp(udp.local_addr().unwrap().to_string());
    assert_eq!(forward::round(db, &target, "one").await.unwrap(), 1);
    let mut buffer = [0; 4096];
    let count = udp.recv(&mut buffer).await.unwrap();
    let message = String::from_utf8(buffer[..count].to_vec()).unwrap();
    assert!(message.contains("source=\"1\\\"\\] evil [x y=\\\"\u{fffd}\""), "{message}");
    assert_eq!(place_of(&message), sealed + 1);

    let path = cloud.home().folder.path().join("log");
    let socket = UnixDatagram::bind(&path).unwrap();
    cloud.queued("alice", "last", ImageKind::SystemDisk).await;
    cloud.seal().await;
    assert_eq!(
        forward::round(db, &Target::Unix(path), "two").await.unwrap(),
        0,
        "one has the lease"
    );
    cloud.sql("update audit_lease set lease_until = 0 where name = 'syslog'").await;
    let path = cloud.home().folder.path().join("log");
    assert_eq!(forward::round(db, &Target::Unix(path), "two").await.unwrap(), 1);
    let count = socket.recv(&mut buffer).await.unwrap();
    assert_eq!(place_of(std::str::from_utf8(&buffer[..count]).unwrap()), sealed + 2);
}

/// Messages with their lengths before them (RFC 6587).
fn framed(text: &str) -> Vec<String> {
    let (mut rest, mut messages) = (text, Vec::new());
    while let Some((length, after)) = rest.split_once(' ') {
        let (message, later) = after.split_at(length.parse().unwrap());
        messages.push(message.to_owned());
        rest = later;
    }
    assert_eq!(rest, "");
    messages
}

fn place_of(message: &str) -> i64 {
    let (_, after) = message.split_once(" seq=\"").unwrap();
    after.split_once('"').unwrap().0.parse().unwrap()
}

/// Rows are inserted and once sealed; no statement of the program changes or removes one otherwise.
#[test]
fn t_049_the_trail_is_append_only() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut touching = Vec::new();
    for folder in ["store/src", "store/migrations", "server/src"] {
        collect(&crates.join(folder), &mut touching);
    }
    let update = "update audit set seq = $2, mac = $3 where id = $1 and seq is null";
    assert_eq!(touching, [update]);
}

fn collect(folder: &Path, touching: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, touching);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
        for words in [
            "update audit ",
            "delete from audit ",
            "delete from audit\"",
            "truncate audit",
            "drop table audit",
            "replace into audit",
        ] {
            for (at, _) in text.match_indices(words) {
                let rest = &text[at..];
                touching.push(rest[..rest.find('"').unwrap_or(rest.len())].to_owned());
            }
        }
    }
}
