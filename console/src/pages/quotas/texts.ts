import { catalogue } from "~/i18n/texts";

export const texts = catalogue("quotas", {
  title: ["Quotas", "配额"],
  text: ["What {project} may have in {region}, and what it has.", "{project} 在 {region} 的上限及用量。"],
  "of.private_images": [
    "Images that the project owns; received ones do not count.",
    "项目拥有的镜像，收到的共享镜像不计入。",
  ],
  "of.shared_images": ["Different images that are shared now.", "当前正在共享的镜像数量。"],
  "of.vaults": ["Vaults in all.", "存储库总数。"],
  "of.vault_capacity_gib": ["What the vaults may hold together.", "全部存储库的容量之和。"],
  "rule.system": ["Tenants of a system-disk image", "系统盘镜像的租户数"],
  "rule.data": ["Tenants of a data-disk image", "数据盘镜像的租户数"],
  "rule.iso": ["Tenants of an ISO image", "ISO 镜像的租户数"],
  "rule.full": ["Tenants of a full-server image", "整机镜像的租户数"],
  "rule.ids": ["Tenant ids at a time", "单次填写的租户 ID 数"],
  "rule.open": ["Offers waiting for an answer", "待答复的共享邀请数"],
  used: ["{used} of {max}", "{used} / {max}"],
  usedFree: ["{used}, no limit", "{used}，不限"],
  left: ["{n} left", "剩余 {n}"],
  none: ["No limit", "不限"],
  rules: ["Limits of sharing", "共享限制"],
  more: [
    "Ceilings are set by whoever runs this cloud. Ask the operator for more, and name the project id:",
    "上限由平台运营方设置。如需提高，请联系运营方并提供项目 ID：",
  ],
  full: ["Used up", "已用尽"],
  nearly: ["More than 80 % used", "用量超过 80%"],
});
