import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-delete", {
  title: ["Delete {image}?", "删除“{image}”？"],
  titleMany: [{ one: "Delete {n} image?", other: "Delete {n} images?" }, "删除 {n} 个镜像？"],
  undone: ["This cannot be undone.", "此操作无法撤销。"],
  shared: [
    {
      one: "Shared with {n} tenant ({a} accepted, {p} pending), who loses it at once.",
      other: "Shared with {n} tenants ({a} accepted, {p} pending), who lose it at once.",
    },
    "已共享给 {n} 个租户（{a} 个已接受，{p} 个待接受），他们将立即失去访问权限。",
  ],
  servers: [
    "Servers made from it keep running, but can no longer be reinstalled from it.",
    "已用它创建的云主机会继续运行，但无法再使用该镜像重装。",
  ],
  replicas: ["Replicas are not touched.", "副本不受影响。"],
  backups: ["Also delete its backups", "同时删除其备份"],
  type: ["Type {name} to delete.", "输入 {name} 以确认删除。"],
  first: [
    {
      one: "{names}: shared with {n} tenant. Cancel sharing first.",
      other: "{names}: shared with {n} tenants. Cancel sharing first.",
    },
    "{names}：已共享给 {n} 个租户，请先取消共享。",
  ],
  unshare: ["Cancel sharing first, then delete", "先取消共享，再删除"],
  verbBoth: ["Cancel sharing and delete", "取消共享并删除"],
  done: [{ one: "Deleted {n} image", other: "Deleted {n} images" }, "已删除 {n} 个镜像"],
});
