import { catalogue } from "~/i18n/texts";

export const texts = catalogue("about", {
  title: ["About Lendglass", "关于 Lendglass"],
  text: [
    "An image service that lends machine images between tenants, with their consent.",
    "在租户之间经双方同意共享系统镜像的镜像服务。",
  ],
  version: ["Version of the server", "服务器版本"],
  licence: ["Licence", "许可证"],
  api: ["API document", "API 文档"],
  profile: ["Profile of this cloud", "本云采用的方案"],
  help: ["Help", "帮助"],
  notes: ["Release notes", "更新说明"],
  english: ["The release notes are in English.", "更新说明为英文。"],
});
