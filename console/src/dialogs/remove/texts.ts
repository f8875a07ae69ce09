import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-remove", {
  title: [{ one: "Remove {n} shared image?", other: "Remove {n} shared images?" }, "移除 {n} 个共享镜像？"],
  body: [
    "They move to Rejected images, where you can accept them again while the owner still shares them. Servers made from them keep running.",
    "这些镜像将移至“已拒绝的镜像”，所有者仍在共享期间可再次接受。已用它们创建的云主机会继续运行。",
  ],
  from: ["from {who}", "来自 {who}"],
  nothing: ["None of these images is among yours any more.", "这些镜像均已不在您的列表中。"],
});
