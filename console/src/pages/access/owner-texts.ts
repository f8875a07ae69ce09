import { catalogue } from "~/i18n/texts";

export const ownerTexts = catalogue("access.owners", {
  text: [
    "What is done with the offers of an owner: taken at once, or refused without a word. Others wait for an answer.",
    "对某所有者共享邀请的处理方式：立即接受，或静默拒绝。其他邀请等待答复。",
  ],
  owner: ["Owner", "所有者"],
  kind: ["Kind", "类型"],
  "kind.project": ["Project", "项目"],
  "kind.account": ["Account", "账号"],
  verdict: ["Rule", "规则"],
  accept: ["Trusted: taken at once", "信任：立即接受"],
  refuse: ["Blocked: refused, and never told", "屏蔽：拒绝且不通知"],
  for: ["For offers to", "适用于共享给"],
  "for.project": ["This project", "本项目"],
  "for.account": ["The whole account", "整个账号"],
  by: ["Set by", "设置者"],
  created: ["Set", "设置时间"],
  add: ["Add rule", "添加规则"],
  addTitle: ["Trust or block an owner", "信任或屏蔽所有者"],
  ownerId: ["Project id or account id of the owner", "所有者的项目 ID 或账号 ID"],
  ownerMissing: ["Enter an id.", "请输入 ID。"],
  trustText: [
    "Nobody checks what a trusted owner shares: it is usable here at once.",
    "受信任所有者共享的镜像将不经确认立即可用。",
  ],
  blockText: [
    "The owner is not told. What was accepted before stays.",
    "所有者不会收到通知。此前已接受的镜像保留。",
  ],
  saved: ["The rule counts from now on.", "规则已生效。"],
  forget: ["Forget", "删除规则"],
  trust: ["Trust", "信任"],
  block: ["Block", "屏蔽"],
  forgotten: [
    "The rule is forgotten: offers of {owner} wait for an answer again.",
    "规则已删除，{owner} 的共享邀请将等待答复。",
  ],
  empty: ["No rules", "暂无规则"],
  emptyText: ["Every offer waits for an answer.", "所有共享邀请都等待答复。"],
});
