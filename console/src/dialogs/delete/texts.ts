import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-delete", {
  title: ["Delete {image}?", "删除“{image}”？"],
  titleMany: [{ one: "Delete {n} image?", other: "Delete {n} images?" }, "删除 {n} 个镜像？"],
  undone: ["This cannot be undone.", "此操作无法撤销。"],
  shared: [{ one: "Shared with {n} tenant.", other: "Shared with {n} tenants." }, "已共享给 {n} 个租户。"],
  replicas: ["Replicas are not touched.", "副本不受影响。"],
  backups: ["Also delete its backups", "同时删除其备份"],
  type: ["Type {name} to delete.", "输入 {name} 以确认删除。"],
  skipped: ["These are left out:", "以下镜像将被跳过："],
  first: ["It is shared with {n} tenants. Cancel sharing first.", "已共享给 {n} 个租户，请先取消共享。"],
  done: [{ one: "Deleted {n} image", other: "Deleted {n} images" }, "已删除 {n} 个镜像"],
});
