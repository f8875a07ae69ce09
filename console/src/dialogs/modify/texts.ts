import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-modify", {
  title: ["Modify {image}", "修改“{image}”"],
  os: ["OS", "操作系统"],
  version: ["OS version", "操作系统版本"],
  arch: ["Architecture", "架构"],
  boot: ["Boot mode", "启动方式"],
  unset: ["not set", "未设置"],
  queues: ["Several network queues", "启用网卡多队列"],
  minDisk: ["Min disk (GB)", "最小磁盘 (GB)"],
  maxMemory: ["Max memory (MB)", "最大内存 (MB)"],
  zeroNone: ["0 is no limit", "0 表示不限制"],
  count: ["{n} of {max}", "{n}/{max}"],
  nothing: ["Nothing has changed yet", "尚无修改"],
  done: ["“{image}” was changed", "“{image}”已更新"],
});
