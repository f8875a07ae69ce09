//! `lend image upload|save`: the bytes, with progress and verified at both ends.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal as _, Read, Write};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use ring::digest::{Context, SHA256, SHA512};
use serde_json::Value;
use ureq::http::Method;

use crate::args::{On, SaveImage, UploadImage};
use crate::backup;
use crate::failure::{Failure, exit};
use crate::find::{self, Among};
use crate::format::{HEAD_BYTES, sniff};
use crate::image::{print_image, record_body};
use crate::output::note;
use crate::resume;
use crate::session::escaped;
use crate::text::{say, say_with};

/// How much is read at a time.
const PIECE_BYTES: usize = 1024 * 1024;

/// Makes an image from a file, or gives a waiting record its bytes.
pub fn upload(on: &On<'_>, wish: &UploadImage) -> Result<u8, Failure> {
    if let Some(upload) = &wish.resume {
        return print_image(on, &resume::go_on(on, upload, &wish.file)?);
    }
    let mut source = Source::open(&wish.file)?;
    let is_new = wish.into.is_none();
    let id = match &wish.into {
        Some(id) => find::id(&on.session.get(&format!("/images/{}", escaped(id)))?),
        None => make_record(on, wish, &mut source)?,
    };
    let is_kept = source.length.is_some_and(|length| length >= resume::KEPT_FROM_BYTES);
    let sent = match source.length.filter(|_| is_kept) {
        Some(length) => resume::begin(on, &id, &wish.file, length, is_new)
            .and_then(|upload| resume::go_on(on, &upload, &wish.file)),
        None => {
            if io::stderr().is_terminal() {
                note(on, &say_with(on.language, "stops", &[&id, &wish.file, &id]));
            }
            send(on, &id, &mut source)
        }
    };
    match sent {
        Ok(image) => print_image(on, &image),
        Err(failure) if failure.code == "UPLOAD_PAUSED" => Err(failure),
        Err(failure) => Err(give_way_out(on, failure, &id, wish, is_new)),
    }
}

/// The record, made before the bytes, so that a token that has ended is replaced first.
fn make_record(on: &On<'_>, wish: &UploadImage, source: &mut Source) -> Result<String, Failure> {
    let mut body = record_body(on, &wish.record)?;
    if !body.contains_key("disk_format") {
        let format = sniff(source.head()?, &wish.file).ok_or_else(|| {
            let text = say_with(on.language, "unknown_format", &[&wish.file]);
            Failure::new("FORMAT_MISSING", exit::USAGE, text)
        })?;
        body.insert("disk_format".to_owned(), format.into());
    }
    if !wish.record.tag.is_empty() {
        body.insert("tags".to_owned(), wish.record.tag.clone().into());
    }
    body.insert("name".to_owned(), wish.name.clone().into());
    Ok(find::id(&on.session.call(&Method::POST, "/images", Some(&body.into()))?))
}

fn send(on: &On<'_>, id: &str, source: &mut Source) -> Result<Value, Failure> {
    let length = source.length;
    let (api, url, token) = on.session.bytes(&format!("/images/{id}/file"));
    let mut counted = Counted::new(source, bar(on, "upload", length));
    let answer = api.put_bytes(&url, &token, length, &mut counted)?;
    counted.bar.finish_and_clear();
    let digests = counted.digests;
    let image = answer.success()?;
    check_digest(on, &image, digests)?;
    Ok(image)
}

/// Refuses an image whose digest is not ours, where both are known.
pub fn check_digest(on: &On<'_>, image: &Value, digests: Digests) -> Result<(), Failure> {
    let want = image["digest"]["value"].as_str();
    match (digests.of(image), want) {
        (Some(got), Some(want)) if got != want => Err(differs(on, image, &got)),
        _ => Ok(()),
    }
}

/// After an upload that ended early: a refused file leaves no litter, a broken line leaves the record
/// and the way to go on.
fn give_way_out(
    on: &On<'_>,
    mut failure: Failure,
    id: &str,
    wish: &UploadImage,
    is_new: bool,
) -> Failure {
    let is_refused = failure.request_id.is_some();
    if is_refused && is_new {
        let path = format!("/images/{id}");
        if on.session.call(&Method::DELETE, &path, None).is_ok() {
            failure.text = format!("{} {}", failure.text, say(on.language, "undone"));
            return failure;
        }
    }
    let way = say_with(on.language, "way_out", &[id, id, &wish.file, id]);
    failure.text = format!("{}\n{way}", failure.text);
    failure
}

fn differs(on: &On<'_>, image: &Value, got: &str) -> Failure {
    let digest = &image["digest"];
    let text = |name: &str| digest[name].as_str().unwrap_or_default();
    let text = say_with(on.language, "digest_differs", &[text("algo"), got, text("value")]);
    Failure::new("HASH_MISMATCH", exit::ERROR, text)
}

/// What is uploaded: a file, or standard input, whose first bytes can be looked at before.
struct Source {
    input: Box<dyn Read>,
    /// Bytes that were looked at and are still to be given.
    head: Vec<u8>,
    given: usize,
    length: Option<u64>,
}

impl Source {
    fn open(name: &str) -> Result<Source, Failure> {
        let (input, length): (Box<dyn Read>, _) = if name == "-" {
            (Box::new(io::stdin()), None)
        } else {
            let named = |error: io::Error| {
                Failure::new("BAD_FILE", exit::USAGE, format!("{name}: {error}"))
            };
            let file = File::open(name).map_err(named)?;
            let about = file.metadata().map_err(named)?;
            let length = about.is_file().then_some(about.len());
            (Box::new(file), length)
        };
        Ok(Source { input, head: Vec::new(), given: 0, length })
    }

    fn head(&mut self) -> io::Result<&[u8]> {
        if self.head.is_empty() {
            let mut input = self.input.by_ref().take(HEAD_BYTES as u64);
            input.read_to_end(&mut self.head)?;
        }
        Ok(&self.head)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given < self.head.len() {
            let count = buffer.len().min(self.head.len() - self.given);
            buffer[..count].copy_from_slice(&self.head[self.given..self.given + count]);
            self.given += count;
            return Ok(count);
        }
        self.input.read(buffer)
    }
}

/// The digests that servers know an image by.
pub struct Digests {
    sha512: Context,
    sha256: Context,
}

impl Default for Digests {
    fn default() -> Digests {
        Digests { sha512: Context::new(&SHA512), sha256: Context::new(&SHA256) }
    }
}

impl Digests {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha512.update(bytes);
        self.sha256.update(bytes);
    }

    /// The digest by which the server knows this image, where it is one of ours.
    fn of(self, image: &Value) -> Option<String> {
        let context = match image["digest"]["algo"].as_str() {
            Some("sha512") => self.sha512,
            Some("sha256") => self.sha256,
            Some(_) | None => return None,
        };
        Some(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Bytes on their way, counted and hashed.
struct Counted<'a> {
    input: &'a mut dyn Read,
    bar: ProgressBar,
    digests: Digests,
}

impl<'a> Counted<'a> {
    fn new(input: &'a mut dyn Read, bar: ProgressBar) -> Counted<'a> {
        Counted { input, bar, digests: Digests::default() }
    }
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.digests.update(&buffer[..count]);
        self.bar.inc(count as u64);
        Ok(count)
    }
}

/// A bar that shows how far a transfer is, where somebody looks.
pub fn bar(on: &On<'_>, what: &str, length: Option<u64>) -> ProgressBar {
    if on.global.quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match length {
        Some(length) => (
            ProgressBar::new(length),
            "{msg}  [{bar:24}] {percent:>3}%  {bytes}/{total_bytes}  {bytes_per_sec}  {eta}",
        ),
        None => (ProgressBar::new_spinner(), "{msg}  {bytes}  {bytes_per_sec}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.with_message(say(on.language, what))
}

/// Saves the bytes of an image: to a temporary name beside the file, verified, then renamed. A file
/// under its final name is whole.
pub fn save(on: &On<'_>, wish: &SaveImage) -> Result<u8, Failure> {
    let image = find::image(on, &wish.image, Among::Any)?;
    let (path_of_bytes, what) = match wish.disk {
        None => (format!("/images/{}/file", find::id(&image)), image),
        Some(position) => backup::disk(on, &image, position)?,
    };
    if wish.file == "-" {
        let mut out = io::stdout().lock();
        receive(on, &path_of_bytes, &what, &mut out)?;
        out.flush()?;
        return Ok(0);
    }
    let path = PathBuf::from(&wish.file);
    if path.exists() {
        let text = say_with(on.language, "file_exists", &[&wish.file]);
        return Err(Failure::new("FILE_EXISTS", exit::USAGE, text));
    }
    let part = Part::create(&path)?;
    let mut file = &part.file;
    receive(on, &path_of_bytes, &what, &mut file)?;
    part.publish(&path)?;
    Ok(0)
}

/// A file under a temporary name, removed unless it is published.
struct Part {
    file: File,
    path: PathBuf,
    is_published: bool,
}

impl Part {
    fn create(path: &Path) -> Result<Part, Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let part = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file =
            OpenOptions::new().write(true).create_new(true).open(&part).map_err(|error| {
                Failure::new("BAD_FILE", exit::USAGE, format!("{}: {error}", part.display()))
            })?;
        Ok(Part { file, path: part, is_published: false })
    }

    fn publish(mut self, path: &Path) -> Result<(), Failure> {
        self.file.sync_all()?;
        // A link, unlike a rename, does not replace what somebody made there meanwhile.
        match fs::hard_link(&self.path, path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error.into()),
            Err(_) => {
                // A file system without links.
                fs::rename(&self.path, path)?;
                self.is_published = true;
            }
        }
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_published {
            // It was either linked under its final name or is not wanted.
            fs::remove_file(&self.path).ok();
        }
    }
}

/// Reads bytes below `path` and verifies them; `image` has their size and their digest.
fn receive(on: &On<'_>, path: &str, image: &Value, out: &mut dyn Write) -> Result<(), Failure> {
    let (api, url, token) = on.session.bytes(path);
    let response = api.get_bytes(&url, &token)?;
    if response.status().as_u16() == 204 {
        return Err(Failure::new("NO_BYTES", exit::NOT_FOUND, say(on.language, "no_bytes")));
    }
    let mut body = response.into_body().into_reader();
    let mut counted = Counted::new(&mut body, bar(on, "download", image["size_bytes"].as_u64()));
    let mut piece = vec![0; PIECE_BYTES];
    let mut total: u64 = 0;
    loop {
        let count = counted.read(&mut piece)?;
        if count == 0 {
            break;
        }
        out.write_all(&piece[..count])?;
        total += count as u64;
    }
    counted.bar.finish_and_clear();
    let Some(got) = counted.digests.of(image) else {
        note(on, say(on.language, "no_digest"));
        return Ok(());
    };
    if image["digest"]["value"].as_str() != Some(&got) {
        return Err(differs(on, image, &got));
    }
    let algo = image["digest"]["algo"].as_str().unwrap_or_default();
    note(on, &say_with(on.language, "saved", &[&total.to_string(), algo]));
    Ok(())
}
