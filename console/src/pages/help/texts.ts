import { catalogue } from "~/i18n/texts";

export const texts = catalogue("help", {
  title: ["Help", "帮助"],
  text: [
    "Each page has its own help, behind the ⓘ of the header.",
    "每个页面都有自己的帮助，点击页眉的 ⓘ 查看。",
  ],
  share: ["Share an image", "共享镜像"],
  share1: [
    "Ask the other side for its project id: it stands in My credentials. Both must be in the same region.",
    "向对方索取项目 ID（在“我的凭证”中），双方须在同一区域。",
  ],
  share2: [
    "Tick images under Private, press Share and paste the ids. Nothing is copied.",
    "在“私有镜像”中勾选镜像，点击“共享”并粘贴 ID。不会复制任何数据。",
  ],
  share3: [
    "The other side accepts or rejects; you are told in the notices and see it under Tenants.",
    "对方接受或拒绝后，您会收到通知，并可在租户列表中查看。",
  ],
  receive: ["Receive an image", "接收镜像"],
  receive1: [
    "A dot on Images and a bar over the list say that something waits for your answer.",
    "“镜像”上的圆点和列表上方的消息栏表示有共享待您答复。",
  ],
  receive2: [
    "Accept only from owners you trust. Full-server images are accepted into a vault with space for their backups.",
    "请仅接受可信所有者的镜像。整机镜像需接受到有足够空间的存储库。",
  ],
  receive3: [
    "Rejected images stay in a list of their own and can still be accepted while they are shared.",
    "已拒绝的镜像保留在单独列表中，共享期间仍可接受。",
  ],
  codes: ["What a code means", "查询代码含义"],
  codesText: [
    "Every refusal has a code, the same in the console, the command line and the API.",
    "每个拒绝都有代码，控制台、命令行和 API 中一致。",
  ],
  code: ["Code", "代码"],
  explain: ["Explain", "查询"],
  status: ["HTTP status {status}", "HTTP 状态 {status}"],
  pages: ["Pages", "页面"],
  more: ["More", "更多"],
  about: ["About Lendglass and release notes", "关于与更新说明"],
  api: ["API document (OpenAPI)", "API 文档（OpenAPI）"],
  keys: ["Press ? for the keyboard shortcuts.", "按 ? 查看键盘快捷键。"],
});
