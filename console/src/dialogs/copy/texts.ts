import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-copy", {
  title: ["Copy {image} to another region", "将“{image}”复制到其他区域"],
  body: [
    "A job moves the bytes; the copy is a private image of the project you choose, and counts toward its private images.",
    "任务将传输镜像数据，副本为所选项目的私有镜像，并计入其私有镜像配额。",
  ],
  region: ["Region", "区域"],
  project: ["Project there", "目标项目"],
  name: ["Name of the copy", "副本名称"],
  chooseRegion: ["Choose a region.", "请选择区域。"],
  chooseProject: ["Choose the project that shall own the copy.", "请选择副本所属项目。"],
  noRegion: ["This installation has no other region.", "没有其他区域。"],
  noProject: [
    "You have no project in {region}; ask an admin there for a role.",
    "您在 {region} 中没有项目，请联系该处管理员授权。",
  ],
  reader: ["Your role in {project} is reader.", "您在 {project} 中的角色是只读。"],
  done: ["Copying “{image}” to {region}", "正在将“{image}”复制到 {region}"],
});
