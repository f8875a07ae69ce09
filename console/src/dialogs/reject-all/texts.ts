import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-reject-all", {
  title: [{ one: "Reject {n} shared image?", other: "Reject {n} shared images?" }, "拒绝 {n} 个共享镜像？"],
  body: [
    "They move to Rejected images, where you can accept them while the owner still shares them.",
    "这些镜像将移至“已拒绝的镜像”，所有者仍在共享期间您可随时接受。",
  ],
});
