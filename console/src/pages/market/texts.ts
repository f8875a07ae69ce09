import { catalogue } from "~/i18n/texts";

export const texts = catalogue("market", {
  owner: ["Published by", "发布者"],
  "empty.title": ["Nothing is published here", "此处没有已发布的镜像"],
  "empty.text": [
    "Publish a private image from its menu. Published images cannot be shared.",
    "可在私有镜像的菜单中发布镜像。已发布的镜像不能共享。",
  ],
  "help.title": ["Marketplace", "镜像市场"],
  "help.text": [
    "Images that were published. An image that is published cannot be shared with single tenants.",
    "已发布的镜像。已发布的镜像不能再共享给单个租户。",
  ],
});
