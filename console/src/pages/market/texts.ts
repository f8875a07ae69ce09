import { catalogue } from "~/i18n/texts";

export const texts = catalogue("market", {
  "empty.title": ["Nothing is published here", "此处没有已发布的镜像"],
  "empty.text": [
    "Publish a private image from its menu. Published images cannot be shared.",
    "可在私有镜像的菜单中发布镜像。已发布的镜像不能共享。",
  ],
  "help.title": ["Marketplace", "镜像市场"],
  "help.text": [
    "Images that tenants of this region have published for everybody. You can use and replicate them; only the owner changes or withdraws them. A published image cannot be shared with single tenants.",
    "本区域租户公开发布的镜像，所有人均可使用和复制，仅所有者可修改或下架。已发布的镜像不能再共享给单个租户。",
  ],
});
