import { expect, it } from "vitest";
import { sizeQuery } from "./columns";

it("asks for sizes beyond what was typed, and lets the server refuse what is none", () => {
  const of = (operator: string, value: string) => sizeQuery({ operator, value });
  expect(of(">", "1 KB")).toEqual({ size_min: "1025" });
  expect(of("<", "1 KB")).toEqual({ size_max: "1023" });
  expect(of("<", "0")).toEqual({ size_max: "0" });
  expect(of(">", "big")).toEqual({ size_min: "big" });
});
