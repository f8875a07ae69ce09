import { catalogue } from "~/i18n/texts";

export const texts = catalogue("dialog-trust", {
  trustTitle: ["Trust {owner}?", "信任 {owner}？"],
  blockTitle: ["Block {owner}?", "屏蔽 {owner}？"],
  trustBody: [
    "From now on, whatever {owner} shares with {who} is accepted by itself. Full servers still ask for a vault. What was offered before stays as it is.",
    "今后 {owner} 共享给 {who} 的镜像将自动接受，整机镜像仍需选择存储库。此前的共享保持不变。",
  ],
  blockBody: [
    "From now on, whatever {owner} shares with {who} is rejected by itself. What was offered before stays as it is.",
    "今后 {owner} 共享给 {who} 的镜像将自动拒绝。此前的共享保持不变。",
  ],
  owner: ["Owner", "所有者"],
  forAccount: ["For the whole account {account}", "适用于整个账号 {account}"],
  nowTrust: ["You trust this owner already.", "您已信任该所有者。"],
  nowBlock: ["You block this owner already.", "您已屏蔽该所有者。"],
  wasTrust: ["You trust this owner now; this takes its place.", "您当前信任该所有者，此设置将替换。"],
  wasBlock: ["You block this owner now; this takes its place.", "您当前屏蔽该所有者，此设置将替换。"],
  trustVerb: ["Trust", "信任"],
  blockVerb: ["Block", "屏蔽"],
  forget: ["Forget the rule", "取消该规则"],
  trusted: ["{owner} is trusted", "已信任 {owner}"],
  blocked: ["{owner} is blocked", "已屏蔽 {owner}"],
  forgotten: ["The rule about {owner} is forgotten", "已取消关于 {owner} 的规则"],
});
