//! `lend operator …`: the whole installation.

use serde_json::{Value, json};

use crate::args::{On, Operator, Page};
use crate::failure::Failure;
use crate::image::more;
use crate::output::{column, print_rows};
use crate::session::escaped;
use crate::sharing::page_query;

/// Does what was asked.
pub fn run(on: &On<'_>, verb: &Operator) -> Result<u8, Failure> {
    match verb {
        Operator::Tenants { text, page } => {
            let text = text.as_ref().map(|text| format!("&q={}", escaped(text)));
            tenants(on, &format!("{}{}", text.unwrap_or_default(), page_query(page)))
        }
        Operator::Storage => storage(on),
        Operator::Health => health(on),
        Operator::Feedback { page } => feedback(on, page),
    }
}

fn tenants(on: &On<'_>, query: &str) -> Result<u8, Failure> {
    let page = on.session.get(&format!("/tenants?{}", query.trim_start_matches('&')))?;
    let mut rows = Vec::new();
    for tenant in page["tenants"].as_array().into_iter().flatten() {
        let row = |project: &Value| {
            json!({
                "account": tenant["name"],
                "account_id": tenant["id"],
                "project": project["name"],
                "project_id": project["id"],
                "region": project["region"],
                "users": project["users"],
                "images": project["images"],
                "bytes": project["image_bytes"],
                "given": project["shares_given"],
                "received": project["shares_received"],
                "enabled": tenant["enabled"] == true && project["enabled"] == true,
            })
        };
        let projects = tenant["projects"].as_array().map_or(&[][..], Vec::as_slice);
        match projects {
            [] => rows.push(json!({
                "account": tenant["name"],
                "account_id": tenant["id"],
                "enabled": tenant["enabled"],
            })),
            some => rows.extend(some.iter().map(row)),
        }
    }
    let columns = [
        column("account", "Account", "账号"),
        column("account_id", "Account ID", "账号 ID"),
        column("project", "Project", "项目"),
        column("project_id", "Project ID", "项目 ID"),
        column("region", "Region", "区域"),
        column("users", "Users", "用户"),
        column("images", "Images", "镜像"),
        column("bytes", "Bytes", "字节"),
        column("given", "Given", "共享出"),
        column("received", "Received", "收到"),
        column("enabled", "Enabled", "启用"),
    ];
    print_rows(on, &columns, &rows)?;
    more(on, &page);
    Ok(0)
}

fn feedback(on: &On<'_>, page: &Page) -> Result<u8, Failure> {
    let answer =
        on.session.get(&format!("/feedback?{}", page_query(page).trim_start_matches('&')))?;
    let columns = [
        column("at", "When", "时间"),
        column("page", "Page", "页面"),
        column("helpful", "Helpful", "有帮助"),
        column("text", "Text", "内容"),
        column("user_name", "User", "用户"),
        column("project", "Project", "项目"),
    ];
    print_rows(on, &columns, answer["feedback"].as_array().map_or(&[][..], Vec::as_slice))?;
    more(on, &answer);
    Ok(0)
}

fn storage(on: &On<'_>) -> Result<u8, Failure> {
    let answer = on.session.get("/storage")?;
    let rows = answer["regions"].as_array().cloned().unwrap_or_default();
    let columns = [
        column("region", "Region", "区域"),
        column("images", "Images", "镜像"),
        column("image_bytes", "Image bytes", "镜像字节"),
        column("blobs", "Blobs", "数据块"),
        column("bytes", "Stored bytes", "存储字节"),
        column("filling", "Arriving", "写入中"),
        column("damaged", "Damaged", "已损坏"),
        column("unreadable", "Unreadable", "无法读取"),
        column("dying", "To remove", "待删除"),
        column("free_bytes", "Free bytes", "可用字节"),
    ];
    print_rows(on, &columns, &rows)?;
    Ok(0)
}

fn health(on: &On<'_>) -> Result<u8, Failure> {
    let answer = on.session.get("/health")?;
    let rows = answer["parts"].as_array().cloned().unwrap_or_default();
    let columns = [
        column("kind", "Part", "组件"),
        column("name", "Name", "名称"),
        column("driver", "Driver", "驱动"),
        column("state", "State", "状态"),
        column("detail", "Detail", "详情"),
        column("micros", "µs", "微秒"),
    ];
    print_rows(on, &columns, &rows)?;
    Ok(u8::from(answer["state"] == "failed"))
}
