import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-replicate", {
  title: ["Replicate {image}", "复制“{image}”"],
  titleMany: [{ one: "Replicate {n} image", other: "Replicate {n} images" }, "复制 {n} 个镜像"],
  titleThere: ["Copy {image} to another region", "将“{image}”复制到其他区域"],
  body: [
    "A private image of this project is made from it. It stays when the owner withdraws the original.",
    "将在本项目中创建一个私有镜像，即使所有者收回原镜像也不受影响。",
  ],
  bodyThere: [
    "A job moves the bytes; the copy is a private image of the project you choose.",
    "任务将传输镜像数据，副本为所选项目的私有镜像。",
  ],
  left: ["It counts toward the private quota ({left} left).", "将计入私有镜像配额（剩余 {left} 个）。"],
  noLimit: ["It counts toward the private quota (no limit).", "将计入私有镜像配额（不限数量）。"],
  tooMany: [
    "Only {left} more private images fit; you chose {n}.",
    "私有镜像配额仅剩 {left} 个，已选 {n} 个。",
  ],
  name: ["Name of the copy", "副本名称"],
  count: ["{n} of {max}", "{n}/{max}"],
  region: ["Region", "区域"],
  thisProject: ["this project", "本项目"],
  project: ["Project there", "目标项目"],
  chooseRegion: ["Choose a region.", "请选择区域。"],
  chooseProject: ["Choose the project that shall own the copy.", "请选择副本所属项目。"],
  noRegion: ["This installation has no other region.", "没有其他区域。"],
  noProject: [
    "You have no project in {region}; ask an admin there for a role.",
    "您在 {region} 中没有项目，请联系该处管理员授权。",
  ],
  reader: ["Your role in {project} is reader.", "您在 {project} 中的角色是只读。"],
  done: [{ one: "Replicating {n} image", other: "Replicating {n} images" }, "正在复制 {n} 个镜像"],
  doneThere: [
    { one: "Copying {n} image to {region}", other: "Copying {n} images to {region}" },
    "正在将 {n} 个镜像复制到 {region}",
  ],
  gone: ["There is no such image any more.", "镜像已不存在。"],
  open: ["Open the copy", "打开副本"],
  list: ["Private images", "私有镜像"],
});
