//! Bytes in and out: uploads beside the bare receiver and the bare digests, downloads beside nginx.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::figure::{Figures, Goal, median};
use crate::fill;
use crate::load::{Connection, at_once, get, hammer, put, request};
use crate::process::{Lendglassd, Nginx, Receiver, cpu_seconds, forget};
use crate::receiver::digests_alone;
use crate::scale::Scale;

const MIB: usize = 1024 * 1024;
const AT_ONCE: usize = 8;
const RANGE_MIB: usize = 64;
const SMALL: (usize, usize) = (64, 10);
/// Small ranges, and shows beside them.
const CONNECTIONS: usize = 8;

/// One server on SQLite; the database takes no part in what is measured.
pub fn run(figures: &mut Figures, scale: &Scale, folder: &Path) {
    let data = folder.join("bytes");
    let world = folder.join("bytes.toml");
    fs::write(&world, fill::world()).unwrap();
    let server = Lendglassd::start(&data, None, Some(&world));
    let token = server.token("Acme", "alice", "a");
    let site = Site { server, token, data };
    uploads(figures, scale, folder, &site);
    let (_, most) = site.server.memory_mb();
    let most = most.max(site.memory_of_many());
    figures.alone(
        "resident at most, 64 transfers in flight",
        "MB",
        most,
        Goal::AtMost(200.0),
        None,
    );
    downloads(figures, scale, folder, &site);
}

struct Site {
    server: Lendglassd,
    token: String,
    data: PathBuf,
}

impl Site {
    fn make(&self) -> String {
        let body = json!({"name": "bytes", "disk_format": "raw", "container_format": "bare"});
        let made = self.server.json("POST", "/v2/images", &self.token, Some(&body));
        made["id"].as_str().unwrap().to_owned()
    }

    fn upload(&self, mib: usize, content: &[u8]) -> String {
        let id = self.make();
        put(self.server.port, &file_of(&id), &self.token, mib, content);
        id
    }

    /// Removes an image, and waits until its bytes are gone as well.
    fn remove(&self, ids: &[String]) {
        let before = self.blobs().len();
        for id in ids {
            self.server.json("DELETE", &format!("/v2/images/{id}"), &self.token, None);
        }
        let begun = Instant::now();
        while self.blobs().len() + ids.len() > before {
            assert!(begun.elapsed() < Duration::from_secs(60), "deleted bytes stay");
            std::thread::yield_now();
        }
    }

    /// The files of all blobs.
    fn blobs(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.data.join("blobs")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    Ok(_) => found.push(entry.path()),
                    // Removed meanwhile.
                    Err(_) => {}
                }
            }
        }
        found
    }

    /// Resident memory at most while 64 small images come in at once, MB.
    fn memory_of_many(&self) -> f64 {
        let content = random_mib();
        let ids: Vec<String> = (0..SMALL.0).map(|_| self.make()).collect();
        at_once(SMALL.0, |number| {
            put(self.server.port, &file_of(&ids[number]), &self.token, SMALL.1, &content);
        });
        self.remove(&ids);
        self.server.memory_mb().1
    }
}

fn file_of(id: &str) -> String {
    format!("/v2/images/{id}/file")
}

fn random_mib() -> Vec<u8> {
    let mut content = vec![0; MIB];
    File::open("/dev/urandom").unwrap().read_exact(&mut content).unwrap();
    content
}

/// Speeds and costs of two sides that take turns.
#[derive(Default)]
struct Turns {
    speed: (Vec<f64>, Vec<f64>),
    cpu: (Vec<f64>, Vec<f64>),
}

impl Turns {
    fn ours(&mut self, mib: usize, cpu: impl Fn() -> f64, work: impl FnOnce() -> f64) {
        let before = cpu();
        let took = work();
        self.speed.0.push(mib as f64 / took);
        self.cpu.0.push((cpu() - before) * 1024.0 / mib as f64);
    }

    fn theirs(&mut self, mib: usize, cpu: impl Fn() -> f64, work: impl FnOnce() -> f64) {
        let before = cpu();
        let took = work();
        self.speed.1.push(mib as f64 / took);
        self.cpu.1.push((cpu() - before) * 1024.0 / mib as f64);
    }

    /// Two lines: speed, and processor time where it has a goal.
    fn print(self, figures: &mut Figures, name: &str, speed: Goal, cpu: Goal) {
        let costs = (median(self.cpu.0), median(self.cpu.1));
        let beside = Some((costs.0, Some(costs.1), "s/GiB"));
        figures.pair(name, "MiB/s", (median(self.speed.0), median(self.speed.1)), speed, beside);
        if !matches!(cpu, Goal::Nothing) {
            figures.pair(&format!("{name}: processor"), "s/GiB", costs, cpu, None);
        }
    }
}

fn uploads(figures: &mut Figures, scale: &Scale, folder: &Path, site: &Site) {
    figures.part(&format!("uploads of {} MiB beside the bare receiver", scale.large_mib));
    let receiver = Receiver::start(&folder.join("received"));
    let content = random_mib();
    let server = &site.server;
    let own = || cpu_seconds(&[std::process::id()]);
    let receive = |mib| {
        put(receiver.port, "/", "", mib, &content);
    };
    let large = scale.large_mib;
    let (mut one, mut digests) = (Turns::default(), Vec::new());
    // Memory is warm after the first.
    site.remove(&[site.upload(RANGE_MIB, &content)]);
    for _ in 0..scale.turns {
        let mut id = String::new();
        one.ours(large, || server.cpu(), || timed(|| id = site.upload(large, &content)));
        site.remove(&[id]);
        one.theirs(large, || receiver.cpu(), || timed(|| receive(large)));
        let before = own();
        digests_alone(large, &content);
        digests.push((own() - before) * 1024.0 / large as f64);
    }
    let pair = (median(one.cpu.0.clone()), median(digests));
    one.print(figures, "one upload", Goal::AtLeast(0.9), Goal::Nothing);
    let name = "one upload: processor beside the two digests alone";
    figures.pair(name, "s/GiB", pair, Goal::AtMost(1.5), None);
    let each = large / AT_ONCE;
    for (name, count, mib) in
        [("8 uploads at once", AT_ONCE, each), ("64 uploads of 10 MiB at once", SMALL.0, SMALL.1)]
    {
        let mut many = Turns::default();
        for _ in 0..scale.turns {
            let ids: Vec<String> = (0..count).map(|_| site.make()).collect();
            let path = |number: usize| file_of(&ids[number]);
            many.ours(
                count * mib,
                || server.cpu(),
                || {
                    at_once(count, |n| {
                        put(server.port, &path(n), &site.token, mib, &content);
                    })
                },
            );
            site.remove(&ids);
            many.theirs(count * mib, || receiver.cpu(), || at_once(count, |_| receive(mib)));
        }
        many.print(figures, name, Goal::AtLeast(0.9), Goal::Nothing);
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

/// How a body is read.
#[derive(Clone, Copy)]
enum Read {
    Whole,
    Ranges,
}

fn downloads(figures: &mut Figures, scale: &Scale, folder: &Path, site: &Site) {
    figures.part(&format!("downloads of {} MiB beside nginx with sendfile", scale.large_mib));
    let id = site.upload(scale.large_mib, &random_mib());
    let blobs = site.blobs();
    let blob = blobs.iter().max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    // nginx reads its copy of the same bytes, as its own user.
    let root = folder.join("downloads");
    fs::create_dir_all(&root).unwrap();
    fs::hard_link(blob, root.join("blob")).unwrap();
    let nginx = Nginx::start(&folder.join("nginx-bytes"), &root);
    let sides = Sides { site, nginx: &nginx, path: file_of(&id), mib: scale.large_mib };
    read(&sides, false, Read::Whole);
    for (name, count, how) in [
        ("whole, warm", 1, Read::Whole),
        ("ranges of 64 MiB, warm", 1, Read::Ranges),
        ("8 at once, warm", AT_ONCE, Read::Whole),
    ] {
        let mut turns = Turns::default();
        for number in 0..scale.turns.max(6) {
            sides.turn(&mut turns, number, count, how, || {});
        }
        turns.print(figures, name, Goal::AtLeast(0.9), Goal::AtMost(1.1));
    }
    let mut turns = Turns::default();
    for number in 0..scale.turns.max(6) {
        sides.turn(&mut turns, number, 1, Read::Whole, || forget(blob));
    }
    turns.print(figures, "whole, cold", Goal::AtLeast(0.9), Goal::AtMost(1.1));
    small_ranges(figures, scale, site, &id);
    fs::remove_file(root.join("blob")).unwrap();
    site.remove(&[id]);
}

struct Sides<'a> {
    site: &'a Site,
    nginx: &'a Nginx,
    path: String,
    mib: usize,
}

impl Sides<'_> {
    /// Either side goes first every other time: what lies below the page cache (the cache of a disk, or
    /// of the machine that lends this one its disk) serves the second faster.
    fn turn(&self, turns: &mut Turns, number: usize, count: usize, how: Read, before: impl Fn()) {
        let nginx_is_second = number.is_multiple_of(2);
        for from_nginx in [!nginx_is_second, nginx_is_second] {
            before();
            let work = || at_once(count, |_| read(self, from_nginx, how));
            match from_nginx {
                true => turns.theirs(self.mib * count, || self.nginx.cpu(), work),
                false => turns.ours(self.mib * count, || self.site.server.cpu(), work),
            }
        }
    }
}

fn read(sides: &Sides<'_>, from_nginx: bool, how: Read) {
    let (port, path) = match from_nginx {
        true => (sides.nginx.port, "/blob"),
        false => (sides.site.server.port, sides.path.as_str()),
    };
    let mut connection = Connection::open(port);
    let mut get = |range| get(&mut connection, path, &sides.site.token, range);
    match how {
        Read::Whole => assert_eq!(get(None), (sides.mib * MIB) as u64),
        Read::Ranges => {
            for first in (0..sides.mib).step_by(RANGE_MIB) {
                let last = (first + RANGE_MIB).min(sides.mib);
                get(Some(((first * MIB) as u64, (last * MIB - 1) as u64)));
            }
        }
    }
}

fn small_ranges(figures: &mut Figures, scale: &Scale, site: &Site, id: &str) {
    let show = request("GET", &format!("/v2/images/{id}"), &site.token, None);
    let mut range = request("GET", &file_of(id), &site.token, None);
    let end = range.len() - 2;
    range.splice(end..end, *b"range: bytes=8192-12287\r\n");
    let mut turns = Turns::default();
    let cpu = || site.server.cpu();
    let mut costs = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let before = cpu();
        let rate = hammer(site.server.port, &range, CONNECTIONS, scale.span);
        costs.0.push((cpu() - before) * 1e6 / (rate * scale.span.as_secs_f64()));
        turns.speed.0.push(rate);
        let before = cpu();
        let rate = hammer(site.server.port, &show, CONNECTIONS, scale.span);
        costs.1.push((cpu() - before) * 1e6 / (rate * scale.span.as_secs_f64()));
        turns.speed.1.push(rate);
    }
    let pair = (median(turns.speed.0), median(turns.speed.1));
    let cpu = Some((median(costs.0), Some(median(costs.1)), "µs"));
    figures.pair("ranges of 4 KiB beside shows", "1/s", pair, Goal::AtLeast(0.9), cpu);
}
