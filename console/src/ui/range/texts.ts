import { catalogue } from "~/i18n/texts";

export const rangeTexts = catalogue("range", {
  label: ["Time range", "时间范围"],
  any: ["Any time", "不限时间"],
  hour: ["Last hour", "最近 1 小时"],
  day: ["Last 24 hours", "最近 24 小时"],
  week: ["Last 7 days", "最近 7 天"],
  month: ["Last 30 days", "最近 30 天"],
  bad: ["The end must come after the beginning.", "结束时间必须晚于开始时间。"],
  missing: ["Choose a beginning and an end.", "请选择开始和结束时间。"],
});
