//! Logs and metrics: what the operator sees of a running server.
//!
//! Logs go to standard error, one line an event. A request's lines carry its id because they
//! are written inside [`request_span`]. Metrics are few, and their labels come from closed sets
//! (dialects, route templates, codes), never from what a client sends.

use std::time::Duration;

use metrics::{SharedString, Unit};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Span;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// Requests answered, by `dialect`, `route` (template) and `status`.
pub const REQUESTS: &str = "lendglass_requests_total";
/// Seconds from the first byte of a request to the last of its answer, by `dialect` and `route`.
pub const REQUEST_SECONDS: &str = "lendglass_request_seconds";
/// Refusals and failures, by stable `code`.
pub const ERRORS: &str = "lendglass_errors_total";
/// Bytes of image data, by `direction` (`in`, `out`).
pub const BYTES: &str = "lendglass_image_bytes_total";
/// Jobs that reached a `state`, by `kind`.
pub const JOBS: &str = "lendglass_jobs_total";
/// Seconds waited for a connection, buffer or permit, by `pool`.
pub const POOL_WAIT_SECONDS: &str = "lendglass_pool_wait_seconds";

/// Bounds in seconds: from a look-up in memory to a long transfer.
const SECONDS_BUCKETS: &[f64] =
    &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0];

/// Starts logging for the whole process.
///
/// # Errors
/// A filter that cannot be read, or a second call.
pub fn start_logs(format: LogFormat, filter: &str) -> Result<(), String> {
    logs(format, filter, std::io::stderr)?.try_init().map_err(|error| error.to_string())
}

/// The log as a subscriber that writes to `writer`.
///
/// # Errors
/// A filter that cannot be read.
pub fn logs<W>(
    format: LogFormat,
    filter: &str,
    writer: W,
) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, String>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| format!("log.filter: `{filter}` cannot be read: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(match format {
        LogFormat::Text => Box::new(builder.with_ansi(false).finish()),
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true);
            Box::new(builder.with_current_span(true).with_span_list(false).finish())
        }
    })
}

/// The span in which a request is served; every log line inside carries its id.
pub fn request_span(request_id: &str) -> Span {
    tracing::info_span!("request", request_id)
}

/// The process's metrics.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Installs the recorder for the whole process. Nothing listens: [`Metrics::render`] is
    /// served by the router.
    ///
    /// # Errors
    /// A recorder is installed already.
    pub fn install() -> Result<Self, String> {
        let handle = builder()
            .and_then(|builder| builder.install_recorder())
            .map_err(|error| format!("metrics: {error}"))?;
        describe();
        Ok(Self { handle })
    }

    /// All metrics in Prometheus' text form.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Drains what histograms have gathered. To be called every few seconds, so that memory
    /// stays bounded where nobody scrapes.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS_BUCKETS)
}

fn describe() {
    metrics::describe_counter!(REQUESTS, "Requests answered.");
    metrics::describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "Time to answer a request.");
    metrics::describe_counter!(ERRORS, "Refusals and failures by code.");
    metrics::describe_counter!(BYTES, Unit::Bytes, "Bytes of image data moved.");
    metrics::describe_counter!(JOBS, "Jobs that reached a state.");
    metrics::describe_histogram!(POOL_WAIT_SECONDS, Unit::Seconds, "Time waited for a resource.");
}

/// Counts an answered request. `route` is the route's template, never the path itself.
pub fn request_answered(
    dialect: &'static str,
    route: impl Into<SharedString>,
    status: u16,
    took: Duration,
) {
    let route = route.into();
    metrics::counter!(REQUESTS, "dialect" => dialect, "route" => route.clone(),
        "status" => status.to_string())
    .increment(1);
    metrics::histogram!(REQUEST_SECONDS, "dialect" => dialect, "route" => route)
        .record(took.as_secs_f64());
}

/// Counts a refusal or failure by its stable code.
pub fn error_rendered(code: &'static str) {
    metrics::counter!(ERRORS, "code" => code).increment(1);
}

/// Counts bytes received as image data.
pub fn bytes_in(count: u64) {
    metrics::counter!(BYTES, "direction" => "in").increment(count);
}

/// Counts bytes sent as image data.
pub fn bytes_out(count: u64) {
    metrics::counter!(BYTES, "direction" => "out").increment(count);
}

/// Counts a job that reached a state.
pub fn job_reached(kind: &'static str, state: &'static str) {
    metrics::counter!(JOBS, "kind" => kind, "state" => state).increment(1);
}

/// Records how long something waited for a connection, a buffer or a permit.
pub fn pool_waited(pool: &'static str, took: Duration) {
    metrics::histogram!(POOL_WAIT_SECONDS, "pool" => pool).record(took.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, filter: &str) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = logs(format, filter, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            let _inside = request_span("req-71").entered();
            tracing::info!(image = "golden", "upload begun");
            tracing::debug!("not at this level");
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_json_line_has_message_fields_and_request_id() {
        let text = logged(LogFormat::Json, "info");
        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!(line["message"], "upload begun");
        assert_eq!(line["image"], "golden");
        assert_eq!(line["span"]["request_id"], "req-71");
    }

    #[test]
    fn a_text_line_has_message_fields_and_request_id() {
        let text = logged(LogFormat::Text, "info");
        assert_eq!(text.lines().count(), 1, "{text}");
        for part in ["req-71", "upload begun", "golden"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn the_filter_decides_what_is_logged() {
        assert_eq!(logged(LogFormat::Text, "error"), "");
        assert_eq!(logged(LogFormat::Text, "debug").lines().count(), 2);
        assert!(logs(LogFormat::Text, "lendglass=loudly", io::stderr).is_err());
    }

    #[test]
    fn metrics_render_in_prometheus_form() {
        let recorder = builder().unwrap().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            describe();
            request_answered("openstack", "/v2/images/{id}", 404, Duration::from_millis(3));
            error_rendered("IMAGE_NOT_FOUND");
            bytes_in(10);
            bytes_out(20);
            job_reached("replicate", "done");
            pool_waited("postgres", Duration::from_millis(1));
        });
        let text = handle.render();
        for line in [
            r#"lendglass_requests_total{dialect="openstack",route="/v2/images/{id}",status="404"} 1"#,
            r#"lendglass_request_seconds_bucket{dialect="openstack",route="/v2/images/{id}",le="0.005"} 1"#,
            r#"lendglass_errors_total{code="IMAGE_NOT_FOUND"} 1"#,
            r#"lendglass_image_bytes_total{direction="in"} 10"#,
            r#"lendglass_image_bytes_total{direction="out"} 20"#,
            r#"lendglass_jobs_total{kind="replicate",state="done"} 1"#,
            r#"lendglass_pool_wait_seconds_count{pool="postgres"} 1"#,
        ] {
            assert!(text.contains(line), "{line} is missing in:\n{text}");
        }
    }
}
