import { createStore } from "~/store";

/** `en-XA` is English made 40 % longer, to see whether a layout bears it: add `?lang=en-XA` to an address. */
export type Language = "en" | "zh-Hans" | "en-XA";

export const LANGUAGES: readonly Language[] = ["en", "zh-Hans", "en-XA"];
const KEPT = "lendglass.language";

/** What the address, this browser's memory or the browser itself asks for. */
export function firstLanguage(): Language {
  const wanted = [new URLSearchParams(location.search).get("lang"), localStorage.getItem(KEPT)];
  const known = LANGUAGES.find((one) => wanted.includes(one));
  if (known) return known;
  return navigator.languages.some((one) => one.toLowerCase().startsWith("zh")) &&
    !navigator.languages[0]?.toLowerCase().startsWith("en")
    ? "zh-Hans"
    : "en";
}

export const language = createStore<Language>(firstLanguage());

export function keepLanguage(next: Language) {
  localStorage.setItem(KEPT, next);
  language.set(next);
}
