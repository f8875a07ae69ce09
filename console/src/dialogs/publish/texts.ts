import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-publish", {
  publish: ["Publish {image}?", "发布“{image}”？"],
  "publish.body": [
    "Everybody in the region finds it in the marketplace, can read it and use it. Published images cannot be shared.",
    "本区域所有人都能在镜像市场中看到、读取并使用此镜像。已发布的镜像不能共享。",
  ],
  "publish.bodyShare": [
    "Everybody in the region finds it in the marketplace, can read it and use it.",
    "本区域所有人都能在镜像市场中看到、读取并使用此镜像。",
  ],
  "publish.done": ["“{image}” is published", "“{image}”已发布"],
  unpublish: ["Unpublish {image}?", "取消发布“{image}”？"],
  "unpublish.body": [
    "It leaves the marketplace at once and can be shared again. Servers made from it keep running.",
    "镜像将从镜像市场下架，并可再次共享。已创建的云主机会继续运行。",
  ],
  "unpublish.done": ["“{image}” is no longer published", "“{image}”已取消发布"],
  deactivate: ["Deactivate {image}?", "停用“{image}”？"],
  "deactivate.body": [
    "Nobody can read its bytes until it is activated again. The record and its shares stay.",
    "重新启用之前，任何人都无法读取镜像数据。镜像记录和共享关系将保留。",
  ],
  "deactivate.shared": [
    {
      one: "It is shared with {n} tenant, who is affected as well.",
      other: "It is shared with {n} tenants, who are affected as well.",
    },
    "该镜像已共享给 {n} 个租户，他们也会受影响。",
  ],
  "deactivate.done": ["“{image}” is deactivated", "“{image}”已停用"],
});
