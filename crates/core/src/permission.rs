//! What a caller may do at all: actions, the least role for each, and the custom statements of a
//! project that widen or narrow it (T-051).
//!
//! A denial wins, then the role counts, then what a statement allows. What a caller may do with one
//! image is asked of [`crate::access`], which asks here last: what he may not see is not found
//! before anything is refused.

use crate::error::{Code, Error, Language};
use crate::image::{ImageKind, words};
use crate::tenant::Role;
use crate::text::shortened;

/// Who may do a thing without any statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// Everybody with at least this role in the project.
    Role(Role),
    /// The operator, and nobody else: no statement gives it.
    Operator,
}

impl Least {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Least::Role(role) => role.as_str(),
            Least::Operator => "operator",
        }
    }
}

/// Declares the actions: variant, word, who may without a statement, what it is in both languages.
macro_rules! actions {
    ($($variant:ident = $word:literal, $least:expr, $english:literal, $chinese:literal;)*) => {
        /// Something that a role, or a statement of a project, lets a caller do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each has its text in the table it is made from")]
        pub enum Action { $($variant,)* }

        impl Action {
            /// Every action, in the order of the documentation.
            pub const ALL: &'static [Action] = &[$(Action::$variant,)*];

            /// The word, as in statements.
            pub fn as_str(self) -> &'static str {
                match self { $(Action::$variant => $word,)* }
            }

            /// Who may without a statement.
            pub fn least(self) -> Least {
                match self { $(Action::$variant => $least,)* }
            }

            /// What it lets one do.
            pub fn text(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Action::$variant, Language::English) => $english,
                    (Action::$variant, Language::Chinese) => $chinese,)*
                }
            }
        }
    };
}

const READER: Least = Least::Role(Role::Reader);
const MEMBER: Least = Least::Role(Role::Member);
const ADMIN: Least = Least::Role(Role::Admin);
const OPERATOR: Least = Least::Operator;

actions! {
    ImagesList = "ims:images:list", READER, "List images", "查询镜像列表";
    ImagesGet = "ims:images:get", READER, "See one image", "查询镜像详情";
    ImagesCreate = "ims:images:create", MEMBER, "Make a record of a system disk or an ISO", "创建系统盘或 ISO 镜像";
    ServerImagesCreate = "ims:serverImages:create", MEMBER, "Make an image of a server's system disk", "由服务器创建系统盘镜像";
    DataImagesCreate = "ims:dataImages:create", MEMBER, "Make a data-disk image", "创建数据盘镜像";
    WholeImagesCreate = "ims:wholeImages:create", MEMBER, "Make a full-server image", "创建整机镜像";
    ImagesUpdate = "ims:images:update", MEMBER, "Change a record, withhold its bytes and give them back", "修改镜像信息、停用与启用镜像";
    ImagesDelete = "ims:images:delete", MEMBER, "Delete images", "删除镜像";
    ImagesUpload = "ims:images:upload", MEMBER, "Give an image its bytes", "上传镜像数据";
    ImagesDownload = "ims:images:download", MEMBER, "Read the bytes of an image", "下载镜像数据";
    ImagesExport = "ims:images:export", MEMBER, "Export an image to a bucket", "导出镜像";
    ImagesCopy = "ims:images:copy", MEMBER, "Replicate or copy an image into the project", "复制镜像";
    ImagesUse = "ims:images:use", MEMBER, "Make servers and volumes from an image", "使用镜像创建云服务器或磁盘";
    ImagesShare = "ims:images:share", MEMBER, "Offer images to other tenants, and take them back", "共享镜像与取消共享";
    ImagesPublish = "ims:images:publish", OPERATOR, "Make images public", "发布公共镜像";
    ImagesMarket = "ims:images:market", ADMIN, "Publish images to the marketplace, and withdraw them", "发布与下架云市场镜像";
    SharesList = "ims:shares:list", READER, "See shares, given and received", "查询共享关系";
    SharesAnswer = "ims:shares:answer", MEMBER, "Accept, reject and drop what is offered", "接受、拒绝与移除共享镜像";
    SharesRules = "ims:shares:rules", ADMIN, "Set standing rules for offers", "设置共享自动答复规则";
    VaultsList = "ims:vaults:list", READER, "See vaults", "查询存储库";
    VaultsManage = "ims:vaults:manage", MEMBER, "Make, change and delete vaults", "创建、修改与删除存储库";
    BackupsList = "ims:backups:list", READER, "See backups", "查询备份";
    BackupsManage = "ims:backups:manage", MEMBER, "Make and delete backups", "创建与删除备份";
    NoticesRead = "ims:notices:read", READER, "Read notices and follow events", "查看通知与事件";
    NoticesMark = "ims:notices:mark", MEMBER, "Mark notices as read, for everybody in the project", "将通知标记为已读";
    WebhooksManage = "ims:webhooks:manage", ADMIN, "See, make, change and delete webhooks", "管理 Webhook";
    AuditList = "ims:audit:list", READER, "Read the audit trail of the project", "查询审计日志";
    JobsList = "ims:jobs:list", READER, "See jobs", "查询任务";
    JobsCancel = "ims:jobs:cancel", MEMBER, "Cancel jobs", "取消任务";
    TagsManage = "ims:tags:manage", ADMIN, "Set the predefined tags of the project", "管理预定义标签";
    QuotasGet = "ims:quotas:get", READER, "See ceilings and what is used of them", "查询配额";
    TenantsGet = "ims:tenants:get", READER, "Ask whom an exact id means", "校验租户 ID";
    AccessList = "ims:access:list", ADMIN, "See the users of the project and its statements", "查询项目用户与自定义策略";
    AccessManage = "ims:access:manage", ADMIN, "Write statements and bind them to users", "管理自定义策略";
    KeysManage = "ims:keys:manage", READER, "See, make and remove one's own access keys", "管理自己的访问密钥";
    CloudInspect = "ims:cloud:inspect", OPERATOR, "See the tenants, the stores and the health of the installation", "查看平台的租户、存储与健康状况";
    PoliciesSet = "ims:policies:set", OPERATOR, "See and change the rules of the installation", "查看与修改平台规则";
}

/// A set of actions fits one word of the machine.
const _: () = assert!(Action::ALL.len() <= 64);

impl Action {
    /// The action of a word, if there is one.
    pub fn parse(word: &str) -> Option<Action> {
        Action::ALL.iter().copied().find(|action| action.as_str() == word)
    }

    /// What making a record of this kind asks for.
    pub fn to_create(kind: ImageKind) -> Action {
        match kind {
            ImageKind::SystemDisk | ImageKind::Iso => Action::ImagesCreate,
            ImageKind::DataDisk => Action::DataImagesCreate,
            ImageKind::FullServer => Action::WholeImagesCreate,
        }
    }
}

words! {
    /// What a statement does.
    Effect {
        /// It gives.
        Allow = "allow",
        /// It takes, whatever role or other statements give.
        Deny = "deny",
    }
}

/// Which actions a statement means: one by its word, or all whose words begin alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Reads a word, or a beginning followed by `*`. Refuses with [`Code::InvalidValue`] what no
    /// action fits.
    pub fn parse(text: &str) -> Result<Pattern, Error> {
        let pattern = Pattern(text.to_owned());
        if Action::ALL.iter().any(|action| pattern.fits(*action)) {
            return Ok(pattern);
        }
        Err(Error::new(Code::InvalidValue)
            .with("field", "actions")
            .with("value", shortened(text, 80))
            .with("reason", "no action is called so; see GET /api/v1/access/actions"))
    }

    /// Takes a pattern that was checked when it was stored; what a later program knew fits nothing.
    pub fn trusted(text: impl Into<String>) -> Pattern {
        Pattern(text.into())
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn fits(&self, action: Action) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => action.as_str().starts_with(beginning),
            None => action.as_str() == self.0,
        }
    }
}

/// One statement of a custom policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it does.
    pub effect: Effect,
    /// To which actions.
    pub actions: Vec<Pattern>,
}

impl Statement {
    /// Refuses with [`Code::InvalidValue`] a statement that names an action of the operator's alone
    /// in order to give it. (A pattern that merely covers one gives the others.)
    pub fn check(&self) -> Result<(), Error> {
        let given = self.actions.iter().filter(|_| self.effect == Effect::Allow);
        for pattern in given {
            let fit: Vec<Action> =
                Action::ALL.iter().copied().filter(|action| pattern.fits(*action)).collect();
            if fit.iter().all(|action| action.least() == Least::Operator) {
                return Err(Error::new(Code::InvalidValue)
                    .with("field", "actions")
                    .with("value", pattern.as_str())
                    .with("reason", "only the operator may do this"));
            }
        }
        Ok(())
    }
}

/// What statements give and take one user in one project. Small enough to travel with each request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    allowed: u64,
    denied: u64,
}

impl Permissions {
    /// What all these statements come to.
    pub fn of<'a>(statements: impl IntoIterator<Item = &'a Statement>) -> Permissions {
        let mut permissions = Permissions::default();
        for statement in statements {
            let set = match statement.effect {
                Effect::Allow => &mut permissions.allowed,
                Effect::Deny => &mut permissions.denied,
            };
            for action in Action::ALL {
                if statement.actions.iter().any(|pattern| pattern.fits(*action)) {
                    *set |= bit(*action);
                }
            }
        }
        permissions
    }

    /// Whether they change nothing.
    pub fn is_empty(&self) -> bool {
        *self == Permissions::default()
    }
}

fn bit(action: Action) -> u64 {
    1 << action as u32
}

/// Whether somebody with this role and these statements may do this. A denial wins, then the role,
/// then what is allowed; what is the operator's alone nobody is given here.
///
/// Errors: [`Code::ActionDenied`], [`Code::RoleTooWeak`], [`Code::OperatorOnly`].
pub fn decide(role: Role, permissions: &Permissions, action: Action) -> Result<(), Error> {
    if permissions.denied & bit(action) != 0 {
        return Err(Error::new(Code::ActionDenied).with("action", action.as_str()));
    }
    match action.least() {
        Least::Role(least) if role >= least || permissions.allowed & bit(action) != 0 => Ok(()),
        Least::Role(least) => Err(Error::new(Code::RoleTooWeak)
            .with("role", role.as_str())
            .with("needed", least.as_str())
            .with("action", action.as_str())),
        Least::Operator => Err(Error::new(Code::OperatorOnly)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(effect: Effect, words: &[&str]) -> Statement {
        let actions = words.iter().map(|word| Pattern::parse(word).unwrap()).collect();
        Statement { effect, actions }
    }

    fn code(role: Role, statements: &[Statement], action: Action) -> Option<Code> {
        decide(role, &Permissions::of(statements), action).err().map(|error| error.code())
    }

    #[test]
    fn t_051_roles_give_what_the_table_says() {
        for action in Action::ALL {
            for role in Role::ALL {
                let expected = match action.least() {
                    Least::Role(least) => (role < least).then_some(Code::RoleTooWeak),
                    Least::Operator => Some(Code::OperatorOnly),
                };
                assert_eq!(code(role, &[], *action), expected, "{action:?} {role:?}");
            }
        }
    }

    #[test]
    fn t_051_a_denial_wins_over_role_and_permission() {
        let all = statement(Effect::Allow, &["*"]);
        let not = statement(Effect::Deny, &["ims:images:share"]);
        for order in [[all.clone(), not.clone()], [not, all]] {
            let share = code(Role::Admin, &order, Action::ImagesShare);
            assert_eq!(share, Some(Code::ActionDenied));
            assert_eq!(code(Role::Reader, &order, Action::ImagesUpload), None);
        }
    }

    #[test]
    fn t_051_nothing_gives_what_is_the_operators() {
        let all = statement(Effect::Allow, &["*"]);
        all.check().unwrap();
        for action in Action::ALL.iter().filter(|action| action.least() == Least::Operator) {
            assert_eq!(
                code(Role::Admin, std::slice::from_ref(&all), *action),
                Some(Code::OperatorOnly)
            );
            let named = statement(Effect::Allow, &[action.as_str()]);
            assert_eq!(named.check().unwrap_err().code(), Code::InvalidValue);
            statement(Effect::Deny, &[action.as_str()]).check().unwrap();
        }
    }

    #[test]
    fn patterns_mean_something_or_are_refused() {
        for good in ["ims:images:get", "ims:images:*", "ims:*", "*", "ims:images:li*"] {
            assert_eq!(Pattern::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "ims:images", "ims:*:list", "**", "ims:vms:*", "IMS:images:get", "im s"] {
            assert_eq!(Pattern::parse(bad).unwrap_err().code(), Code::InvalidValue, "{bad:?}");
        }
        let later =
            Statement { effect: Effect::Deny, actions: vec![Pattern::trusted("ims:moons:land")] };
        assert!(Permissions::of([&later]).is_empty());
    }

    #[test]
    fn every_action_has_a_word_and_texts() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(*action));
            assert!(action.as_str().starts_with("ims:"));
            let texts = [Language::English, Language::Chinese].map(|l| action.text(l));
            assert!(texts.iter().all(|text| !text.is_empty()));
            assert!(!texts[1].is_ascii());
        }
    }
}
