//! What clients read, in simplified Chinese: the reason and the way out. `{name}` stands for a fact.

use super::Code;

impl Code {
    /// The text in simplified Chinese, with its placeholders.
    pub(crate) fn chinese(self) -> &'static str {
        match self {
            Code::Malformed => "无法读取请求：{reason}。",
            Code::MalformedJson => "请求体不是此处所需的 JSON：{reason}。",
            Code::MalformedId => "“{id}”不是有效的 ID。",
            Code::InvalidValue => "{field} 的值“{value}”不被允许：{reason}。",
            Code::MissingField => "缺少必填字段 {field}。",
            Code::UnknownField => "此处没有字段 {field}。",
            Code::InvalidMarker => "标记 {marker} 不在此列表中，请从第一页重新开始。",
            Code::TooManyIds => "已提供 {count} 个 ID，每次最多 {max} 个。",
            Code::TooManyFilters => "一次请求最多 {max} 个过滤条件。",
            Code::ImageFormatMismatch => {
                "文件格式为 {found}，而镜像声明为 {declared}；请按实际格式声明。"
            }
            Code::ImageFormatUnknown => "无法接受该磁盘镜像文件：{reason}。",
            Code::ImageRefused => "文件被拒绝：{reason}。",
            Code::FormatMissing => "上传前请设置 disk_format 和 container_format。",
            Code::HashMismatch => "文件的 {algo} 为 {got}，与 {want} 不符，未保留任何数据。",
            Code::UploadIncomplete => {
                "请求体在 {got} 字节后结束，而声明为 {want} 字节，未保留任何数据。"
            }
            Code::ChunkMismatch => "此分段的 {algo} 与声明不符，该分段未保留，请重新发送。",
            Code::VaultRequired => "请为该整机镜像选择存放备份的存储库。",
            Code::VaultWrongType => {
                "存储库“{vault}”的对象类型为 {object_type}、保护类型为 {protection}；请选择备份类型的云服务器存储库。"
            }
            Code::RecipientAmbiguous => "账号 {id} 在区域 {region} 有多个项目，请指明项目。",
            Code::NotAnAccount => "{id} 不是账号 ID，请使用主账号 ID。",
            Code::TenantNotFound => "区域 {region} 中没有租户 {id}；每个区域的项目 ID 不同。",
            Code::TenantNotInRegion => "租户 {id} 不在区域 {region}；请使用其在该区域的项目 ID。",
            Code::SelfShare => "{id} 是您自己的项目，不能共享给自己。",
            Code::AcknowledgeRequired => "请确认已检查镜像内容（acknowledge）。",
            Code::ProjectNotInRegion => {
                "您的项目位于区域 {home}，而非 {region}；请登录该区域的项目。"
            }
            Code::RegionNotFound => "没有区域 {region}。",
            Code::UnsupportedMedia => "此处不支持媒体类型 {got}，请使用 {want}。",
            Code::BadRange => "范围 {range} 超出镜像的 {size} 字节。",
            Code::Unauthenticated => "请先登录：请求未携带有效的令牌或签名。",
            Code::WrongPassword => "用户名或密码错误，或用户已停用。",
            Code::TokenExpired => "令牌已过期，请重新登录。",
            Code::TokenRevoked => "令牌已被吊销，请重新登录。",
            Code::SessionEnded => "会话已结束，请重新登录。",
            Code::LinkEnded => "此登录链接已被使用或已过期，请使用密码登录。",
            Code::ScopeRefused => {
                "您在该项目或账号中没有角色，或该项目或账号不存在或已停用；请选择其他范围。"
            }
            Code::SignatureInvalid => "访问密钥不存在或签名不正确；请检查密钥与时钟。",
            Code::SignatureMalformed => "无法读取签名：{reason}。",
            Code::SignatureExpired => {
                "请求的签名时间与当前时间相差超过 {minutes} 分钟；请校准时钟并重新签名。"
            }
            Code::SignatureReplayed => "带有此签名的请求已被处理；请为每个请求重新签名。",
            Code::NoProjectScope => "令牌没有项目范围，请获取限定到项目的令牌。",
            Code::OriginRefused => "发出此请求的页面 {origin} 不是本服务器的控制台。",
            Code::RoleTooWeak => "您的角色是 {role}，此操作需要 {needed}。",
            Code::ActionDenied => "项目的自定义策略禁止您执行 {action}，请联系项目管理员。",
            Code::OperatorOnly => "只有本系统的运营者可以执行此操作。",
            Code::PolicyLocked => "规则 {key} 在所有云上都相同，任何人都不能修改。",
            Code::NotImageOwner => "只有镜像的所有者可以执行此操作。",
            Code::SharedImageReadonly => {
                "只有所有者可以修改共享镜像；如需修改请先复制为自己的镜像。"
            }
            Code::ReshareForbidden => "收到的共享镜像不能再次共享；请先复制，再共享副本。",
            Code::ShareNotAccepted => "请先接受该镜像。",
            Code::SharedImageNoDownload => "本云不允许接受者读取共享镜像的数据。",
            Code::PublicImageNoDownload => "本云不允许下载公共镜像。",
            Code::RecipientMayNotRemove => "本云不允许接受者移除共享镜像，请联系所有者。",
            Code::RecipientMayNotReopen => "此处不能将答复改回待接受，请接受或拒绝。",
            Code::RecipientMayNotReplicate => "本云不允许接受者复制共享镜像。",
            Code::RecipientOnlyAnswers => "只有接受者可以答复共享邀请。",
            Code::MembersNotAllowed => "请先将镜像的可见性设为 shared；当前为 {visibility}。",
            Code::PublicizeForbidden => "只有运营者可以将镜像设为公共。",
            Code::ImageProtected => "镜像受保护，请先解除保护。",
            Code::ImageDeactivated => "镜像已停用，请联系所有者重新激活。",
            Code::PropertyReadonly => "客户端不能设置 {property}。",
            Code::PropertyReserved => "属性名 {property} 为保留名。",
            Code::ImageNotFound => "此处没有镜像 {id}。",
            Code::NotShared => "镜像未共享给 {recipient}。",
            Code::TagNotFound => "镜像没有标签 {tag}。",
            Code::NoBytes => "镜像还没有数据，请先上传。",
            Code::JobNotFound => "此处没有任务 {id}。",
            Code::UploadNotFound => "此处没有未完成的上传 {id}；它已结束或等待过久。",
            Code::RuleNotFound => "没有关于 {owner} 的自动答复规则。",
            Code::VaultNotFound => "您的项目在此处没有存储库 {id}；请先创建。",
            Code::BackupNotFound => "您的项目在此处没有备份 {id}。",
            Code::DiskNotFound => "该镜像没有磁盘 {position}。",
            Code::UserNotFound => "没有用户 {id}。",
            Code::ProjectNotFound => "没有项目 {id}。",
            Code::AccountNotFound => "没有账号 {id}。",
            Code::RoleNotFound => "没有角色 {id}。",
            Code::AccessPolicyNotFound => "本项目中没有自定义策略 {id}。",
            Code::CredentialNotFound => "没有凭证 {id}。",
            Code::RouteNotFound => "{path} 处没有任何内容。",
            Code::MethodNotAllowed => "{path} 不支持 {method}。",
            Code::ImageExists => "ID {id} 已被占用；ID 不会重复使用。",
            Code::ImageNotActive => "镜像状态为 {status}，不是正常状态。",
            Code::ImageBusy => "镜像状态为 {status}，请等待完成。",
            Code::UploadOffset => "上传位于字节 {want}，而不是 {got}，请从该处继续。",
            Code::UploadBusy => "正在接收此上传的数据，请等待其结束。",
            Code::UploadExists => "该镜像有未完成的上传 {id}，请续传或取消。",
            Code::ImageHasBytes => "镜像已有数据；如需其他数据请新建镜像。",
            Code::ImagePublished => "已发布到镜像市场的镜像不能共享，请先取消发布。",
            Code::ImageIsShared => "镜像已共享给 {count} 个租户，请先取消共享。",
            Code::PublicImage => "公共镜像对所有人可见，不能共享。",
            Code::AlreadyShared => "镜像已共享给 {recipient}，请先取消再共享。",
            Code::AnswerUnchanged => "该共享已处于 {state} 状态。",
            Code::ShareAccepted => "{recipient} 已接受该镜像，需其先拒绝。",
            Code::EncryptedNotShareable => "本云不允许共享加密镜像。",
            Code::DefaultKeyNotShareable => "镜像使用默认密钥加密，请用自有密钥制作副本。",
            Code::KeyNotGranted => "请先将镜像的密钥授权给 {recipient}。",
            Code::FullImageNotShareable => "此来源的整机镜像不能共享。",
            Code::FullImageNoReplicate => "整机镜像不能复制。",
            Code::VaultTooSmall => {
                "存储库“{vault}”剩余 {free} GiB，{images} 需要 {needed} GiB；请选择或创建更大的存储库。"
            }
            Code::VaultUnavailable => {
                "存储库“{vault}”当前状态为 {status}，无法存入；请选择其他存储库。"
            }
            Code::VaultBelowUsed => {
                "存储库“{vault}”已使用 {used} GiB，无法缩小到 {wanted} GiB；请先删除备份。"
            }
            Code::VaultNotEmpty => {
                "存储库“{vault}”中还有 {count} 个备份；请先删除备份或移除相应镜像。"
            }
            Code::BackupInUse => "备份“{backup}”正被镜像 {image} 使用；请先删除或移除该镜像。",
            Code::BackupHasImage => "备份“{backup}”已有镜像 {image}；请先删除该镜像。",
            Code::BackupFromShare => {
                "备份“{backup}”来自共享镜像 {image}；只有其所有者可以用它制作镜像。"
            }
            Code::BlobDamaged => "存储的数据与摘要不符，已通知所有者。",
            Code::NameTaken => "名称 {name} 已被占用。",
            Code::AccessLockout => {
                "此操作会使您自己失去 {action} 权限，请由其他管理员或运营者执行。"
            }
            Code::PreconditionFailed => "镜像已被他人修改，请重新读取。",
            Code::PropertyMissing => "镜像没有属性 {property}，请改用添加操作。",
            Code::PropertyExists => "镜像已有属性 {property}，请改用替换操作。",
            Code::UndoConflict => "镜像 {image} 之后又有人操作过，未撤销任何内容。",
            Code::NothingToRemind => "没有等待 {recipient} 答复的共享。",
            Code::UndoExpired => "操作只能由本人在几秒内撤销一次；此操作已无法撤销。",
            Code::IdempotencyInProgress => {
                "带有幂等键 {key} 的请求正在处理或已完成，但其应答未保留；请先查看结果，再用新键重发。"
            }
            Code::IdempotencyKeyReused => "幂等键 {key} 已用于另一个请求，请换一个新键。",
            Code::DryRun => "未做任何更改：这是试运行，该请求可以完成。",
            Code::ShareTenantQuota => "镜像 {image} 的 {max} 个租户配额已用完。",
            Code::ShareImageQuota => "最多可共享 {max} 个镜像，已共享 {used} 个。",
            Code::ShareInvitationQuota => {
                "镜像 {image} 已有 {max} 个未答复的邀请，已达上限；请等待或取消部分邀请。"
            }
            Code::PrivateImageQuota => "项目最多可有 {max} 个私有镜像，已有 {used} 个。",
            Code::PropertyQuota => "最多 {max} 个属性，请求需要 {count} 个。",
            Code::TagQuota => "最多 {max} 个标签，请求需要 {count} 个。",
            Code::RuleQuota => "每个租户最多可有 {max} 条自动答复规则，请先删除一些。",
            Code::AccessPolicyQuota => "{what} 最多 {max} 个。",
            Code::AccessKeyQuota => "您在此项目中已有 {max} 个访问密钥，请先删除一个。",
            Code::VaultQuota => "您的项目已有 {max} 个存储库；请先删除一个。",
            Code::VaultCapacityQuota => {
                "您项目的存储库总容量已为 {used} GiB，上限为 {max} GiB；请选择更小的容量。"
            }
            Code::ImageTooLarge => "镜像最大为 {max} 字节。",
            Code::BodyTooLarge => "请求体最大为 {max} 字节。",
            Code::TooManyStreams => "事件流已达上限 {max} 个，请关闭一个或稍后重试。",
            Code::WebhookNotFound => "此处没有 Webhook {id}。",
            Code::WebhookQuota => "一个项目最多可有 {max} 个 Webhook，请先删除一个。",
            Code::WebhookUrlRefused => "Webhook 地址 {url} 被拒绝：{reason}。",
            Code::RateLimited => "尝试次数过多，请在 {seconds} 秒后重试。",
            Code::NoSpace => "存储空间不足，未保留任何数据，请联系运营者。",
            Code::Unavailable => "服务的某个组件暂时无响应，请稍后重试。",
            Code::ShuttingDown => "服务器正在关闭，请稍后重试。",
            Code::UploadLost => "上传已失去租约并被撤销，请重新上传。",
            Code::NotAvailableHere => "本系统不提供 {operation}。",
            Code::CopyProjectNeeded => {
                "您在区域 {region} 可使用本账号的 {count} 个项目，请指定副本所属的项目。"
            }
            Code::TagNotPredefined => "标签“{tag}”不在预定义标签之列，可选：{known}。",
            Code::JobEnded => "任务已结束（{state}），无法取消。",
            Code::JobCancelled => "任务已取消，其结果已撤销。",
            Code::ImageNotPublished => "镜像未发布。",
            Code::PredefinedTagQuota => "预定义标签最多 {max} 个，请先删除一些。",
            Code::Internal => "内部错误；运营者可凭请求 ID 查明原因。",
        }
    }
}
