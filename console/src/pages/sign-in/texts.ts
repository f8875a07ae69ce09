import { catalogue } from "~/i18n/texts";

export const texts = catalogue("sign-in", {
  title: ["Sign in", "登录"],
  claim: ["Share machine images between tenants, with consent.", "在租户之间共享镜像，征得同意。"],
  account: ["Account", "账号"],
  user: ["User", "用户名"],
  password: ["Password", "密码"],
  submit: ["Sign in", "登录"],
  needed: ["This is needed.", "此项必填。"],
  wrong: ["Account, user or password is wrong.", "账号、用户名或密码不正确。"],
  usedLink: [
    "This sign-in link was used before or is too old. Sign in below.",
    "此登录链接已使用或已过期，请在下方登录。",
  ],
});
