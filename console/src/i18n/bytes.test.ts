import { expect, it } from "vitest";
import { bytesOf } from "./bytes";

it("reads sizes as people write them, and nothing else", () => {
  const read = Object.fromEntries(
    ["10GB", "10 gib", "1.5g", "0,5 KB", "4096", "7 b", "2T"].map((text) => [text, bytesOf(text)]),
  );
  expect(read).toEqual({
    "10GB": 10 * 1024 ** 3,
    "10 gib": 10 * 1024 ** 3,
    "1.5g": 1.5 * 1024 ** 3,
    "0,5 KB": 512,
    "4096": 4096,
    "7 b": 7,
    "2T": 2 * 1024 ** 4,
  });
  for (const text of ["", "big", "-1", "10 XB", "1.2.3"]) expect(bytesOf(text), text).toBeUndefined();
});
