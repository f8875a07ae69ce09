import { catalogue } from "~/i18n/texts";

export const texts = catalogue("vault-dialog", {
  createTitle: ["Create vault", "创建存储库"],
  create: ["Create", "创建"],
  created: ["The vault “{name}” is ready.", "存储库“{name}”已就绪。"],
  editTitle: ["Change “{name}”", "修改“{name}”"],
  changed: ["“{name}” is changed.", "“{name}”已修改。"],
  deleteTitle: ["Delete “{name}”", "删除“{name}”"],
  deleteText: ["The vault is empty. It cannot be brought back.", "存储库为空，删除后无法恢复。"],
  deleteFull: [
    {
      one: "The vault keeps {n} backup; delete it first.",
      other: "The vault keeps {n} backups; delete them first.",
    },
    "存储库中有 {n} 个备份，请先删除。",
  ],
  deleted: ["“{name}” is deleted.", "“{name}”已删除。"],
  name: ["Name", "名称"],
  nameMissing: ["Enter a name.", "请输入名称。"],
  capacity: ["Capacity (GB)", "容量 (GB)"],
  capacityBad: ["Enter a whole number of at least 1.", "请输入不小于 1 的整数。"],
  capacityUsed: ["{n} GB are used; it cannot be smaller.", "已使用 {n} GB，容量不能更小。"],
  description: ["Description", "描述"],
  optional: ["optional", "可选"],
  holds: ["Holds", "存放对象"],
  "holds.server": ["Servers: all disks at once", "云主机：同时备份全部磁盘"],
  "holds.disk": ["Single disks", "单个云硬盘"],
  protection: ["Protection type", "保护类型"],
  "protection.backup": ["Backup", "备份"],
  "protection.replication": ["Replication", "复制"],
  acceptHint: [
    "Full-server images are accepted into vaults for servers of type Backup only.",
    "整机镜像只能接受到存放云主机、类型为“备份”的存储库。",
  ],
});
