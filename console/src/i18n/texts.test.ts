import { describe, expect, it } from "vitest";
import { catalogue, type Entries, pseudo, translator } from "./texts";

const modules = import.meta.glob<Record<string, unknown>>(["../**/texts.ts", "./words.ts", "!./texts.ts"], {
  eager: true,
});

const all = Object.entries(modules).flatMap(([path, module]) =>
  Object.values(module)
    .filter(
      (one): one is { name: string; entries: Entries } =>
        typeof one === "object" && one !== null && "entries" in one,
    )
    .map((one) => ({ path, ...one })),
);
const params = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe("catalogues", () => {
  it("are found, each under its own name", () => {
    expect(all.length).toBeGreaterThan(8);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it.each(all)("$name says everything in both languages, with the same parameters", ({ entries }) => {
    for (const [key, [en, zh]] of Object.entries(entries)) {
      const forms = typeof en === "string" ? [en] : [en.one, en.other];
      for (const text of [...forms, zh]) expect(text.trim(), key).not.toBe("");
      const asked = params(forms.at(-1) ?? "");
      // A Chinese text may leave out what its grammar does not need, but never ask for more.
      for (const one of params(zh)) expect(asked, key).toContain(one);
      if (/[a-z]{4}/.test(forms[0] ?? "")) expect(zh, key).not.toBe(forms[0]);
    }
  });
});

describe("translator", () => {
  const texts = catalogue("test", {
    rows: [{ one: "{n} row of {list}", other: "{n} rows of {list}" }, "{list} 中的 {n} 行"],
    plain: ["Plain", "普通"],
  });

  it("counts and fills in", () => {
    const en = translator(texts, "en");
    expect(en("rows", { n: 1, list: "x" })).toBe("1 row of x");
    expect(en("rows", { n: 1234, list: "x" })).toBe("1,234 rows of x");
    expect(translator(texts, "zh-Hans")("rows", { n: 1, list: "甲" })).toBe("甲 中的 1 行");
  });

  it("makes the pseudo-language at least 40 % longer and keeps parameters", () => {
    expect(translator(texts, "en-XA")("rows", { n: 2, list: "x" })).toContain("2 rów");
    expect(pseudo("Create data disk").length).toBeGreaterThan("Create data disk".length * 1.4);
  });

  it("asks for parameters when compiled", () => {
    const en = translator(texts, "en");
    // @ts-expect-error: the parameter is missing
    en("rows", { n: 1 });
    // @ts-expect-error: there is no such text
    en("nothing");
    expect(en("plain")).toBe("Plain");
  });
});
