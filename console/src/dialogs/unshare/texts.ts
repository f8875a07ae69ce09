import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-unshare", {
  title: ["Cancel sharing of {image}?", "取消共享“{image}”？"],
  titleMany: [
    { one: "Cancel sharing of {n} image?", other: "Cancel sharing of {n} images?" },
    "取消共享 {n} 个镜像？",
  ],
  body: [
    {
      one: "{n} tenant loses it at once: {a} accepted, {p} pending.",
      other: "{n} tenants lose it at once: {a} accepted, {p} pending.",
    },
    "{n} 个租户将立即失去访问权限：{a} 个已接受，{p} 个待接受。",
  ],
  servers: [
    "Their servers keep running but can no longer be reinstalled from it.",
    "其云主机会继续运行，但无法再使用该镜像重装。",
  ],
  done: [
    { one: "Sharing of {n} image cancelled", other: "Sharing of {n} images cancelled" },
    "已取消 {n} 个镜像的共享",
  ],
});
