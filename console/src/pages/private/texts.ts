import { catalogue } from "~/i18n/texts";

export const texts = catalogue("private", {
  left: [
    "You can create {n} more private images ({used} of {max})",
    "您还可以创建{n}个私有镜像（已用 {used}/{max}）。",
  ],
  sharing: ["You share {n} of {max} images", "您已共享 {n}/{max} 个镜像"],
  sharingFree: [{ one: "You share {n} image", other: "You share {n} images" }, "您已共享 {n} 个镜像"],
  "empty.title": ["No private images yet", "还没有私有镜像"],
  "empty.text": [
    "Make one from a server, a file or a backup – or look at what others shared with you.",
    "可从云主机、文件或备份创建镜像，也可查看他人共享给您的镜像。",
  ],
  "help.title": ["Private images", "私有镜像"],
  "help.own": [
    "These images belong to this project. Nobody else sees them until you share them.",
    "这些镜像属于当前项目，共享之前其他人无法看到。",
  ],
  "help.share": [
    "Share images with the ids of other projects. Each recipient accepts or rejects; you see every answer.",
    "使用其他项目的 ID 共享镜像。接收方可接受或拒绝，您可以看到每个答复。",
  ],
  "help.unshare": [
    "You can cancel sharing at any time. Servers that were made keep running.",
    "您可以随时取消共享，已创建的云主机会继续运行。",
  ],
});
