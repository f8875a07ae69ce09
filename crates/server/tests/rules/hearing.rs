//! A listener of the event stream, as the stories use it.

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::support::TestServer;

/// One event as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: Option<String>,
    pub name: String,
    pub data: Value,
}

/// A stream under way.
pub struct Ear {
    body: Body,
    text: String,
    /// The id of the last event heard.
    pub last_id: String,
}

impl Ear {
    /// Opens a stream with the token of a person, after an event where one is named.
    pub async fn open(server: &TestServer, person: &str, after: Option<&str>) -> Ear {
        let token = server.token(person).await;
        let mut request = Request::get("/api/v1/events").header("x-auth-token", token);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let response = server.open(request.body(Body::empty()).unwrap()).await;
        let mut ear = Ear::of(response);
        let begin = ear.block().await.unwrap();
        let id = begin.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
        id.clone_into(&mut ear.last_id);
        ear
    }

    /// The stream that an answer is.
    pub fn of(response: Response) -> Ear {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Ear { body: response.into_body(), text: String::new(), last_id: String::new() }
    }

    /// The next block of lines; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let frame = self.body.frame().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }

    /// The next event that says what happened; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let event = self.any().await?;
            if event.name != "changed" {
                return Some(event);
            }
        }
    }

    /// Waits until the client knows that what it lists is out of date.
    pub async fn stale(&mut self) {
        let event = self.any().await.expect("the stream goes on");
        assert!(["changed", "notice"].contains(&event.name.as_str()), "{event:?}");
    }

    /// The next event; `None` at the end of the stream. Heartbeats are passed over.
    pub async fn any(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                let prefix = format!("{name}: ");
                block.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
            };
            let Some(name) = field("event") else { continue };
            let data = serde_json::from_str(&field("data").unwrap()).unwrap();
            if let Some(id) = field("id") {
                self.last_id = id;
            }
            return Some(Event { id: field("id"), name, data });
        }
    }

    /// The ids of the next notices.
    pub async fn notices(&mut self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        while ids.len() < count {
            let event = self.next().await.expect("the stream goes on");
            assert_eq!(event.name, "notice", "{event:?}");
            ids.push(event.data["id"].as_str().unwrap().to_owned());
        }
        ids
    }
}
