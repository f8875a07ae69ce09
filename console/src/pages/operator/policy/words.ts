import { useMemo } from "react";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { keyTexts, valueTexts } from "./keys";
import { texts } from "./texts";

/** Keys and values of the policy in the user's language. */
export function usePolicyWords() {
  const t = useTexts(texts);
  const k = useTexts(keyTexts);
  const v = useTexts(valueTexts);
  const { number } = useFormat();
  return useMemo(
    () => ({
      rule: (key: string): string =>
        key in keyTexts.entries ? k(key as keyof typeof keyTexts.entries) : key,
      value: (value: unknown): string => {
        if (value === null || value === undefined) return t("noLimit");
        if (typeof value === "boolean") return t(value ? "yes" : "no");
        if (typeof value === "number") return number(value);
        const word = String(value);
        return word in valueTexts.entries ? v(word as keyof typeof valueTexts.entries) : word;
      },
      profile: (name: string): string =>
        `profile.${name}` in texts.entries ? t(`profile.${name}` as "profile.huawei") : name,
    }),
    [t, k, v, number],
  );
}
