import { catalogue } from "~/i18n/texts";

export const fieldTexts = catalogue("fields", {
  name: ["Name", "名称"],
  description: ["Description", "描述"],
  optional: ["optional", "可选"],
  "name.plain": [
    "Use 1–{max} letters, digits, spaces, “-”, “_”, “.”; no space at either end.",
    "1–{max} 个字符，可含文字、数字、空格、“-”“_”“.”，首尾不能为空格。",
  ],
  "name.free": ["At most {max} characters.", "不超过 {max} 个字符。"],
  "description.rule": [
    "At most 1024 characters, without < > or line breaks.",
    "不超过 1024 个字符，不能含 < > 或换行。",
  ],
  whole: ["Enter a whole number from {min} to {max}.", "请输入 {min} 到 {max} 之间的整数。"],
  "disk.need": [
    "The file needs {need} GB ({bytes} bytes, rounded up).",
    "文件需要 {need} GB（{bytes} 字节，向上取整）。",
  ],
  "memory.order": ["Maximum memory must be 0 or at least the minimum.", "最大内存须为 0 或不小于最小内存。"],
  "tag.rule": [
    "Key 1–36 characters, value up to 43; {max} tags at most.",
    "键 1–36 个字符，值不超过 43 个，最多 {max} 个标签。",
  ],
  "tag.twice": ["The image already has this tag.", "镜像已有此标签。"],
});
