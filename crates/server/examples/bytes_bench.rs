//! How fast bytes go in and out, beside what the machine can do at best.
//!
//! `cargo run --release -p lendglass-server --example bytes_bench [FOLDER [ROUNDS]]` uploads 1 GiB
//! and downloads it again over loopback. Beside the upload stand the bare digests and the bare
//! disk, beside the download nginx with `sendfile` (left out where it is not installed). Rounds
//! alternate, since a machine with other work slows down both; look at the ratios.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write, stdin},
    net::{TcpListener, TcpStream},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::Instant,
};

use axum::{
    Router,
    body::Body,
    extract::Path as UrlPath,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, put},
};
use http_body_util::BodyExt;
use lendglass_server::{
    sendfile::file_body,
    serve::{ServeLimits, serve},
};
use lendglass_store::blob::{
    BlobError, Blobs, BufferPool, DigestAlgo, DigestPlan, Intake, Locator,
};
use openssl::hash::{Hasher, MessageDigest};

type Outcome<T> = Result<T, Box<dyn Error>>;

const MIB: usize = 1024 * 1024;
const SIZE_BYTES: u64 = 1024 * MIB as u64;
const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
const SERVE: &str = "--serve";

fn main() -> Outcome<()> {
    let mut arguments = env::args().skip(1);
    let first = arguments.next();
    if first.as_deref() == Some(SERVE) {
        return run_server(Path::new(&arguments.next().ok_or("no folder")?));
    }
    let folder = PathBuf::from(first.unwrap_or_else(|| "target/bytes_bench".to_owned()));
    let rounds = arguments.next().map_or(Ok(3), |rounds| rounds.parse())?;
    fs::create_dir_all(&folder)?;
    let outcome = measure(&fs::canonicalize(&folder)?, rounds);
    fs::remove_dir_all(&folder)?;
    outcome
}

// The server, in a process of its own so that its processor time can be told from the client's.

#[tokio::main]
async fn run_server(folder: &Path) -> Outcome<()> {
    let blobs = Blobs::folder(folder)?;
    let pool = BufferPool::for_this_machine()?;
    let (reading, streaming, stream_pool) = (blobs.clone(), blobs.clone(), pool.clone());
    let router = Router::new()
        .route("/upload", put(async move |body| answer(upload(&blobs, &pool, body).await)))
        .route("/file/{*locator}", get(async move |path| answer(download(&reading, path).await)))
        .route(
            "/stream/{*locator}",
            get(async move |path| answer(stream(&streaming, &stream_pool, path).await)),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let end_of_input = async {
        tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new()).ok()).await.ok();
    };
    serve(listener, router, None, ServeLimits::default(), end_of_input).await;
    Ok(())
}

fn answer(outcome: Result<Response, BlobError>) -> Response {
    let failed = |error: BlobError| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    outcome.unwrap_or_else(|error| failed(error).into_response())
}

async fn upload(blobs: &Blobs, pool: &BufferPool, mut body: Body) -> Result<Response, BlobError> {
    let locator = Locator::random();
    let plan = DigestPlan { md5: true, algo: DigestAlgo::Sha512 };
    let mut intake = Intake::start(blobs, pool, locator.clone(), plan, SIZE_BYTES).await?;
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data() {
            intake.write(&data).await?;
        }
    }
    intake.finish().await?;
    Ok(locator.to_string().into_response())
}

async fn download(blobs: &Blobs, locator: UrlPath<String>) -> Result<Response, BlobError> {
    let locator = Locator::parse(&locator).ok_or(BlobError::NotFound)?;
    let reader = blobs.open(&locator).await?;
    let file = reader.file().ok_or(BlobError::NotFound)?;
    Ok(Response::new(file_body(file, 0..reader.size_bytes())?))
}

async fn stream(
    blobs: &Blobs,
    pool: &BufferPool,
    locator: UrlPath<String>,
) -> Result<Response, BlobError> {
    let locator = Locator::parse(&locator).ok_or(BlobError::NotFound)?;
    let reader = blobs.open(&locator).await?;
    Ok(Response::new(Body::from_stream(reader.stream(pool, 0..reader.size_bytes()))))
}

/// The server in its own process; it ends when its input does.
struct Server {
    child: Child,
    input: Option<ChildStdin>,
    port: u16,
}

impl Server {
    fn start(folder: &Path) -> Outcome<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.arg(SERVE).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { input: child.stdin.take(), port: line.trim().parse()?, child })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        self.child.wait().ok();
    }
}

/// nginx with one worker on a port of its own.
struct Nginx {
    folder: PathBuf,
    master: u32,
    port: u16,
}

impl Nginx {
    /// `None` where there is no nginx.
    fn start(folder: &Path, root: &Path) -> Outcome<Option<Self>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let user = String::from_utf8(Command::new("id").arg("-un").output()?.stdout)?;
        let config = format!(
            "user {};\nworker_processes 1;\npid nginx.pid;\nerror_log error.log;\n\
             events {{}}\nhttp {{\n access_log off;\n sendfile on;\n tcp_nopush on;\n \
             server {{ listen 127.0.0.1:{port}; root {}; }}\n}}\n",
            user.trim(),
            root.display()
        );
        fs::write(folder.join("nginx.conf"), config)?;
        let started = Self::command(folder).status();
        if !started.is_ok_and(|status| status.success()) {
            return Ok(None);
        }
        let master = fs::read_to_string(folder.join("nginx.pid"))?.trim().parse()?;
        Ok(Some(Self { folder: folder.to_owned(), master, port }))
    }

    fn command(folder: &Path) -> Command {
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
        command.args(["-e", "error.log"]);
        command
    }

    fn processes(&self) -> Outcome<Vec<u32>> {
        let children = format!("/proc/{0}/task/{0}/children", self.master);
        let children = fs::read_to_string(children)?;
        let workers = children.split_whitespace().map(str::parse).collect::<Result<Vec<u32>, _>>();
        Ok([vec![self.master], workers?].concat())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        Self::command(&self.folder).args(["-s", "stop"]).status().ok();
    }
}

// The measuring.

/// One run: seconds on the clock and of processors, for 1 GiB.
#[derive(Clone, Copy)]
struct Run {
    wall: f64,
    cpu: f64,
}

#[derive(Default)]
struct Results {
    runs: BTreeMap<&'static str, Vec<Run>>,
}

impl Results {
    fn add(
        &mut self,
        name: &'static str,
        processes: &[u32],
        work: impl FnOnce() -> Outcome<()>,
    ) -> Outcome<()> {
        let before = cpu_seconds(processes)?;
        let start = Instant::now();
        work()?;
        let wall = start.elapsed().as_secs_f64();
        let cpu = cpu_seconds(processes)? - before;
        self.runs.entry(name).or_default().push(Run { wall, cpu });
        Ok(())
    }

    /// The median of a figure.
    fn median(&self, name: &str, of: impl Fn(&Run) -> f64) -> f64 {
        let mut figures: Vec<f64> = self.runs.get(name).into_iter().flatten().map(of).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn cpu(&self, name: &str) -> f64 {
        self.median(name, |run| run.cpu)
    }

    fn wall(&self, name: &str) -> f64 {
        self.median(name, |run| run.wall)
    }

    fn print(&self, names: &[&str]) {
        for name in names {
            let (cpu, wall) = (self.cpu(name), self.wall(name));
            println!("  {name:<34} {cpu:>6.2} CPU-s/GiB {:>7.2} GB/s", GIB / 1e9 / wall);
        }
    }
}

fn measure(folder: &Path, rounds: usize) -> Outcome<()> {
    let server = Server::start(folder)?;
    let nginx = Nginx::start(folder, folder)?;
    let mut results = Results::default();
    let locator = measure_uploads(folder, &server, rounds, &mut results)?;
    measure_downloads(folder, &locator, &server, nginx.as_ref(), rounds, &mut results)?;
    report(&results, nginx.is_some());
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id()))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    println!("peak memory of the server: {}", peak.trim());
    Ok(())
}

/// Uploads and the bare work beside; gives the locator of the last blob.
fn measure_uploads(
    folder: &Path,
    server: &Server,
    rounds: usize,
    results: &mut Results,
) -> Outcome<String> {
    let own = [std::process::id()];
    let content = random_mib()?;
    let mut locator = String::new();
    // The first upload warms memory and is not counted.
    for round in 0..=rounds {
        if !locator.is_empty() {
            fs::remove_file(folder.join(&locator))?;
        }
        let mut uploading = Results::default();
        uploading.add("upload", &[server.child.id()], || {
            locator = put_gib(server.port, &content)?;
            Ok(())
        })?;
        if round == 0 {
            continue;
        }
        results
            .runs
            .entry("upload")
            .or_default()
            .extend(uploading.runs.remove("upload").into_iter().flatten());
        results.add("bare digests (md5, sha512)", &own, || digest_gib(&content))?;
        results.add("bare disk (O_DIRECT, 1 MiB)", &own, || {
            write_gib(&folder.join("bare"), &content)
        })?;
        fs::remove_file(folder.join("bare"))?;
    }
    Ok(locator)
}

fn measure_downloads(
    folder: &Path,
    locator: &str,
    server: &Server,
    nginx: Option<&Nginx>,
    rounds: usize,
    results: &mut Results,
) -> Outcome<()> {
    let ours = [server.child.id()];
    let file = folder.join(locator);
    get_gib(server.port, &format!("/file/{locator}"))?;
    for _ in 0..2 * rounds {
        results
            .add("download, warm", &ours, || get_gib(server.port, &format!("/file/{locator}")))?;
        if let Some(nginx) = nginx {
            let theirs = nginx.processes()?;
            results.add("nginx, warm", &theirs, || get_gib(nginx.port, &format!("/{locator}")))?;
        }
        results
            .add("stream, warm", &ours, || get_gib(server.port, &format!("/stream/{locator}")))?;
    }
    for _ in 0..rounds {
        forget(&file)?;
        results
            .add("download, cold", &ours, || get_gib(server.port, &format!("/file/{locator}")))?;
        if let Some(nginx) = nginx {
            let theirs = nginx.processes()?;
            forget(&file)?;
            results.add("nginx, cold", &theirs, || get_gib(nginx.port, &format!("/{locator}")))?;
        }
        forget(&file)?;
        results
            .add("stream, cold", &ours, || get_gib(server.port, &format!("/stream/{locator}")))?;
    }
    Ok(())
}

fn report(results: &Results, has_nginx: bool) {
    println!("upload of 1 GiB, durable when answered");
    results.print(&["upload", "bare digests (md5, sha512)", "bare disk (O_DIRECT, 1 MiB)"]);
    let bare_cpu =
        results.cpu("bare digests (md5, sha512)") + results.cpu("bare disk (O_DIRECT, 1 MiB)");
    println!(
        "  ratio of CPU, upload : bare digests + bare disk = {:.2}",
        results.cpu("upload") / bare_cpu
    );
    println!("download of 1 GiB (stream: read ahead in 1 MiB pieces, as for TLS and S3)");
    results.print(&["download, warm", "stream, warm", "nginx, warm"]);
    results.print(&["download, cold", "stream, cold", "nginx, cold"]);
    if !has_nginx {
        println!("  nginx is not installed: no comparison");
        return;
    }
    for (ours, theirs) in [
        ("download, warm", "nginx, warm"),
        ("stream, warm", "nginx, warm"),
        ("download, cold", "nginx, cold"),
        ("stream, cold", "nginx, cold"),
    ] {
        let cpu = results.cpu(ours) / results.cpu(theirs);
        let speed = results.wall(theirs) / results.wall(ours);
        println!("  ratio to nginx, {ours}: CPU {cpu:.2}, speed {speed:.2}");
    }
}

/// The processor time of the processes so far; the kernel counts in hundredths of a second.
fn cpu_seconds(processes: &[u32]) -> Outcome<f64> {
    let mut ticks = 0;
    for process in processes {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        // The name in parentheses may hold anything; user and system time are 12 and 13 after it.
        let (_, fields) = stat.rsplit_once(')').ok_or("an odd stat file")?;
        for field in fields.split_whitespace().skip(11).take(2) {
            ticks += field.parse::<u64>()?;
        }
    }
    Ok(ticks as f64 / 100.0)
}

fn random_mib() -> Outcome<Vec<u8>> {
    let mut content = vec![0; MIB];
    File::open("/dev/urandom")?.read_exact(&mut content)?;
    Ok(content)
}

fn put_gib(port: u16, content: &[u8]) -> Outcome<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(
        stream,
        "PUT /upload HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: {SIZE_BYTES}\r\n\r\n"
    )?;
    for _ in 0..SIZE_BYTES / MIB as u64 {
        stream.write_all(content)?;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    match head.starts_with("HTTP/1.1 200") {
        true => Ok(body.to_owned()),
        false => Err(answer.into()),
    }
}

fn get_gib(port: u16, path: &str) -> Outcome<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n")?;
    let mut target = vec![0; MIB];
    let mut received = 0;
    loop {
        match stream.read(&mut target)? {
            0 => break,
            count => received += count as u64,
        }
    }
    match received > SIZE_BYTES {
        true => Ok(()),
        false => Err(format!("only {received} bytes of {path} came").into()),
    }
}

/// Both digests at the same time, as an upload computes them: on two threads of one core each is
/// slower than alone.
fn digest_gib(content: &[u8]) -> Outcome<()> {
    let digest = |algorithm| {
        let mut hasher = Hasher::new(algorithm)?;
        for _ in 0..SIZE_BYTES / MIB as u64 {
            hasher.update(content)?;
        }
        hasher.finish()
    };
    thread::scope(|scope| {
        let md5 = scope.spawn(|| digest(MessageDigest::md5()));
        digest(MessageDigest::sha512())?;
        md5.join().map_err(|_| "the MD5 thread panicked")??;
        Ok(())
    })
}

fn write_gib(path: &Path, content: &[u8]) -> Outcome<()> {
    let mut aligned = vec![0; MIB + 4096];
    let start = aligned.as_ptr().align_offset(4096);
    aligned[start..start + MIB].copy_from_slice(content);
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .custom_flags(libc::O_DIRECT)
        .open(path)?;
    for number in 0..SIZE_BYTES / MIB as u64 {
        file.write_all_at(&aligned[start..start + MIB], number * MIB as u64)?;
    }
    Ok(file.sync_data()?)
}

/// Has the page cache forget a file.
fn forget(path: &Path) -> Outcome<()> {
    let input = format!("if={}", path.display());
    let status =
        Command::new("dd").args(["iflag=nocache", "count=0", "status=none", &input]).status()?;
    if status.success() { Ok(()) } else { Err("dd failed".into()) }
}
