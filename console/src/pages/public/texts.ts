import { catalogue } from "~/i18n/texts";

export const texts = catalogue("public", {
  tiles: ["Operating systems", "操作系统"],
  all: ["All", "全部"],
  hidden: ["Hidden", "已隐藏"],
  hiddenValues: ["Hidden from lists", "在列表中隐藏"],
  "empty.title": ["There are no public images here", "此处没有公共镜像"],
  "empty.text": [
    "The operator of this cloud offers public images to everybody.",
    "公共镜像由平台运营者提供给所有用户。",
  ],
  "help.title": ["Public images", "公共镜像"],
  "help.text": [
    "Images that the operator offers to everybody. You can use and replicate them, not change or share them.",
    "由运营者提供给所有用户的镜像。您可以使用和复制，但不能修改或共享。",
  ],
});
