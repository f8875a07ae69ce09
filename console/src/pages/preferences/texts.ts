import { catalogue } from "~/i18n/texts";

export const texts = catalogue("preferences", {
  title: ["Preferences", "偏好设置"],
  text: ["Kept with your user, in every browser.", "随用户保存，在所有浏览器中生效。"],
  language: ["Language", "语言"],
  theme: ["Theme", "主题"],
  density: ["Density", "密度"],
  "density.comfortable": ["Comfortable", "舒适"],
  "density.compact": ["Compact", "紧凑"],
  shortcuts: ["Single-key shortcuts", "单键快捷键"],
  shortcutsText: [
    "Letters such as “c” for create or “g j” for jobs. Ctrl K and Esc always work.",
    "例如“c”表示创建，“g j”表示任务。Ctrl K 与 Esc 始终可用。",
  ],
  tables: ["Tables", "表格"],
  tablesText: ["Columns, page sizes and filters that you have kept.", "您保存的列、每页行数和筛选条件。"],
  reset: ["Reset all tables", "重置所有表格"],
});
