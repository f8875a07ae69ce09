import { catalogue } from "~/i18n/texts";

export const texts = catalogue("access-keys", {
  title: ["Access keys", "访问密钥"],
  text: [
    "Your keys for {project}. A program that signs with one acts as you there, with the rights you have when it does.",
    "您在 {project} 的密钥。使用密钥签名的程序以您的身份操作，权限与您当时的权限一致。",
  ],
  id: ["Access key id", "访问密钥 ID"],
  secret: ["Secret access key", "访问密钥（Secret）"],
  state: ["State", "状态"],
  "state.on": ["Enabled", "已启用"],
  "state.off": ["Disabled", "已停用"],
  created: ["Created", "创建时间"],
  create: ["Create access key", "创建访问密钥"],
  createText: [
    "The key acts in {project} with your rights. Its secret is shown once, right after it is made.",
    "该密钥以您的权限在 {project} 中操作。密钥（Secret）仅在创建后显示一次。",
  ],
  made: ["Access key created", "访问密钥已创建"],
  enable: ["Enable", "启用"],
  disable: ["Disable", "停用"],
  remove: ["Delete", "删除"],
  enabled: ["The key {id} opens again.", "密钥 {id} 已启用。"],
  disabled: ["The key {id} no longer opens anything.", "密钥 {id} 已停用。"],
  removed: ["The key {id} is deleted.", "密钥 {id} 已删除。"],
  removeTitle: ["Delete the access key {id}", "删除访问密钥 {id}"],
  removeText: [
    "What it signs is refused from now on. It cannot be brought back; to try without it, disable it first.",
    "此后使用该密钥签名的请求将被拒绝，且无法恢复。如需试停，请先停用。",
  ],
  empty: ["No access keys yet", "暂无访问密钥"],
  emptyText: [
    "Programs that sign in with a password or a token need none.",
    "使用密码或令牌登录的程序无需访问密钥。",
  ],
});
