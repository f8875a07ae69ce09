//! Large files, by tus: the server keeps what has arrived, so that a broken line, a restart at either end
//! or a token that ends costs nothing but the wait.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Seek as _, SeekFrom};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indicatif::ProgressBar;
use serde_json::Value;
use ureq::http::Method;

use crate::api::{Answer, Sent};
use crate::args::{On, Upload};
use crate::failure::{Failure, exit};
use crate::image::more;
use crate::output::{column, note, print_rows};
use crate::session::escaped;
use crate::sharing::page_query;
use crate::text::{say, say_with};
use crate::transfer::{Digests, bar, check_digest};

/// Smaller files are sent in one request: to send them again costs less than to keep them.
pub const KEPT_FROM_BYTES: u64 = 8 * 1024 * 1024;
/// How long a line may be broken before we give up; the server waits a day.
const PATIENCE: Duration = Duration::from_secs(300);
/// The longest pause between two tries.
const PAUSE_MOST: Duration = Duration::from_secs(15);
const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
/// How much is read at a time to be hashed.
const PIECE_BYTES: usize = 1024 * 1024;

/// `lend upload …`.
pub fn run(on: &On<'_>, verb: &Upload) -> Result<u8, Failure> {
    match verb {
        Upload::List { page } => list(on, &page_query(page)),
        Upload::Cancel { uploads } => {
            for id in uploads {
                on.session.call(&Method::DELETE, &path(id), None)?;
            }
            note(on, say(on.language, "undone"));
            Ok(0)
        }
    }
}

fn list(on: &On<'_>, query: &str) -> Result<u8, Failure> {
    let page = on.session.get(&format!("/uploads?{}", query.trim_start_matches('&')))?;
    let row = |upload: &Value| {
        let (offset, length) = (upload["offset"].as_u64(), upload["length"].as_u64());
        let percent = offset.zip(length).map(|(offset, length)| offset * 100 / length.max(1));
        let mut row = upload.clone();
        row["percent"] = percent.into();
        row["created_by"] = upload["created_by"]["name"].clone();
        row
    };
    let rows: Vec<Value> = page["uploads"].as_array().into_iter().flatten().map(row).collect();
    let columns = [
        column("id", "ID", "ID"),
        column("image", "Image", "镜像"),
        column("filename", "File", "文件"),
        column("percent", "%", "%"),
        column("offset", "Arrived", "已到达"),
        column("length", "Bytes", "字节"),
        column("created_by", "By", "创建者"),
        column("expires_at", "Until", "有效期至"),
    ];
    print_rows(on, &columns, &rows)?;
    more(on, &page);
    Ok(0)
}

fn path(id: &str) -> String {
    format!("/uploads/{}", escaped(id))
}

/// Begins an upload into the record `image`; its id. A new record goes with an upload that is cancelled.
pub fn begin(
    on: &On<'_>,
    image: &str,
    name: &str,
    length: u64,
    is_new: bool,
) -> Result<String, Failure> {
    let file_name = std::path::Path::new(name).file_name().unwrap_or_default().to_string_lossy();
    let pair = |key: &str, value: &str| format!("{key} {}", STANDARD.encode(value));
    let mut metadata = format!("{},{}", pair("image", image), pair("filename", &file_name));
    if is_new {
        metadata.push_str(&format!(",{}", pair("image_is_new", "true")));
    }
    let length = length.to_string();
    let headers = [TUS, ("upload-length", length.as_str()), ("upload-metadata", &metadata)];
    let sent = Sent { headers: &headers, bytes: None };
    let answer = on.session.sent(&Method::POST, "/uploads", sent)?.success()?;
    let id = answer["id"].as_str().unwrap_or_default().to_owned();
    if io::stderr().is_terminal() {
        note(on, &say_with(on.language, "pauses", &[&id, name, &id]));
    }
    Ok(id)
}

/// Sends what is missing of an upload; answers the image.
pub fn go_on(on: &On<'_>, id: &str, name: &str) -> Result<Value, Failure> {
    let bad = |error: &dyn std::fmt::Display| {
        Failure::new("BAD_FILE", exit::USAGE, format!("{name}: {error}"))
    };
    let mut file = File::open(name).map_err(|error| bad(&error))?;
    let view = on.session.get(&path(id))?;
    let length = view["length"].as_u64().unwrap_or_default();
    let found = file.metadata().map_err(|error| bad(&error))?.len();
    if found != length {
        let text =
            say_with(on.language, "other_length", &[&found.to_string(), &length.to_string()]);
        return Err(bad(&text));
    }
    let mut sending = Sending {
        on,
        id,
        image: view["image"].as_str().unwrap_or_default().to_owned(),
        length,
        digests: Digests::default(),
        hashed: 0,
        bar: bar(on, "upload", Some(length)),
    };
    let mut offset = view["offset"].as_u64().unwrap_or_default();
    let mut heard_at = Instant::now();
    let mut pause = Duration::from_millis(250);
    while offset < length {
        let before = offset;
        match sending.part(&mut file, offset) {
            Ok(arrived) => offset = arrived,
            Err(Stop::Refused(failure)) => return Err(failure),
            Err(Stop::File(error)) => return Err(bad(&error)),
            Err(Stop::Broken(failure)) => {
                rest(pause);
                pause = (pause * 2).min(PAUSE_MOST);
                match sending.ask() {
                    Ok(arrived) => offset = arrived,
                    Err(Stop::Broken(_)) if heard_at.elapsed() < PATIENCE => continue,
                    Err(Stop::Broken(_)) => return Err(paused(on, failure, id, name)),
                    Err(Stop::Refused(failure)) => return Err(failure),
                    Err(Stop::File(error)) => return Err(bad(&error)),
                }
            }
        }
        if offset > before {
            heard_at = Instant::now();
            pause = Duration::from_millis(250);
        } else if heard_at.elapsed() >= PATIENCE {
            let failure = Failure::new("UNREACHABLE", exit::ERROR, String::new());
            return Err(paused(on, failure, id, name));
        }
    }
    sending.hash_up_to(&mut file, length).map_err(|error| bad(&error))?;
    sending.bar.finish_and_clear();
    let image = on.session.get(&format!("/images/{}", escaped(&sending.image)))?;
    check_digest(on, &image, sending.digests)?;
    Ok(image)
}

/// What the server has waits there: the failure says how to go on.
fn paused(on: &On<'_>, failure: Failure, id: &str, name: &str) -> Failure {
    let way = say_with(on.language, "pauses", &[id, name, id]);
    Failure::new("UPLOAD_PAUSED", exit::ERROR, format!("{}\n{way}", failure.text).trim().to_owned())
}

#[expect(clippy::disallowed_methods, reason = "between two tries of a broken line, a client waits")]
fn rest(pause: Duration) {
    std::thread::sleep(pause);
}

/// Why a part did not go through.
enum Stop {
    /// It may go through later.
    Broken(Failure),
    /// It will not.
    Refused(Failure),
    /// The file cannot be read.
    File(io::Error),
}

/// Sorts a refusal: what passes is tried again.
fn sorted(failure: Failure) -> Stop {
    let passes = [
        "UNREACHABLE",
        "UPLOAD_BUSY",
        "UPLOAD_OFFSET",
        "UNAVAILABLE",
        "SHUTTING_DOWN",
        // The next question signs in anew.
        "TOKEN_EXPIRED",
        "TOKEN_REVOKED",
    ];
    let is_gateway = matches!(failure.code.as_str(), "HTTP_502" | "HTTP_503" | "HTTP_504");
    match passes.contains(&failure.code.as_str()) || is_gateway {
        true => Stop::Broken(failure),
        false => Stop::Refused(failure),
    }
}

struct Sending<'a> {
    on: &'a On<'a>,
    id: &'a str,
    image: String,
    length: u64,
    digests: Digests,
    /// So much of the file is in the digests.
    hashed: u64,
    bar: ProgressBar,
}

impl Sending<'_> {
    /// Sends all from `offset` on as one part; answers how far the server is.
    fn part(&mut self, file: &mut File, offset: u64) -> Result<u64, Stop> {
        self.hash_up_to(file, offset).map_err(Stop::File)?;
        file.seek(SeekFrom::Start(offset)).map_err(Stop::File)?;
        self.bar.set_position(offset);
        let begin = offset.to_string();
        let headers = [
            TUS,
            ("upload-offset", begin.as_str()),
            ("content-type", "application/offset+octet-stream"),
        ];
        let length = self.length - offset;
        let (session, path) = (self.on.session, path(self.id));
        let mut piece = Piece { sending: self, file, at: offset, trouble: None };
        let sent = Sent { headers: &headers, bytes: Some((length, &mut piece)) };
        let answer = session.sent(&Method::PATCH, &path, sent);
        if let Some(error) = piece.trouble {
            return Err(Stop::File(error));
        }
        let answer: Answer = answer.map_err(sorted)?;
        let arrived = answer.offset;
        answer.success().map_err(sorted)?;
        Ok(arrived.unwrap_or(offset))
    }

    /// Where to go on. An upload that has ended while the line was broken has left its image active.
    fn ask(&self) -> Result<u64, Stop> {
        match self.on.session.get(&path(self.id)) {
            Ok(view) => Ok(view["offset"].as_u64().unwrap_or_default()),
            Err(failure) if failure.code == "UPLOAD_NOT_FOUND" => {
                let path = format!("/images/{}", escaped(&self.image));
                let image = self.on.session.get(&path).map_err(sorted)?;
                let is_whole = image["status"] == "active" && image["size_bytes"] == self.length;
                if is_whole { Ok(self.length) } else { Err(Stop::Refused(failure)) }
            }
            Err(failure) => Err(sorted(failure)),
        }
    }

    /// Hashes what the server has already, and what it has come to know of since, from us or from a
    /// sender whom it still heard.
    fn hash_up_to(&mut self, file: &mut File, offset: u64) -> io::Result<()> {
        file.seek(SeekFrom::Start(self.hashed))?;
        let mut known = file.take(offset.saturating_sub(self.hashed));
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let count = known.read(&mut piece)?;
            if count == 0 {
                return Ok(());
            }
            self.digests.update(&piece[..count]);
            self.hashed += count as u64;
        }
    }
}

/// The rest of the file on its way, counted; each byte is hashed once.
struct Piece<'a, 'b> {
    sending: &'a mut Sending<'b>,
    file: &'a mut File,
    at: u64,
    trouble: Option<io::Error>,
}

impl Read for Piece<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.sending.length - self.at;
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let count = match self.file.read(&mut buffer[..most]) {
            Ok(0) if most > 0 => Err(io::Error::other("the file has become shorter")),
            read => read,
        };
        let count = count.map_err(|error| {
            let told = io::Error::new(error.kind(), error.to_string());
            self.trouble = Some(error);
            told
        })?;
        let known = usize::try_from(self.sending.hashed.saturating_sub(self.at)).unwrap_or(count);
        if known < count {
            self.sending.digests.update(&buffer[known..count]);
            self.sending.hashed = self.at + count as u64;
        }
        self.at += count as u64;
        self.sending.bar.set_position(self.at);
        Ok(count)
    }
}
