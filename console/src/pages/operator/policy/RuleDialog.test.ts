import { describe, expect, it } from "vitest";
import { readValue } from "./RuleDialog";

describe("readValue", () => {
  it("reads numbers, no limit, flags, words and texts, and nothing else", () => {
    expect(readValue({ type: "number" }, "128", false)).toBe(128);
    expect(readValue({ type: "number" }, "", true)).toBeNull();
    expect(readValue({ type: "number" }, "12.5", false)).toBeUndefined();
    expect(readValue({ type: "number" }, "-1", false)).toBeUndefined();
    expect(readValue({ type: "flag" }, "false", false)).toBe(false);
    expect(readValue({ type: "word" }, "deny", false)).toBe("deny");
    expect(readValue({ type: "text" }, "accept_all,reject_all", false)).toBe("accept_all,reject_all");
    expect(readValue({ type: "text" }, "Remove!", false)).toBeUndefined();
  });
});
