import { expect, it } from "vitest";
import { fitted } from "./fit";

const columns = [
  { id: "name", width: 200 },
  { id: "status", width: 100 },
  { id: "encrypted", width: 100, spare: 2 },
  { id: "size", width: 100, spare: 1 },
  { id: "created", width: 100 },
  { id: "actions", width: 100, isFixed: true },
];

it("gives what is over to all but the acts", () => {
  const { widths, leftOut } = fitted(columns, 760, false);
  expect(leftOut).toEqual([]);
  expect(Object.fromEntries(widths)).toMatchObject({ name: 220, status: 110, actions: 100 });
  expect(fitted(columns, 676, false).leftOut, "a little is taken from all").toEqual([]);
});

it("leaves out what matters least, then what is last, and never all", () => {
  expect(fitted(columns, 650, false).leftOut).toEqual(["encrypted"]);
  expect(fitted(columns, 520, false).leftOut).toEqual(["encrypted", "size"]);
  expect(fitted(columns, 100, false).leftOut).toEqual(["encrypted", "size"]);
});

it("leaves out nothing that was chosen", () => {
  const { widths, leftOut } = fitted(columns, 600, true);
  expect(leftOut).toEqual([]);
  expect(widths.get("name")).toBe(190);
});
