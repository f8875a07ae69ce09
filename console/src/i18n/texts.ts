import i18next from "i18next";
import { useMemo } from "react";
import { initReactI18next, useTranslation } from "react-i18next";
import { LANGUAGES, type Language, language } from "./language";

/*
 * One form of catalogue: each key has its English and its Chinese text side by side, so that neither can be
 * missing. `{name}` is a parameter, and the compiler asks for it where the text is used. A text that counts
 * has `one` and `other`, and the parameter `n`.
 *
 *   export const texts = catalogue("vaults", {
 *     title: ["Vaults", "备份存储库"],
 *     free: ["{free} GB free", "剩余 {free} GB"],
 *     chosen: [{ one: "{n} vault selected", other: "{n} vaults selected" }, "已选取{n}个存储库"],
 *   });
 *   const t = useTexts(texts);  t("chosen", { n: 3 })
 */

interface Plural {
  readonly one: string;
  readonly other: string;
}
export type Text = readonly [en: string | Plural, zh: string];
export type Entries = Readonly<Record<string, Text>>;

export interface Catalogue<E extends Entries> {
  readonly name: string;
  readonly entries: E;
}

type ParamsIn<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamsIn<Rest> : never;
type ParamsOf<T extends Text> = T[0] extends Plural ? ParamsIn<T[0]["other"]> | "n" : ParamsIn<T[0]>;
type Value = string | number;

export type Translate<E extends Entries> = <K extends keyof E & string>(
  key: K,
  ...params: [ParamsOf<E[K]>] extends [never] ? [] : [Record<ParamsOf<E[K]>, Value>]
) => string;

void i18next.use(initReactI18next).init({
  lng: language.get(),
  fallbackLng: false,
  supportedLngs: [...LANGUAGES],
  resources: {},
  initAsync: false,
  showSupportNotice: false,
  keySeparator: false,
  nsSeparator: false,
  interpolation: { prefix: "{", suffix: "}", escapeValue: false },
  react: { useSuspense: false, bindI18nStore: "" },
});
language.watch(() => void i18next.changeLanguage(language.get()));

const LOOKALIKE: Record<string, string> = {
  a: "á",
  e: "é",
  i: "í",
  o: "ó",
  u: "ú",
  A: "Á",
  E: "É",
  I: "Í",
  O: "Ó",
  U: "Ú",
};

/** A text as the pseudo-language has it: accents, and 40 % longer. */
export function pseudo(text: string): string {
  const accented = text.replaceAll(/\{[^}]*\}|[aeiouAEIOU]/g, (found) => LOOKALIKE[found] ?? found);
  return `[${accented}${" ·".repeat(Math.ceil((text.length * 0.4) / 2))}]`;
}

/** Makes a catalogue known. The name is that of its folder. */
export function catalogue<const E extends Entries>(name: string, entries: E): Catalogue<E> {
  const words: Record<Language, Record<string, string>> = { en: {}, "zh-Hans": {}, "en-XA": {} };
  for (const [key, [en, zh]] of Object.entries<Text>(entries)) {
    if (typeof en === "string") {
      words.en[key] = en;
      words["en-XA"][key] = pseudo(en);
      words["zh-Hans"][key] = zh;
    } else {
      for (const form of ["one", "other"] as const) {
        words.en[`${key}_${form}`] = en[form];
        words["en-XA"][`${key}_${form}`] = pseudo(en[form]);
      }
      words["zh-Hans"][`${key}_other`] = zh;
    }
  }
  for (const one of LANGUAGES) i18next.addResourceBundle(one, name, words[one], true, true);
  return { name, entries };
}

/** A translator into one language, for code outside of components. */
export function translator<E extends Entries>({ name, entries }: Catalogue<E>, lng: Language): Translate<E> {
  const numbers = new Intl.NumberFormat(lng);
  return (key, ...rest) => {
    const params: Record<string, Value> = rest[0] ?? {};
    const shown: Record<string, Value> = { lng, ns: name };
    for (const [one, value] of Object.entries(params)) {
      shown[one] = typeof value === "number" ? numbers.format(value) : value;
    }
    if (typeof entries[key]?.[0] === "object") shown.count = Number(params.n);
    return i18next.t(key, shown);
  };
}

/** The texts of a catalogue in the user's language. */
export function useTexts<E extends Entries>(texts: Catalogue<E>): Translate<E> {
  useTranslation(texts.name);
  const lng = language.use();
  return useMemo(() => translator(texts, lng), [texts, lng]);
}
