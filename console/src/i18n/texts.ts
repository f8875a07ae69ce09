import { useMemo } from "react";
import { type Language, language } from "./language";

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

/** A catalogue. The name is that of its folder. */
export function catalogue<const E extends Entries>(name: string, entries: E): Catalogue<E> {
  return { name, entries };
}

/** A translator into one language, for code outside of components. */
export function translator<E extends Entries>({ entries }: Catalogue<E>, lng: Language): Translate<E> {
  const numbers = new Intl.NumberFormat(lng);
  const plurals = new Intl.PluralRules(lng);
  return (key, ...rest) => {
    const entry: Text | undefined = entries[key];
    if (!entry) return key;
    const params: Record<string, Value> = rest[0] ?? {};
    const [en, zh] = entry;
    const english = () =>
      typeof en === "string" ? en : plurals.select(Number(params.n)) === "one" ? en.one : en.other;
    const text = lng === "zh-Hans" ? zh : lng === "en" ? english() : pseudo(english());
    return text.replaceAll(/\{(\w+)\}/g, (found, name: string) => {
      const value = params[name];
      return typeof value === "number" ? numbers.format(value) : (value ?? found);
    });
  };
}

/** The texts of a catalogue in the user's language. */
export function useTexts<E extends Entries>(texts: Catalogue<E>): Translate<E> {
  const lng = language.use();
  return useMemo(() => translator(texts, lng), [texts, lng]);
}
