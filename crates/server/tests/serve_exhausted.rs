//! What happens when the process has no descriptors left. Alone in its file, since the limit is
//! one of the whole process.
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use std::{fs::File, future, process::Command};

use axum::{Router, routing::get};
use lendglass_server::serve::{ServeLimits, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

async fn ask(mut tcp: TcpStream) -> String {
    tcp.write_all(b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn accepting_goes_on_after_descriptors_ran_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(async || "here again"));
    let limits = ServeLimits::default();
    let server = tokio::spawn(serve(listener, router, None, limits, future::pending()));
    assert!(ask(TcpStream::connect(address).await.unwrap()).await.ends_with("here again"));

    let own = format!("--pid={}", std::process::id());
    assert!(Command::new("prlimit").args([&own, "--nofile=64"]).status().unwrap().success());
    // The kernel completes the connection; only accepting it needs a descriptor of the server.
    let waiting = TcpStream::connect(address).await.unwrap();
    let hoard: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    let asking = tokio::spawn(ask(waiting));
    // Everything that is ready runs, the failing accept too; it must not end the server.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!server.is_finished());
    assert!(!asking.is_finished(), "nothing was left to accept with");
    drop(hoard);
    assert!(asking.await.unwrap().ends_with("here again"));
}
