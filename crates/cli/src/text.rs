//! The CLI's own texts, in both languages. What the server refuses, it says itself in the language
//! asked for.

/// The languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Chinese, simplified.
    Chinese,
}

impl Language {
    /// The language asked for: the flag, else `LC_ALL`, `LC_MESSAGES`, `LANG`, else English.
    pub fn chosen(flag: Option<&str>) -> Language {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let wanted = flag
            .map(str::to_owned)
            .or_else(|| variable("LC_ALL"))
            .or_else(|| variable("LC_MESSAGES"))
            .or_else(|| variable("LANG"));
        match wanted {
            Some(text) if text.to_ascii_lowercase().starts_with("zh") => Language::Chinese,
            Some(_) | None => Language::English,
        }
    }

    /// What `Accept-Language` says.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh",
        }
    }
}

/// (name, English, Chinese). In texts `{}` stands for what the caller puts in, in order.
const TEXTS: &[(&str, &str, &str)] = &[
    ("error", "error", "错误"),
    ("hint", "hint", "提示"),
    ("request", "request id", "请求 ID"),
    ("colon", ": ", "："),
    ("field", "Field", "字段"),
    ("value", "Value", "值"),
    (
        "nothing_shared",
        "Nothing was done: {} of {} pairs failed. Use --partial to do the good ones.",
        "未执行任何操作：{} / {} 项失败。使用 --partial 执行其余各项。",
    ),
    ("dry_run", "Nothing was done (--dry-run).", "未执行任何操作（--dry-run）。"),
    ("some_failed", "{} of {} pairs failed; the others are done.", "{} / {} 项失败，其余已完成。"),
    ("undo", "To take it back within seconds: lend undo {}", "数秒内可撤销：lend undo {}"),
    (
        "damaged",
        "The stored bytes of {} are damaged: they no longer match their digest.",
        "{} 的存储数据已损坏：与摘要不符。",
    ),
    (
        "unreadable",
        "The stored bytes of {} cannot be read now, which says nothing of them; the server goes on trying.",
        "{} 的存储数据暂时无法读取，不代表已损坏；服务器会继续尝试。",
    ),
    ("nothing_pending", "Nothing waits for an answer.", "没有待答复的共享。"),
    ("slots", "{} of {} slots used", "已使用 {} / {} 个配额"),
    (
        "exceeds",
        "{} {} already lie above {} = {}; they stay, nothing is added to them.",
        "已有 {} 个{}超过 {} = {}；现有内容保留，不再新增。",
    ),
    ("images", "images", "镜像"),
    ("projects", "projects", "项目"),
    ("no_policy", "There is no custom policy “{}” here.", "此处没有自定义策略“{}”。"),
    ("no_user", "Nobody called “{}” has a role in this project.", "本项目中没有用户“{}”。"),
    ("more", "More: --marker {}", "更多：--marker {}"),
    ("total", "{} in total", "总条数：{}"),
    ("no_image", "There is no image named “{}” here.", "此处没有名为“{}”的镜像。"),
    ("ambiguous", "“{}” names several images; use an id:", "“{}”对应多个镜像，请使用 ID："),
    ("owner", "owner", "所有者"),
    ("ambiguous_backup", "“{}” names several backups; use an id:", "“{}”对应多个备份，请使用 ID："),
    ("kept_backup", "{} {}, {} GiB", "{} {}，{} GiB"),
    (
        "disks_total",
        "{} GiB in total; accepting takes so much of a vault.",
        "共 {} GiB，接受时将占用存储库相应容量。",
    ),
    ("deleted", "deleted", "已删除"),
    ("would_go", "would be deleted", "可以删除"),
    ("copying", "Copy", "复制"),
    (
        "own_project",
        "You have no project “{}” in this region; see lend credentials show.",
        "您在本区域没有项目“{}”，请查看 lend credentials show。",
    ),
    ("taken_back", "What was done is undone: the share is withdrawn.", "已撤销：共享已取消。"),
    ("still_shared", "The share could not be withdrawn: {}", "共享未能取消：{}"),
    (
        "shared_with",
        "{} is shared with {} tenants; they lose it at once.",
        "“{}”已共享给 {} 个租户，删除后他们将立即失去该镜像。",
    ),
    ("type_name", "Type {} to delete: ", "输入 {} 以确认删除："),
    ("needs_yes", "Somebody must confirm; add --yes.", "此操作需要确认，请添加 --yes。"),
    ("not_confirmed", "Not confirmed; nothing was done.", "未确认，未执行任何操作。"),
    ("upload", "Upload", "上传"),
    (
        "stops",
        "Ctrl-C stops; `lend image upload --into {} --file {}` starts again, `lend image delete {}` \
         gives it up.",
        "Ctrl-C 停止；`lend image upload --into {} --file {}` 重新上传，`lend image delete {}` 放弃。",
    ),
    (
        "pauses",
        "Ctrl-C pauses; `lend image upload --resume {} --file {}` goes on, `lend upload cancel {}` \
         gives it up.",
        "Ctrl-C 暂停；`lend image upload --resume {} --file {}` 继续上传，`lend upload cancel {}` 放弃。",
    ),
    (
        "other_length",
        "it has {} bytes, the upload has {}; it is another file.",
        "文件为 {} 字节，而上传为 {} 字节，不是同一个文件。",
    ),
    ("download", "Download", "下载"),
    (
        "way_out",
        "The record {} keeps waiting for its bytes: `lend image upload --into {} --file {}` \
        starts the upload again, `lend image delete {}` gives it up.",
        "记录 {} 仍在等待数据：`lend image upload --into {} --file {}` 重新上传，\
        `lend image delete {}` 放弃。",
    ),
    ("undone", "Nothing was kept.", "未保留任何数据。"),
    (
        "digest_differs",
        "The {} of what arrived is {}, the server says {}. Nothing was kept.",
        "收到数据的 {} 为 {}，服务器记录为 {}，未保留任何数据。",
    ),
    (
        "no_digest",
        "The server keeps no digest of this image; the bytes were not verified.",
        "服务器没有该镜像的摘要，数据未经校验。",
    ),
    (
        "file_exists",
        "{} exists; remove it first or choose another name.",
        "{} 已存在，请先删除或使用其他文件名。",
    ),
    ("no_bytes", "The image has no bytes to save.", "镜像没有可保存的数据。"),
    (
        "unknown_format",
        "The format of {} is not known by its content or name; say --disk-format.",
        "无法根据内容或文件名识别 {} 的格式，请指定 --disk-format。",
    ),
    ("saved", "{} bytes verified by {}", "{} 字节，已通过 {} 校验"),
    ("password", "Password for {}: ", "{} 的密码："),
    (
        "no_password",
        "There is no password: set OS_PASSWORD, or run lend login.",
        "没有密码：请设置 OS_PASSWORD 或运行 lend login。",
    ),
    (
        "no_cloud",
        "Nobody said which cloud: run lend login, set OS_AUTH_URL, or choose one with \
        --cloud{}.",
        "未指定云：请运行 lend login、设置 OS_AUTH_URL，或用 --cloud 选择{}。",
    ),
    (
        "cloud_missing",
        "No clouds.yaml has a cloud named {}{}.",
        "clouds.yaml 中没有名为 {} 的云{}。",
    ),
    ("known_clouds", " (known: {})", "（已知：{}）"),
    ("bad_yaml", "{} cannot be read: {}", "无法读取 {}：{}"),
    ("no_project", "Choose a project with --project: {}", "请用 --project 选择项目：{}"),
    (
        "no_native",
        "The catalog of {} has no service of type lendglass; is it a Lendglass server?",
        "{} 的服务目录中没有 lendglass 类型的服务，它是 Lendglass 服务器吗？",
    ),
    ("unreachable", "{} does not answer: {}", "{} 无响应：{}"),
    ("signed_in", "Signed in as {} to {}; `{}` in {}", "已以 {} 登录 {}；{} 写入 {}"),
    ("job_failed", "The job {} failed: {}", "任务 {} 失败：{}"),
    ("no_column", "There is no column {}; known: {}", "没有列 {}；可用：{}"),
    ("ignored", "{} is not a KEY=VALUE pair.", "{} 不是 KEY=VALUE 形式。"),
    ("unread", "{} unread", "{} 条未读"),
    (
        "secret_once",
        "Keep the secret: it is not shown again.",
        "请妥善保存密钥：之后不会再次显示。",
    ),
    ("delivered", "The receiver took it.", "接收方已接收。"),
    ("not_delivered", "The receiver did not take it: {}", "接收方未接收：{}"),
    ("comes_back", "The stream ended; coming back in {} s.", "事件流已断开，{} 秒后重连。"),
    (
        "gap",
        "Older events are no longer kept; see lend notice list.",
        "较早的事件已不再保留，请查看 lend notice list。",
    ),
    ("exec_failed", "{} failed: {}", "{} 执行失败：{}"),
    ("nothing_to_set", "Say what to change; see --help.", "请指定要修改的内容，参见 --help。"),
];

/// Way-outs that are commands of this program, by the server's code.
const HINTS: &[(&str, &str)] = &[
    ("UNAUTHENTICATED", "lend login"),
    ("TOKEN_EXPIRED", "lend login"),
    ("TOKEN_REVOKED", "lend login"),
    ("WRONG_PASSWORD", "lend login"),
    ("NO_CLOUD", "lend login --auth-url http://HOST:9292/v3 --username NAME"),
    ("IMAGE_NOT_FOUND", "lend image list; lend share list --pending"),
    ("SHARE_NOT_ACCEPTED", "lend share accept IMAGE"),
    ("TENANT_NOT_FOUND", "the tenant finds its id with: lend credentials show"),
    ("TENANT_NOT_IN_REGION", "the tenant finds its id with: lend credentials show"),
    ("RECIPIENT_AMBIGUOUS", "the tenant finds its project ids with: lend credentials show"),
    ("IMAGE_IS_SHARED", "lend image unshare IMAGE --all"),
    ("SHARED_IMAGE_READONLY", "lend image replicate IMAGE --name NAME"),
    ("RESHARE_FORBIDDEN", "lend image replicate IMAGE --name NAME"),
    ("IMAGE_PROTECTED", "lend image set IMAGE --unprotected"),
    ("IMAGE_DEACTIVATED", "lend image activate IMAGE"),
    ("ACKNOWLEDGE_REQUIRED", "add --acknowledge when you have checked the content"),
    ("ROLE_TOO_WEAK", "lend credentials show"),
    ("PROJECT_NOT_IN_REGION", "lend credentials show"),
    ("PRIVATE_IMAGE_QUOTA", "lend quota show"),
    ("SHARE_IMAGE_QUOTA", "lend quota show"),
    ("SHARE_TENANT_QUOTA", "lend image tenants IMAGE"),
    (
        "VAULT_REQUIRED",
        "lend image disks IMAGE; lend vault create NAME --size GIB; lend share accept IMAGE --vault NAME",
    ),
    (
        "VAULT_TOO_SMALL",
        "lend vault create NAME --size GIB && lend share accept IMAGE --vault NAME",
    ),
    ("VAULT_WRONG_TYPE", "lend vault list --object-type server --protection backup"),
    ("VAULT_NOT_FOUND", "lend vault list"),
    ("VAULT_BELOW_USED", "lend vault show VAULT"),
    ("VAULT_NOT_EMPTY", "lend vault show VAULT"),
    ("BACKUP_NOT_FOUND", "lend backup list"),
    (
        "COPY_PROJECT_NEEDED",
        "lend credentials show; lend image copy IMAGE --to-region REGION --to-project ID",
    ),
    ("TAG_NOT_PREDEFINED", "lend tag list"),
    ("JOB_ENDED", "lend job show ID"),
    ("IMAGE_PUBLISHED", "lend image unpublish IMAGE"),
];

/// A text of ours by its name.
pub fn say(language: Language, name: &str) -> &'static str {
    let row = TEXTS.iter().find(|(known, _, _)| *known == name);
    match (row, language) {
        (Some((_, english, _)), Language::English) => english,
        (Some((_, _, chinese)), Language::Chinese) => chinese,
        (None, _) => "?",
    }
}

/// A text of ours with its places filled.
pub fn say_with(language: Language, name: &str, fill: &[&str]) -> String {
    let mut text = String::new();
    let mut fill = fill.iter();
    for (at, part) in say(language, name).split("{}").enumerate() {
        if at > 0 {
            text.push_str(fill.next().copied().unwrap_or("?"));
        }
        text.push_str(part);
    }
    text
}

/// What to do about a refusal, where one command helps.
pub fn hint(code: &str) -> Option<&'static str> {
    HINTS.iter().find(|(known, _)| *known == code).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_places() {
        for (name, english, chinese) in TEXTS {
            let places = |text: &str| text.matches("{}").count();
            assert_eq!(places(english), places(chinese), "{name}");
            assert!(!english.is_empty() && !chinese.is_empty(), "{name}");
        }
    }

    #[test]
    fn texts_are_filled_in_order() {
        let text = say_with(Language::English, "slots", &["1", "256"]);
        assert_eq!(text, "1 of 256 slots used");
    }
}
