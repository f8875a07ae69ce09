//! `GET /v4/image/list`: from CTyun's filters to a list request, and pages by number.

use lendglass_core::image::{Image, ImageKind, Visibility};
use lendglass_core::limits::LIST_TOTAL;
use lendglass_core::share::ShareState;
use lendglass_core::text::folded;
use lendglass_core::{Error, ImageId};
use serde_json::{Value, json};

use super::error::{Failure, Reply};
use super::fields::Fields;
use super::render::{Word, render_images};
use super::request::Asked;
use crate::service::list::{self, Filter, ListImages, Received, TextColumn, View};
use crate::wire::common::invalid;

/// The page where none is asked for, and the largest one of images.
const PAGE: u32 = 10;
pub const PAGE_MAX: u32 = 200;

/// A page by its number.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    number: u32,
    /// Rows of a page.
    pub size: u32,
}

impl Page {
    /// `pageNo` and `pageSize`, numbers or texts of such.
    pub fn parse(fields: &Fields, most: u32) -> Result<Page, Error> {
        let number = fields.number("pageNo")?.unwrap_or(1);
        let size = fields.number("pageSize")?.unwrap_or(PAGE);
        if number == 0 {
            return Err(invalid("pageNo", "0", "pages are counted from 1"));
        }
        if size == 0 || size > most {
            let reason = format!("a page has 1 to {most} rows");
            return Err(invalid("pageSize", &size.to_string(), &reason));
        }
        Ok(Page { number, size })
    }

    /// How many rows lie before it.
    pub fn offset(self) -> usize {
        (self.number as usize - 1).saturating_mul(self.size as usize)
    }
}

/// A page of rows, by both names of each number.
pub fn paged(page: Page, total: u32, rows: Vec<Value>) -> Reply {
    Reply(json!({
        "currentPage": page.number,
        "pageNo": page.number,
        "currentCount": rows.len(),
        "pageSize": page.size,
        "totalPage": total.div_ceil(page.size),
        "totalCount": total,
        "images": rows,
    }))
}

/// A page of images.
pub async fn index(asked: Asked) -> Result<Reply, Failure> {
    let page = Page::parse(&asked.fields, PAGE_MAX)?;
    let Some(request) = parse_list(&asked.fields)? else {
        return Ok(paged(page, 0, Vec::new()));
    };
    let total = list::count(&asked.app, &asked.caller, &request, LIST_TOTAL).await?;
    let images = walk(&asked, request, page, total).await?;
    let seen = list::with_shares(&asked.app, &asked.caller, images).await?;
    Ok(paged(page, total, render_images(&asked, seen).await?))
}

/// The images of a page. Lists have markers, not numbers: what lies before is passed over.
async fn walk(
    asked: &Asked,
    mut request: ListImages,
    page: Page,
    total: u32,
) -> Result<Vec<Image>, Error> {
    let (first, size) = (page.offset(), page.size as usize);
    let (mut passed, mut images) = (0_usize, Vec::new());
    while first < total as usize && images.len() < size {
        let wanted = first.saturating_add(size) - passed;
        request.limit = Some(u32::try_from(wanted).unwrap_or(u32::MAX));
        let found = list::list(&asked.app, &asked.caller, &request).await?;
        let is_last = found.images.len() < wanted.min(found.limit as usize);
        request.marker = found.images.last().map(|image| image.id.clone());
        let count = found.images.len();
        images.extend(found.images.into_iter().skip(first.saturating_sub(passed)));
        passed += count;
        if is_last || count == 0 {
            break;
        }
    }
    Ok(images)
}

/// What the fields ask for; `None` for what nothing here is.
pub fn parse_list(fields: &Fields) -> Result<Option<ListImages>, Error> {
    let word = parse_visibility(fields)?;
    let mut request = ListImages::default();
    match word {
        Word::Private => request.view = Some(View::Owned),
        Word::Public => request.view = Some(View::Of(Visibility::Public)),
        Word::Shared => {
            request.view = Some(View::Received);
            request.received = Some(parse_state(fields)?);
        }
        Word::Community => request.view = Some(View::Of(Visibility::Community)),
        Word::Other => return Ok(None),
    }
    let is_elsewhere = fields.text("projectID")?.is_some_and(|project| project != "0")
        || (word == Word::Public && fields.text("cwaiType")?.is_some());
    if is_elsewhere {
        return Ok(None);
    }
    let name = fields.text("imageName")?.filter(|_| word == Word::Private);
    match (name, fields.text("queryContent")?) {
        (Some(name), _) => request.filters.push(Filter::Text(TextColumn::Name, vec![name])),
        (None, Some(text)) => request.filters.push(search(&text)),
        (None, None) => {}
    }
    if word == Word::Private
        && let Some(text) = fields.text("imageType")?
    {
        request.filters.push(parse_type(&text)?);
    }
    if word != Word::Shared
        && let Some(number) = fields.number("osTypeCode")?
    {
        request.filters.push(parse_system(number)?);
    }
    Ok(Some(request))
}

/// `imageVisibilityCode`, or the older `visibility`, which has words as well.
fn parse_visibility(fields: &Fields) -> Result<Word, Error> {
    let text = match fields.text("imageVisibilityCode")? {
        Some(text) => Some(text),
        None => fields.text("visibility")?,
    };
    let Some(text) = text else { return Ok(Word::Public) };
    Word::parse(text.trim()).ok_or_else(|| {
        let reason = "it must be 0 (private), 1 (public), 2 (shared) or 3 to 6";
        invalid("imageVisibilityCode", &text, reason)
    })
}

/// `imageStatus`, or the older `status`; absent: what waits and what was accepted.
fn parse_state(fields: &Fields) -> Result<Received, Error> {
    let text = match fields.text("imageStatus")? {
        Some(text) => Some(text),
        None => fields.text("status")?,
    };
    match text.as_deref() {
        None => Ok(Received::Unrejected),
        Some("waiting") => Ok(Received::In(ShareState::Pending)),
        Some("accepted") => Ok(Received::In(ShareState::Accepted)),
        Some("rejected") => Ok(Received::In(ShareState::Rejected)),
        Some(other) => {
            let reason = "it must be accepted, rejected or waiting";
            Err(invalid("imageStatus", other, reason))
        }
    }
}

/// Text that a name contains, or an id.
fn search(text: &str) -> Filter {
    match ImageId::parse_uuid(text.trim()) {
        Ok(id) => Filter::Text(TextColumn::Id, vec![id.to_string()]),
        Err(_) => Filter::NameContains(folded(text)),
    }
}

fn parse_type(text: &str) -> Result<Filter, Error> {
    let is_data = match text {
        "data_disk_image" => true,
        "others" => false,
        _ => return Err(invalid("imageType", text, "it must be data_disk_image or others")),
    };
    let kinds = ImageKind::ALL.iter().filter(|kind| (**kind == ImageKind::DataDisk) == is_data);
    let words = kinds.map(|kind| kind.as_str().to_owned()).collect();
    Ok(Filter::Text(TextColumn::Kind, words))
}

fn parse_system(number: u32) -> Result<Filter, Error> {
    let word = match number {
        1 => "linux",
        2 => "windows",
        _ => {
            let reason = "it must be 1 (Linux) or 2 (Windows)";
            return Err(invalid("osTypeCode", &number.to_string(), reason));
        }
    };
    Ok(Filter::Property("os_type".to_owned(), word.to_owned()))
}
