import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-tags", {
  title: ["Tags of {image}", "“{image}”的标签"],
  titleMany: [{ one: "Tags of {n} image", other: "Tags of {n} images" }, "{n} 个镜像的标签"],
  now: [{ one: "{n} of {max} tags", other: "{n} of {max} tags" }, "{n}/{max} 个标签"],
  none: ["No tags yet", "还没有标签"],
  some: ["on {n} of {all}", "{n}/{all} 个镜像"],
  remove: ["Remove the tag {tag}", "移除标签 {tag}"],
  key: ["Key", "键"],
  value: ["Value", "值"],
  add: ["Add tag", "添加标签"],
  predefined: ["Predefined tags are offered as you type.", "输入时会提示预定义标签。"],
  enforced: ["Only predefined tags may be used here: {keys}.", "此处只能使用预定义标签：{keys}。"],
  use: ["Use “{text}”", "使用“{text}”"],
});
