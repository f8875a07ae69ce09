import { describe, expect, it } from "vitest";
import { blocksOf, piecesOf } from "./notes";

describe("release notes", () => {
  it("are parted into headings, lists and paragraphs; lines that go on are joined", () => {
    expect(blocksOf("# Notes\n\nKept\nby hand.\n\n## 0.2\n\n- one\n  goes on\n- two\n\nAfter.")).toEqual([
      { is: "heading", level: 1, text: "Notes" },
      { is: "text", text: "Kept by hand." },
      { is: "heading", level: 2, text: "0.2" },
      { is: "list", items: ["one goes on", "two"] },
      { is: "text", text: "After." },
    ]);
    expect(piecesOf("the `lend` tool")).toEqual(["the ", "lend", " tool"]);
  });
});
