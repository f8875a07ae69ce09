//! The acts: each notes before it asks what may come of it, and afterwards what did.

use std::io::{self, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::http::{Answer, Sent};
use crate::installation::Who;
use crate::ledger::{Entry, Offer, Stand};
use crate::load::Stage;
use crate::rng::Rng;

const KIB: usize = 1 << 10;
/// Images that are there at one time, about: each is read whole at each look.
const IMAGES: usize = 40;

/// An answer that is no answer to what was asked: the program, or what it stands on, is in trouble.
fn trouble(answer: &Answer) -> io::Error {
    io::Error::other(format!("{}: {}", answer.status, answer.text()))
}

impl Stage {
    fn sent<'a>(&'a self, who: Who, method: &'a str, path: &'a str) -> Sent<'a> {
        Sent { token: Some(&self.tokens[&who]), ..Sent::new(method, path) }
    }

    /// The answer to a request that must go well. 503 is an answer as well, and in trouble any 5xx, of
    /// which nobody knows what was done.
    fn must(&self, sent: &Sent<'_>, status: u16) -> io::Result<Answer> {
        let answer = sent.to(self.node())?;
        if answer.status == 503 || self.is_troubled && answer.status >= 500 {
            return Err(trouble(&answer));
        }
        let (method, path) = (sent.method, sent.path);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        Ok(answer)
    }

    /// Does something to an image: notes that it may have happened, asks, and notes what has.
    fn change(
        &self,
        name: &str,
        may_be: impl Fn(&mut Entry),
        ask: impl FnOnce() -> io::Result<Answer>,
        is: impl Fn(&mut Entry, &Answer),
    ) -> io::Result<()> {
        may_be(self.ledger().entry(name));
        let asked = self.heard(ask());
        let mut ledger = self.ledger();
        match &asked {
            Ok(answer) => {
                is(ledger.entry(name), answer);
                ledger.answered += 1;
            }
            Err(_) => {
                ledger.entry(name).is_uncertain = true;
                ledger.lost += 1;
            }
        }
        ledger.entry(name).is_busy = false;
        asked.map(|_| ())
    }
}

fn only<T: Ord>(one: T) -> std::collections::BTreeSet<T> {
    std::collections::BTreeSet::from([one])
}

/// One act; an error where its answer was lost.
pub fn one(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    let is_crowded = stage.ledger().alive() >= IMAGES;
    match rng.below(20) {
        0..=4 if !is_crowded => create(stage, rng),
        0..=4 => delete(stage, rng),
        5..=7 => upload(stage, rng),
        8 => break_off(stage, rng),
        9..=10 => offer(stage, rng),
        11..=12 => answer(stage, rng),
        13 => withdraw(stage, rng),
        14 => delete(stage, rng),
        15..=16 => download(stage, rng),
        17 if !is_crowded => replicate(stage, rng),
        18 if !is_crowded => copy(stage, rng),
        _ => look(stage, rng),
    }
}

fn create(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    let length = match rng.below(20) {
        0..=11 => 1 + rng.below(64 * KIB),
        12..=17 => KIB * KIB + rng.below(2 * KIB * KIB),
        _ => 4 * KIB * KIB + rng.below(8 * KIB * KIB),
    };
    let name = {
        let mut ledger = stage.ledger();
        let (name, content) = (ledger.next_name(), ledger.next_content(length));
        let mut entry = Entry::new(Who::Alice, content, &[Stand::Gone, Stand::Queued]);
        entry.is_busy = true;
        ledger.entries.insert(name.clone(), entry);
        name
    };
    let body = json!({"name": name, "disk_format": "raw", "container_format": "bare"}).to_string();
    stage.change(
        &name,
        |_| {},
        || stage.must(&stage.sent(Who::Alice, "POST", "/v2/images").json(&body), 201),
        |entry, made| {
            entry.id = Some(made.json()["id"].as_str().unwrap().to_owned());
            entry.stands = only(Stand::Queued);
        },
    )?;
    upload_to(stage, &name)
}

fn upload(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    let taken = stage.ledger().take(rng, |entry| entry.is(Stand::Queued));
    let Some(name) = taken else { return Ok(()) };
    stage.ledger().entry(&name).is_busy = false;
    upload_to(stage, &name)
}

fn path_of(stage: &Stage, name: &str) -> String {
    let id = stage.ledger().entry(name).id.clone();
    format!("/v2/images/{}", id.expect("what is acted on has an id"))
}

fn upload_to(stage: &Stage, name: &str) -> io::Result<()> {
    let content = {
        let mut ledger = stage.ledger();
        let entry = ledger.entry(name);
        if entry.is_busy || entry.is_uncertain || !entry.is(Stand::Queued) {
            return Ok(());
        }
        entry.is_busy = true;
        entry.content
    };
    let (bytes, path) = (content.bytes(), format!("{}/file", path_of(stage, name)));
    stage.change(
        name,
        |entry| entry.stands.extend([Stand::Whole]),
        || stage.must(&stage.sent(Who::Alice, "PUT", &path).bytes(&bytes), 204),
        |entry, _| entry.stands = only(Stand::Whole),
    )
}

/// Half an upload, whose client goes away, and the end of the record.
fn break_off(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    let taken = stage.ledger().take(rng, |entry| entry.is(Stand::Queued));
    let Some(name) = taken else { return Ok(()) };
    let path = path_of(stage, &name);
    let length = stage.ledger().entry(&name).content.length + 1;
    let half = vec![7; rng.below(length)];
    let begin = || -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(stage.node())?;
        let head = format!(
            "PUT {path}/file HTTP/1.1\r\nhost: here\r\nx-auth-token: {}\r\n\
             content-type: application/octet-stream\r\ncontent-length: {length}\r\n\r\n",
            stage.tokens[&Who::Alice]
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&half)?;
        Ok(stream)
    };
    let begun = begin();
    drop(begun);
    stage.change(
        &name,
        |entry| entry.stands.extend([Stand::Gone]),
        || stage.must(&stage.sent(Who::Alice, "DELETE", &path), 204),
        |entry, _| entry.stands = only(Stand::Gone),
    )
}

fn offer(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    let is_open = |entry: &Entry| {
        entry.is(Stand::Whole) && entry.owner == Who::Alice && entry.offer() == Some(Offer::None)
    };
    let Some(name) = stage.ledger().take(rng, is_open) else { return Ok(()) };
    let path = format!("{}/members", path_of(stage, &name));
    let body = json!({"member": Who::Bob.project()}).to_string();
    stage.change(
        &name,
        |entry| entry.offers.extend([Offer::Pending]),
        || stage.must(&stage.sent(Who::Alice, "POST", &path).json(&body), 200),
        |entry, _| entry.offers = only(Offer::Pending),
    )
}

fn answer(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    let (word, becomes) = match rng.below(3) {
        0 => ("rejected", Offer::Rejected),
        _ => ("accepted", Offer::Accepted),
    };
    let is_open = |entry: &Entry| entry.offer() == Some(Offer::Pending) && entry.is(Stand::Whole);
    let Some(name) = stage.ledger().take(rng, is_open) else { return Ok(()) };
    let path = format!("{}/members/{}", path_of(stage, &name), Who::Bob.project());
    let body = json!({"status": word}).to_string();
    stage.change(
        &name,
        |entry| entry.offers.extend([becomes]),
        || stage.must(&stage.sent(Who::Bob, "PUT", &path).json(&body), 200),
        |entry, _| entry.offers = only(becomes),
    )
}

fn withdraw(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    // Bob may be making something of it.
    let is_offered = |entry: &Entry| {
        let is_bobs = entry.offer().is_some_and(|offer| offer != Offer::None);
        entry.is(Stand::Whole) && entry.pins == 0 && is_bobs
    };
    let Some(name) = stage.ledger().take(rng, is_offered) else { return Ok(()) };
    let path = format!("{}/members/{}", path_of(stage, &name), Who::Bob.project());
    stage.change(
        &name,
        |entry| entry.offers.extend([Offer::None]),
        || stage.must(&stage.sent(Who::Alice, "DELETE", &path), 204),
        |entry, _| entry.offers = only(Offer::None),
    )
}

fn delete(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    let may_go =
        |entry: &Entry| entry.pins == 0 && (entry.is(Stand::Whole) || entry.is(Stand::Queued));
    let Some(name) = stage.ledger().take(rng, may_go) else { return Ok(()) };
    let (path, owner) = (path_of(stage, &name), stage.ledger().entry(&name).owner);
    stage.change(
        &name,
        |entry| entry.stands.extend([Stand::Gone]),
        || stage.must(&stage.sent(owner, "DELETE", &path), 204),
        |entry, _| {
            entry.stands = only(Stand::Gone);
            entry.offers = only(Offer::None);
        },
    )
}

/// Reads an image whole, or a part of it, as its owner or as bob.
fn download(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    let taken = stage.ledger().take(rng, |entry| entry.is(Stand::Whole));
    let Some(name) = taken else { return Ok(()) };
    let path = format!("{}/file", path_of(stage, &name));
    let entry = stage.ledger().entry(&name).clone();
    let is_bobs = entry.offer() == Some(Offer::Accepted) && rng.one_in(2);
    let who = if is_bobs { Who::Bob } else { entry.owner };
    stage.change(
        &name,
        |_| {},
        || stage.must(&stage.sent(who, "GET", &path), 200),
        |entry, read| assert!(read.body == entry.content.bytes(), "{path} has other bytes"),
    )
}

/// A further record over the same blob, of alice's or of bob's.
fn replicate(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    let taken = stage.ledger().take(rng, |entry| entry.is(Stand::Whole));
    let Some(source) = taken else { return Ok(()) };
    let entry = stage.ledger().entry(&source).clone();
    let is_bobs = entry.offer() == Some(Offer::Accepted) && rng.one_in(2);
    let who = if is_bobs { Who::Bob } else { entry.owner };
    make_of(stage, &source, (who, who), "replicate", json!({}))
}

/// A copy in the other region: a job moves the bytes.
fn copy(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    let is_here = |entry: &Entry| entry.is(Stand::Whole) && entry.owner == Who::Alice;
    let Some(source) = stage.ledger().take(rng, is_here) else { return Ok(()) };
    let wish = json!({"region": "r2", "project": Who::There.project()});
    make_of(stage, &source, (Who::Alice, Who::There), "copy", wish)
}

fn make_of(
    stage: &Stage,
    source: &str,
    (who, owner): (Who, Who),
    verb: &str,
    mut wish: serde_json::Value,
) -> io::Result<()> {
    let (name, id) = {
        let mut ledger = stage.ledger();
        let name = ledger.next_name();
        let origin = ledger.entry(source);
        (origin.pins, origin.is_busy) = (origin.pins + 1, false);
        let (content, id) = (origin.content, origin.id.clone().unwrap());
        let stands = [Stand::Gone, Stand::Importing, Stand::Whole];
        let mut entry = Entry::new(owner, content, &stands);
        (entry.is_busy, entry.source) = (true, Some(source.to_owned()));
        ledger.entries.insert(name.clone(), entry);
        (name, id)
    };
    wish["name"] = json!(name);
    let (path, body) = (format!("/api/v1/images/{id}/{verb}"), wish.to_string());
    stage.change(
        &name,
        |_| {},
        || stage.must(&stage.sent(who, "POST", &path).json(&body), 202),
        |entry, made| {
            let made = &made.json()["image"];
            entry.id = made.as_str().or(made["id"].as_str()).map(str::to_owned);
            entry.stands = std::collections::BTreeSet::from([Stand::Importing, Stand::Whole]);
        },
    )
}

/// Whether a copy has its bytes by now.
fn look(stage: &Stage, rng: &mut Rng) -> io::Result<()> {
    let is_made = |entry: &Entry| entry.source.is_some() && !entry.stands.contains(&Stand::Gone);
    let Some(name) = stage.ledger().take(rng, is_made) else { return Ok(()) };
    let (path, owner) = (path_of(stage, &name), stage.ledger().entry(&name).owner);
    stage.change(
        &name,
        |_| {},
        || stage.must(&stage.sent(owner, "GET", &path), 200),
        |entry, shown| match shown.json()["status"].as_str() {
            Some("active") => entry.stands = only(Stand::Whole),
            status => assert_eq!(status, Some("importing"), "{path}"),
        },
    )?;
    let mut ledger = stage.ledger();
    if ledger.entry(&name).is(Stand::Whole) {
        ledger.unpin_source_of(&name);
    }
    Ok(())
}
