import { expect, it } from "vitest";
import { countChanges } from "./changes";

const count = (before: string, after: string, pageSize = 20) =>
  countChanges([...before], [...after], pageSize);

it("counts rows that were added, removed or moved", () => {
  expect(count("abc", "abc")).toBe(0);
  expect(count("abc", "xabc")).toBe(1);
  expect(count("abc", "abcx")).toBe(1);
  expect(count("abc", "ac")).toBe(1);
  expect(count("abc", "")).toBe(3);
  expect(count("abc", "axc")).toBe(2);
  expect(count("abc", "abx")).toBe(2);
});

it("counts only those that moved past others", () => {
  expect(count("abcde", "bcdea")).toBe(1);
  expect(count("abcde", "eabcd")).toBe(1);
  expect(count("abcde", "acbed")).toBe(2);
  expect(count("abc", "cba")).toBe(2);
  expect(count("abcd", "xcab")).toBe(3);
});

it("does not count what only slid over the end of a full page", () => {
  expect(count("abc", "xab", 3)).toBe(1);
  expect(count("abc", "xya", 3)).toBe(2);
  expect(count("abc", "bcd", 3)).toBe(1);
  expect(count("abc", "abd", 3)).toBe(1);
  expect(count("abc", "xyz", 3)).toBe(3);
  expect(count("abc", "ab", 3)).toBe(1);
  // One came and another went.
  expect(count("abc", "xbc", 3)).toBe(2);
});
