//! Uploads that are kept until they are whole, by the tus protocol 1.0.0 (https://tus.io) with its
//! extensions creation, expiration, termination and checksum.

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId, Timestamp};
use openssl::sha::Sha256;
use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, PathText, Query};
use super::me::UserView;
use crate::app::App;
use crate::service::upload::kept::{self, Ended, KeptUpload, NewUpload, Writing};
use crate::wire::common::{header_text, invalid, media_type, seconds_text};
use crate::wire::context::Context;

const VERSION: &str = "1.0.0";
const RESUMABLE: &str = "tus-resumable";
const OFFSET: &str = "upload-offset";
const LENGTH: &str = "upload-length";
const METADATA: &str = "upload-metadata";
const EXPIRES: &str = "upload-expires";
const CHECKSUM: &str = "upload-checksum";
/// The media type of a part.
const PART: &str = "application/offset+octet-stream";
/// What tus answers where a part is not what its checksum says.
const CHECKSUM_MISMATCH: u16 = 460;

/// Routes of the protocol: every answer says its version.
pub fn tus(route: MethodRouter<App>) -> MethodRouter<App> {
    route.layer(map_response(async |mut response: Response| {
        insert(response.headers_mut(), RESUMABLE, VERSION);
        response
    }))
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// A client that speaks another version is told which ones there are.
fn refused_version(headers: &HeaderMap) -> Option<Response> {
    let said = header_text(headers, RESUMABLE).unwrap_or("nothing");
    if said == VERSION {
        return None;
    }
    let error = invalid("Tus-Resumable", &shortened(said, 40), "it must be 1.0.0");
    let failure = Failure::with_status(error, StatusCode::PRECONDITION_FAILED);
    let mut response = failure.into_response();
    insert(response.headers_mut(), "tus-version", VERSION);
    Some(response)
}

/// An upload that is not whole yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadView {
    /// Its id.
    pub id: String,
    /// The image that waits for the bytes.
    pub image: String,
    /// What the client calls the file.
    pub filename: String,
    /// So many bytes have arrived; go on there.
    pub offset: u64,
    /// So many there are.
    pub length: u64,
    /// What the whole must hash to, where the client has said it.
    pub sha256: Option<String>,
    /// Whether the image was made for these bytes: it goes with them when they are given up.
    pub image_is_new: bool,
    /// Who began it.
    pub created_by: UserView,
    /// When it began; RFC 3339.
    pub created_at: String,
    /// When it is given up, if nothing more arrives; RFC 3339.
    pub expires_at: String,
}

fn render(kept: &KeptUpload) -> UploadView {
    UploadView {
        id: kept.upload.id.clone(),
        image: kept.upload.image.to_string(),
        filename: kept.file_name.clone(),
        offset: kept.offset_bytes,
        length: kept.length_bytes,
        sha256: kept.sha256_hex.clone(),
        image_is_new: kept.is_image_new,
        created_by: UserView { id: kept.user.to_string(), name: kept.user_name.clone() },
        created_at: seconds_text(kept.created_at),
        expires_at: seconds_text(kept.expires_at),
    }
}

/// A page of unfinished uploads.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadPage {
    /// Newest first.
    pub uploads: Vec<UploadView>,
    /// The `marker` of the next page; none on the last one.
    pub next: Option<String>,
}

/// Says what of tus is spoken here.
#[utoipa::path(options, path = "/api/v1/uploads", operation_id = "offer_uploads", tag = "uploads", security(()),
    responses((status = 204, description = "In the headers `Tus-Version`, `Tus-Extension`, `Tus-Max-Size`, `Tus-Checksum-Algorithm`")))]
pub async fn offer(State(app): State<App>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    insert(headers, "tus-version", VERSION);
    insert(headers, "tus-extension", "creation,expiration,termination,checksum");
    insert(headers, "tus-checksum-algorithm", "sha256");
    insert(headers, "tus-max-size", &app.settings.image_size_max_bytes.to_string());
    response
}

/// Lists the unfinished uploads of the project in this region, newest first.
#[utoipa::path(get, path = "/api/v1/uploads", operation_id = "list_uploads", tag = "uploads",
    params(("limit" = Option<u32>, Query, description = "At most so many"),
        ("marker" = Option<String>, Query, description = "The id of the upload the page before ended with")),
    responses((status = 200, body = UploadPage), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<UploadPage>, Failure> {
    let (limit, marker) = (query.number("limit")?, query.one("marker")?);
    query.finish()?;
    let (uploads, is_more) = kept::list(&app, &asking.caller, marker.as_deref(), limit).await?;
    let uploads: Vec<UploadView> = uploads.iter().map(render).collect();
    let next = uploads.last().filter(|_| is_more).map(|last| last.id.clone());
    Ok(Answer(UploadPage { uploads, next }))
}

/// Begins an upload that is kept until it is whole: through lost connections, tokens that end, and
/// restarts of the server. The record is `saving` meanwhile.
///
/// `Upload-Metadata` names the `image` that waits for the bytes, and may say a `filename` and the
/// `sha256` of the whole in hex, and `image_is_new` as `true` where the record was made for these bytes
/// and goes with them when they are given up; the values are in base64, as tus has it.
#[utoipa::path(post, path = "/api/v1/uploads", operation_id = "begin_upload", tag = "uploads",
    params(("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Length" = u64, Header, description = "How many bytes there are"),
        ("Upload-Metadata" = String, Header, description = "`image`, `filename`, `sha256`")),
    responses((status = 201, description = "`Location` is where its parts go", body = UploadView),
        (status = 409, description = "The image has an unfinished upload, or bytes", body = Problem),
        (status = "default", body = Problem)))]
pub async fn begin(
    State(app): State<App>,
    context: Context,
    asking: Asking,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if let Some(refused) = refused_version(&headers) {
        return Ok(refused);
    }
    let new = parse_new(&headers)?;
    let kept = kept::create(&app, &asking.caller, new).await?;
    let mut response = (StatusCode::CREATED, Answer(render(&kept))).into_response();
    let place = format!("{}{}/uploads/{}", context.base_path, super::PREFIX, kept.upload.id);
    insert(response.headers_mut(), "location", &place);
    tell_end(response.headers_mut(), Some(kept.expires_at));
    Ok(response)
}

pub fn parse_new(headers: &HeaderMap) -> Result<NewUpload, Error> {
    let mut new = NewUpload {
        image: ImageId::trusted(""),
        length_bytes: number(headers, LENGTH, "Upload-Length")?,
        file_name: String::new(),
        sha256_hex: None,
        is_image_new: false,
    };
    let mut image = None;
    let text = header_text(headers, METADATA).unwrap_or_default();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let bytes = STANDARD.decode(value.trim()).ok();
        let value = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
            invalid("Upload-Metadata", &shortened(pair, 80), "values are UTF-8 in base64")
        })?;
        match name {
            "image" => image = Some(value),
            "filename" => new.file_name = value,
            "image_is_new" => new.is_image_new = value == "true",
            "sha256" => new.sha256_hex = Some(value.to_ascii_lowercase()),
            other => {
                let field = format!("Upload-Metadata {}", shortened(other, 40));
                return Err(Error::new(Code::UnknownField).with("field", field));
            }
        }
    }
    let image = image
        .ok_or_else(|| Error::new(Code::MissingField).with("field", "Upload-Metadata image"))?;
    new.image = ImageId::parse_uuid(&image)
        .map_err(|_| Error::new(Code::ImageNotFound).with("id", shortened(&image, 80)))?;
    Ok(new)
}

fn number(headers: &HeaderMap, name: &str, shown: &str) -> Result<u64, Error> {
    let text = header_text(headers, name)
        .ok_or_else(|| Error::new(Code::MissingField).with("field", shown))?;
    text.parse().map_err(|_| invalid(shown, &shortened(text, 40), "it is not a whole number"))
}

fn tell_end(headers: &mut HeaderMap, at: Option<Timestamp>) {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let at = at.and_then(|at| OffsetDateTime::from_unix_timestamp(at.seconds()).ok());
    if let Some(text) = at.and_then(|at| at.format(&format).ok()) {
        insert(headers, EXPIRES, &text);
    }
}

/// Shows an unfinished upload. A `HEAD` answers where to go on in `Upload-Offset`.
#[utoipa::path(get, path = "/api/v1/uploads/{id}", operation_id = "show_upload", tag = "uploads",
    params(("id" = String, Path, description = "The upload")),
    responses((status = 200, body = UploadView), (status = 404, description = "It has ended", body = Problem),
        (status = "default", body = Problem)))]
pub async fn show(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
) -> Result<Response, Failure> {
    let kept = kept::show(&app, &asking.caller, &id).await?;
    let mut response = Answer(render(&kept)).into_response();
    let headers = response.headers_mut();
    insert(headers, OFFSET, &kept.offset_bytes.to_string());
    insert(headers, LENGTH, &kept.length_bytes.to_string());
    let sha256 = kept.sha256_hex.as_deref();
    insert(
        headers,
        METADATA,
        &metadata(&kept.upload.image, &kept.file_name, sha256, kept.is_image_new),
    );
    tell_end(headers, Some(kept.expires_at));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What `Upload-Metadata` says of an upload.
pub fn metadata(
    image: &ImageId,
    file_name: &str,
    sha256_hex: Option<&str>,
    is_image_new: bool,
) -> String {
    let pair = |name: &str, value: &str| format!("{name} {}", STANDARD.encode(value));
    let mut pairs = vec![pair("image", image.as_str())];
    if !file_name.is_empty() {
        pairs.push(pair("filename", file_name));
    }
    pairs.extend(sha256_hex.map(|text| pair("sha256", text)));
    pairs.extend(is_image_new.then(|| pair("image_is_new", "true")));
    pairs.join(",")
}

/// Sends a part of an upload. One request at a time does. What is acknowledged is durable; where the
/// connection breaks, what has arrived stays. Best send all the rest in one part.
#[utoipa::path(patch, path = "/api/v1/uploads/{id}", operation_id = "continue_upload", tag = "uploads",
    params(("id" = String, Path, description = "The upload"),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Offset" = u64, Header, description = "Where the part begins: where the upload is"),
        ("Upload-Checksum" = Option<String>, Header, description = "`sha256` and the digest of the part in base64; nothing of it counts unless it is that")),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "`Upload-Offset` says how much has arrived; all of it: the image is active"),
        (status = 409, description = "The upload is at another offset", body = Problem),
        (status = 423, description = "Another part is being sent", body = Problem),
        (status = 460, description = "The part is not what its checksum says", body = Problem),
        (status = "default", body = Problem)))]
pub async fn append(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    if let Some(refused) = refused_version(&headers) {
        return Ok(refused);
    }
    let got = media_type(&headers);
    if got.as_deref() != Some(PART) {
        let got = shortened(&got.unwrap_or_else(|| "nothing".to_owned()), 80);
        return Err(Error::new(Code::UnsupportedMedia).with("got", got).with("want", PART).into());
    }
    let offset = number(&headers, OFFSET, "Upload-Offset")?;
    let checksum = parse_checksum(&headers)?;
    let begun = kept::begin_part(&app, &asking.caller, &id, offset, checksum.is_some()).await;
    let writing = begun.map_err(by_tus)?;
    // In a task of its own: a client that goes away drops this future, and what has arrived is still
    // to be written down.
    let ended = tokio::spawn(pour(writing, body, checksum)).await;
    let ended = ended.map_err(|error| Error::internal(error.to_string()))?.map_err(by_tus)?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    insert(response.headers_mut(), OFFSET, &ended.offset_bytes.to_string());
    tell_end(response.headers_mut(), ended.expires_at);
    Ok(response)
}

/// Refusals that tus has statuses of its own for.
fn by_tus(error: Error) -> Failure {
    if error.code() == Code::UploadBusy {
        return Failure::with_status(error, StatusCode::LOCKED);
    }
    match StatusCode::from_u16(CHECKSUM_MISMATCH) {
        Ok(status) if error.code() == Code::ChunkMismatch => Failure::with_status(error, status),
        Ok(_) | Err(_) => Failure::from(error),
    }
}

pub fn parse_checksum(headers: &HeaderMap) -> Result<Option<Vec<u8>>, Error> {
    let Some(text) = header_text(headers, CHECKSUM) else { return Ok(None) };
    let refuse = |why: &str| invalid("Upload-Checksum", &shortened(text, 80), why);
    let (algo, digest) = text.split_once(' ').ok_or_else(|| refuse("an algorithm and a digest"))?;
    if algo != "sha256" {
        return Err(refuse("the algorithm is sha256"));
    }
    let digest = STANDARD.decode(digest.trim()).ok().filter(|digest| digest.len() == 32);
    digest.map(Some).ok_or_else(|| refuse("the digest has 32 bytes, in base64"))
}

/// Takes the body of a part over, up to its end, however it ends.
async fn pour(
    mut writing: Writing,
    mut body: Body,
    checksum: Option<Vec<u8>>,
) -> Result<Ended, Error> {
    let idle_limit = writing.idle_limit();
    let mut digest = checksum.is_some().then(Sha256::new);
    let is_whole = loop {
        let hurried = writing.hurried();
        let frame = tokio::select! {
            biased;
            () = hurried => break false,
            frame = tokio::time::timeout(idle_limit, body.frame()) => frame,
        };
        match frame {
            Ok(None) => break true,
            Ok(Some(Ok(frame))) => {
                let Ok(data) = frame.into_data() else { continue };
                if let Some(digest) = &mut digest {
                    digest.update(&data);
                }
                writing.receive(&data).await?;
            }
            // The line broke, or the peer fell silent: what has arrived counts.
            Ok(Some(Err(_))) | Err(_) => break false,
        }
    };
    if let (Some(digest), Some(want)) = (digest, checksum)
        && (!is_whole || digest.finish()[..] != want[..])
    {
        return Err(Error::new(Code::ChunkMismatch).with("algo", "sha256"));
    }
    writing.end().await
}

/// Gives an upload up: nothing of it is kept, and the image waits for bytes again.
#[utoipa::path(delete, path = "/api/v1/uploads/{id}", operation_id = "cancel_upload", tag = "uploads",
    params(("id" = String, Path, description = "The upload")),
    responses((status = 204), (status = 404, description = "It has ended", body = Problem), (status = "default", body = Problem)))]
pub async fn cancel(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
) -> Result<StatusCode, Failure> {
    kept::cancel(&app, &asking.caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
