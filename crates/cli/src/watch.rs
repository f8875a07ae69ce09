//! `lend share watch`: each notice as one line of JSON, as it is told, until Ctrl-C.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::args::{On, Watch};
use crate::failure::{Failure, exit};
use crate::output::note;
use crate::session::escaped;
use crate::text::{say, say_with};

/// The pause before the first attempt to come back; each further one doubles it.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const PAUSE_MOST: Duration = Duration::from_secs(30);

/// How a stream ended.
enum End {
    /// The server or the network ended it: come back.
    Broken,
    /// Nobody reads what is printed any more.
    Unread,
}

/// Prints what is told, or runs a command for each. A stream that breaks is taken up where it ended,
/// so that nothing is missed or told twice; what cannot be mended ends the command.
pub fn watch(on: &On<'_>, wish: &Watch) -> Result<u8, Failure> {
    let mut after = wish.after.clone();
    let mut has_begun = false;
    let mut pause = PAUSE;
    loop {
        let before = after.clone();
        match listen(on, wish, &mut after) {
            Ok(End::Unread) => return Ok(0),
            Ok(End::Broken) => has_begun = true,
            Err(failure) if has_begun && is_passing(&failure) => {}
            Err(failure) => return Err(failure),
        }
        pause = if after == before { (pause * 2).min(PAUSE_MOST) } else { PAUSE };
        note(on, &say_with(on.language, "comes_back", &[&pause.as_secs().to_string()]));
        // Nothing else is to be waited for here; an interrupt ends the process.
        std::thread::park_timeout(pause);
    }
}

/// Whether waiting may mend it.
fn is_passing(failure: &Failure) -> bool {
    let passing = ["UNREACHABLE", "UNAVAILABLE", "SHUTTING_DOWN", "TOO_MANY_STREAMS", "HTTP_502"];
    passing.contains(&failure.code.as_str())
}

/// Listens to one stream to its end.
fn listen(on: &On<'_>, wish: &Watch, after: &mut Option<String>) -> Result<End, Failure> {
    // A call of the ordinary kind, which replaces a token that has ended.
    on.session.get("/notices/counts")?;
    let query = after.as_ref().map(|after| format!("?after={}", escaped(after)));
    let (api, url, token) = on.session.bytes(&format!("/events{}", query.unwrap_or_default()));
    let response = api.get_bytes(&url, &token)?;
    let lines = BufReader::new(response.into_body().into_reader()).lines();
    let (mut id, mut name, mut data) = (None, String::new(), String::new());
    for line in lines {
        let Ok(line) = line else { return Ok(End::Broken) };
        match line.split_once(": ") {
            Some(("id", value)) => id = Some(value.to_owned()),
            Some(("event", value)) => value.clone_into(&mut name),
            Some(("data", value)) => value.clone_into(&mut data),
            Some(_) => {}
            None if line.is_empty() => {
                // The position counts only when what it stands for is done.
                if !take(on, wish, &name, &data, id.as_deref())? {
                    return Ok(End::Unread);
                }
                *after = id.take().or(after.take());
                name.clear();
                data.clear();
            }
            None => {}
        }
    }
    Ok(End::Broken)
}

/// Does with one event what was asked for; `false` where nobody reads any more.
fn take(
    on: &On<'_>,
    wish: &Watch,
    name: &str,
    data: &str,
    position: Option<&str>,
) -> Result<bool, Failure> {
    if name == "gap" {
        note(on, say(on.language, "gap"));
    }
    if name != "notice" {
        return Ok(true);
    }
    let mut event: Value = serde_json::from_str(data)
        .map_err(|error| Failure::new("BAD_ANSWER", exit::ERROR, error.to_string()))?;
    event["position"] = position.into();
    let line = format!("{event}\n");
    let Some(command) = &wish.exec else { return print(&line) };
    if let Err(why) = run(command, &event, &line) {
        note(on, &say_with(on.language, "exec_failed", &[command, &why]));
    }
    Ok(true)
}

fn print(line: &str) -> Result<bool, Failure> {
    let mut out = std::io::stdout();
    match out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        other => other.map(|()| true).map_err(Failure::from),
    }
}

/// Runs the command with the event on its standard input and its kind in `LEND_KIND`. What others
/// wrote goes nowhere near the shell's command line.
fn run(command: &str, event: &Value, line: &str) -> Result<(), String> {
    let kind = event["kind"].as_str().unwrap_or_default();
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .env("LEND_KIND", kind)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        // A command need not read what it is given.
        let _ = input.write_all(line.as_bytes());
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(status.to_string()) }
}
