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
  recents: ["Recently used", "最近使用"],
  recentsText: ["Projects and tenants that are suggested to you.", "向您推荐的项目和租户。"],
  forget: ["Forget them", "清除"],
  hints: ["Hints and cards", "提示与卡片"],
  hintsText: ["What you have closed for good.", "您已关闭的内容。"],
  showAgain: ["Show them again", "重新显示"],
  session: ["This session ends", "会话结束时间"],
  sessionText: [
    "At the latest; sooner when nothing is done for long.",
    "最迟于此时结束；长时间无操作会提前结束。",
  ],
  nothing: ["There is nothing of the kind", "没有可清除的内容"],
  done: ["Done.", "已完成。"],
});
