import { catalogue } from "~/i18n/texts";

export const uiTexts = catalogue("ui", {
  copy: ["Copy {text}", "复制 {text}"],
  copyShort: ["Copy", "复制"],
  copied: ["Copied", "已复制"],
  failed: ["This could not be loaded", "无法加载"],
  notDone: ["This was not done", "操作未完成"],
  requestId: ["Request id", "请求 ID"],
  loading: ["Loading", "加载中"],
  reader: ["Your role in {project} is reader", "您在 {project} 中的角色是只读"],
  notAllowed: ["Your role in {project} does not allow this", "您在 {project} 中的角色无此权限"],
  once: [
    "This is shown once. Keep it now in a safe place; nobody can show it again.",
    "此内容仅显示一次。请立即妥善保存，之后无法再次查看。",
  ],
  onceKept: ["I have kept it", "我已保存"],
  onceKeep: ["Keep the secret first", "请先保存密钥"],
});
