import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-replicate", {
  title: ["Replicate {image}", "复制“{image}”"],
  titleMany: [{ one: "Replicate {n} image", other: "Replicate {n} images" }, "复制 {n} 个镜像"],
  body: [
    "A private image of this project is made from it. It stays when the owner withdraws the original.",
    "将在本项目中创建一个私有镜像，即使所有者收回原镜像也不受影响。",
  ],
  left: [
    "It counts toward your private images: {left} of {max} are left.",
    "将计入私有镜像配额：剩余 {left}/{max} 个。",
  ],
  tooMany: [
    "Only {left} more private images fit; you chose {n}.",
    "私有镜像配额仅剩 {left} 个，已选 {n} 个。",
  ],
  name: ["Name of the copy", "副本名称"],
  done: [{ one: "Replicating {n} image", other: "Replicating {n} images" }, "正在复制 {n} 个镜像"],
  open: ["Open the copy", "打开副本"],
  list: ["Private images", "私有镜像"],
});
