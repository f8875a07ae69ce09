import { catalogue } from "~/i18n/texts";

export const texts = catalogue("shared", {
  "bar.title": [
    { one: "{n} shared image waits for your answer", other: "{n} shared images wait for your answer" },
    "{n} 个共享镜像等待您的答复",
  ],
  "bar.offer": ["{who} shared “{image}” ({kind}, {size}).", "{who} 共享了“{image}”（{kind}，{size}）。"],
  "bar.offerUnsized": ["{who} shared “{image}” ({kind}).", "{who} 共享了“{image}”（{kind}）。"],
  "bar.more": [{ one: "And {n} more.", other: "And {n} more." }, "还有 {n} 个。"],
  "bar.trust": ["Accept images only from people you trust.", "请仅接受可信用户共享的镜像。"],
  rejectedCount: ["{title} ({n})", "{title}（{n}）"],
  "pending.title": ["Pending ({n})", "待接受（{n}）"],
  "pending.crumb": ["Pending", "待接受"],
  "pending.empty": ["No offer waits for an answer", "没有待接受的共享镜像"],
  "rejected.note": [
    "If the owner stops sharing, the image leaves this list.",
    "如果所有者取消共享，镜像将从此列表中移除。",
  ],
  "rejected.empty": ["You have rejected no images", "没有已拒绝的镜像"],
  back: ["Back to {tab}", "返回{tab}"],
  "empty.title": [
    "Nothing has been shared with {project} in region {region}.",
    "区域 {region} 中没有共享给 {project} 的镜像。",
  ],
  "empty.text": [
    "To receive images, give your project id to the owner:",
    "如需接收镜像，请将您的项目 ID 提供给所有者：",
  ],
  "empty.other": [
    "Something waits in another project or region of yours:",
    "您的其他项目或区域中有待接受的镜像：",
  ],
  fresh: ["New", "新"],
  "help.title": ["Shared with me", "共享给我的镜像"],
  "help.text": [
    "Images of other projects that you have accepted. You can use them, not change them; the owner can withdraw them at any time.",
    "您已接受的其他项目的镜像。您可以使用但不能修改，所有者可随时收回。",
  ],
  "help.rejected": [
    "Rejected images can be accepted later, as long as the owner still shares them.",
    "只要所有者仍在共享，已拒绝的镜像之后仍可接受。",
  ],
});
