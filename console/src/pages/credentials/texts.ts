import { catalogue } from "~/i18n/texts";

export const texts = catalogue("credentials", {
  user: ["User", "用户"],
  account: ["Account", "账号"],
  userId: ["User id", "用户 ID"],
  accountId: ["Account id", "账号 ID"],
  accountUid: ["Account number", "账号编号"],
  email: ["Root e-mail", "主账号邮箱"],
  accountHint: ["Account ids are used where the cloud shares by account.", "按账号共享的云使用账号 ID。"],
  projects: ["Projects", "项目"],
  region: ["Region", "区域"],
  project: ["Project", "项目"],
  projectId: ["Project id = tenant id", "项目 ID = 租户 ID"],
  role: ["Role", "角色"],
  card: ["Sharing card", "共享名片"],
  env: ["Copy env lines", "复制环境变量"],
  open: ["Open", "打开"],
  clouds: ["Download clouds.yaml", "下载 clouds.yaml"],
  copied: ["Copied: {text}", "已复制：{text}"],
  copiedEnv: ["The lines are copied. The client asks for the password.", "已复制。客户端会提示输入密码。"],
  cloudsDone: [
    "clouds.yaml is downloaded, without the password: the client asks for it.",
    "clouds.yaml 已下载，不含密码，客户端会提示输入。",
  ],
  give: [
    "Give the owner the id of the project that should receive the image, in the same region.",
    "请将接收镜像的项目 ID 提供给镜像所有者，且须在同一区域。",
  ],
  cli: ["Command line", "命令行"],
  cliText: [
    "For the OpenStack client and lend: put clouds.yaml into ~/.config/openstack/, or paste the lines into a shell.",
    "适用于 OpenStack 客户端和 lend：将 clouds.yaml 放入 ~/.config/openstack/，或将环境变量粘贴到终端。",
  ],
  cliTry: ["Then try", "然后试试"],
  keys: ["Access keys", "访问密钥"],
  keysText: [
    "For programs that sign their requests instead of signing in.",
    "用于以签名方式（而非登录）调用接口的程序。",
  ],
  empty: ["You have no project", "您没有任何项目"],
  "help.title": ["Sharing cards", "共享名片"],
  "help.text": [
    "A sharing card is one line with your region and project id. The box of the share dialog understands it, and refuses it in another region.",
    "共享名片是包含区域和项目 ID 的一行文本，可直接粘贴到共享对话框；在其他区域会被拒绝。",
  ],
});
