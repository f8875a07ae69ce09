//! Tags with a key and a value: the label `KEY=VALUE`, or `KEY` where the value is empty.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use lendglass_core::image::Image;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};
use serde_json::{Value, json};

use super::error::Failure;
use super::list::parse_list;
use super::request::{Asked, Fields, parse_image};
use super::tag_query::parse_wanted;
use crate::app::App;
use crate::service::image::{self, Edit};
use crate::service::list::{self, ListImages, View};
use crate::wire::common::{invalid, json_body};
use crate::wire::query::{parse_limit, parse_query};

/// A key and a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

impl Tag {
    /// A label as a tag: split at the first `=`.
    pub fn of_label(label: &str) -> Tag {
        let (key, value) = label.split_once('=').unwrap_or((label, ""));
        Tag { key: key.to_owned(), value: value.to_owned() }
    }

    /// `{"key", "value"}`; the value may be missing.
    pub fn parse(value: &Value) -> Result<Tag, Error> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::trim);
        let key = text("key").filter(|key| !key.is_empty() && !key.contains('='));
        let reason = "a tag is {\"key\": …, \"value\": …}, its key without “=”";
        let key = key.ok_or_else(|| invalid("tag", &value.to_string(), reason))?;
        Ok(Tag { key: key.to_owned(), value: text("value").unwrap_or_default().to_owned() })
    }

    /// The old form, split at the first dot.
    fn parse_dotted(text: &str) -> Result<Tag, Error> {
        let (key, value) = text.split_once('.').unwrap_or((text, ""));
        Tag::parse(&json!({"key": key, "value": value}))
    }

    pub fn render(&self) -> Value {
        json!({"key": self.key, "value": self.value})
    }

    /// The label of a tag.
    pub fn into_label(self) -> String {
        if self.value.is_empty() { self.key } else { format!("{}={}", self.key, self.value) }
    }

    fn put(self) -> Edit {
        Edit::PutPair(self.key, self.value)
    }
}

/// The tags of an image, in order.
pub fn tags_of(image: &Image) -> Vec<Tag> {
    image.tags.iter().map(|label| Tag::of_label(label)).collect()
}

/// `PUT /v1/cloudimages/tags`
pub async fn put(State(app): State<App>, asked: Asked, body: Body) -> Result<StatusCode, Failure> {
    let fields = Fields::of(json_body(body).await?)?;
    let id = parse_image(&fields.required("image_id")?)?;
    let tag = match (fields.get("image_tag"), fields.text("tag")?) {
        (Some(pair), _) => Tag::parse(pair)?,
        (None, Some(dotted)) => Tag::parse_dotted(&dotted)?,
        (None, None) => return Err(Error::new(Code::MissingField).with("field", "tag").into()),
    };
    change(&app, &asked, &id, vec![tag.put()]).await
}

/// `POST /v2/{project_id}/images/{image}/tags`
pub async fn add(State(app): State<App>, asked: Asked, body: Body) -> Result<StatusCode, Failure> {
    let fields = Fields::of(json_body(body).await?)?;
    let tag =
        fields.get("tag").ok_or_else(|| Error::new(Code::MissingField).with("field", "tag"))?;
    change(&app, &asked, &asked.image()?, vec![Tag::parse(tag)?.put()]).await
}

/// `POST /v2/{project_id}/images/{image}/tags/action`: deleting what is not there is no refusal.
pub async fn batch(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<StatusCode, Failure> {
    let fields = Fields::of(json_body(body).await?)?;
    let is_create = match fields.required("action")?.as_str() {
        "create" => true,
        "delete" => false,
        other => return Err(invalid("action", other, "it must be create or delete").into()),
    };
    let tags = parse_tags(&fields)?;
    let edits = tags.into_iter().map(|(tag, has_value)| match is_create {
        true => tag.put(),
        false => Edit::DropPair(tag.key, has_value.then_some(tag.value)),
    });
    change(&app, &asked, &asked.image()?, edits.collect()).await
}

/// `DELETE /v1/{project_id}/cloudimages/{image}/tags/delete`
pub async fn batch_delete(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<StatusCode, Failure> {
    let tags = parse_tags(&Fields::of(json_body(body).await?)?)?;
    let edits = tags
        .into_iter()
        .map(|(tag, has_value)| Edit::DropPair(tag.key, has_value.then_some(tag.value)));
    change(&app, &asked, &asked.image()?, edits.collect()).await
}

/// `DELETE /v2/{project_id}/images/{image}/tags/{key}`: 404 where there is none.
pub async fn remove(State(app): State<App>, asked: Asked) -> Result<StatusCode, Failure> {
    let edits = vec![Edit::RemovePair(asked.name("key").to_owned())];
    change(&app, &asked, &asked.image()?, edits).await
}

async fn change(
    app: &App,
    asked: &Asked,
    id: &ImageId,
    edits: Vec<Edit>,
) -> Result<StatusCode, Failure> {
    image::update(app, &asked.caller, id, edits).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The labels that a body makes an image with: `image_tags` as pairs, or `tags` in the old form.
pub fn labels(fields: &Fields) -> Result<Vec<String>, Error> {
    let tags: Result<Vec<Tag>, Error> = match fields.get("image_tags") {
        None => fields.texts("tags")?.iter().map(|tag| Tag::parse_dotted(tag)).collect(),
        Some(Value::Array(pairs)) => pairs.iter().map(Tag::parse).collect(),
        Some(other) => Err(invalid("image_tags", &other.to_string(), "it must be an array")),
    };
    Ok(tags?.into_iter().map(Tag::into_label).collect())
}

/// The tags of a body, each with whether it has a value; keys are unique.
pub fn parse_tags(fields: &Fields) -> Result<Vec<(Tag, bool)>, Error> {
    let items = fields.get("tags").and_then(Value::as_array);
    let items = items.ok_or_else(|| Error::new(Code::MissingField).with("field", "tags"))?;
    let mut keys = BTreeSet::new();
    items
        .iter()
        .map(|item| {
            let tag = Tag::parse(item)?;
            if !keys.insert(tag.key.clone()) {
                return Err(invalid("tags", &shortened(&tag.key, 80), "a key stands twice"));
            }
            Ok((tag, item.get("value").is_some_and(Value::is_string)))
        })
        .collect()
}

/// `GET /v2/{project_id}/images/{image}/tags`
pub async fn of_image(State(app): State<App>, asked: Asked) -> Result<Json<Value>, Failure> {
    let seen = image::show(&app, &asked.caller, &asked.image()?).await?;
    let tags: Vec<Value> = tags_of(&seen.image).iter().map(Tag::render).collect();
    Ok(Json(json!({"tags": tags})))
}

/// `GET /v2/{project_id}/images/tags`: of all images of the project, by key.
pub async fn of_project(State(app): State<App>, asked: Asked) -> Result<Json<Value>, Failure> {
    let mut by_key: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for image in all(&app, &asked, owned()).await? {
        for tag in tags_of(&image) {
            by_key.entry(tag.key).or_default().insert(tag.value);
        }
    }
    let pairs = by_key.iter().map(|(key, values)| json!({"key": key, "values": values}));
    Ok(Json(json!({"tags": pairs.collect::<Vec<_>>()})))
}

/// `GET /v1/cloudimages/tags`: the labels of the images that the filters of the list mean.
pub async fn of_list(
    State(app): State<App>,
    asked: Asked,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Failure> {
    let pairs = parse_query(query.as_deref().unwrap_or_default())?;
    let (paging, filters): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(name, _)| matches!(name.as_str(), "limit" | "page"));
    let number = |wanted: &str| {
        let value = paging.iter().find(|(name, _)| name == wanted);
        value.map(|(_, value)| parse_limit(value)).transpose()
    };
    let (limit, page) = (number("limit")?, number("page")?.unwrap_or(1).max(1));
    let images = all(&app, &asked, parse_list(&filters)?).await?;
    let labels: BTreeSet<String> = images.into_iter().flat_map(|image| image.tags).collect();
    let most = limit.map_or(usize::MAX, |limit| limit as usize);
    let skipped = most.saturating_mul(page as usize - 1);
    let tags: Vec<String> = labels.into_iter().skip(skipped).take(most).collect();
    Ok(Json(json!({"tags": tags})))
}

/// `POST /v2/{project_id}/images/resource_instances/action`: the project's images by their tags.
pub async fn search(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let wanted = parse_wanted(&Fields::of(json_body(body).await?)?)?;
    let images = all(&app, &asked, owned()).await?;
    let found: Vec<&Image> = images.iter().filter(|image| wanted.fits(image)).collect();
    let mut view = json!({"total_count": found.len()});
    if !wanted.is_count {
        let page = found.iter().skip(wanted.offset).take(wanted.limit);
        view["resources"] = page.map(|image| render_resource(image)).collect();
    }
    Ok(Json(view))
}

fn render_resource(image: &Image) -> Value {
    let tags: Vec<Value> = tags_of(image).iter().map(Tag::render).collect();
    json!({
        "resource_id": image.id.as_str(),
        "resource_name": image.name.as_deref().unwrap_or_default(),
        "resource_detail": {"status": image.status.as_str()},
        "tags": tags,
    })
}

fn owned() -> ListImages {
    ListImages { view: Some(View::Owned), ..ListImages::default() }
}

/// All images of a list, page by page.
async fn all(app: &App, asked: &Asked, request: ListImages) -> Result<Vec<Image>, Error> {
    let mut request = ListImages { limit: Some(u32::MAX), ..request };
    let mut images = Vec::new();
    loop {
        let page = list::list(app, &asked.caller, &request).await?;
        let is_full = page.limit > 0 && page.images.len() == page.limit as usize;
        images.extend(page.images);
        request.marker = images.last().map(|image: &Image| image.id.clone());
        if !is_full {
            return Ok(images);
        }
    }
}
