import { expect, it } from "vitest";
import { chosenColumns } from "./preferences";

const column = (id: string, visible = true) => ({ id, visible });
// The window has left out the size.
const shown = [column("name"), column("size", false), column("created")];

it("columns stay the window's to choose until somebody touches them", () => {
  expect(chosenColumns(shown, shown, undefined)).toBeUndefined();
  expect(chosenColumns(undefined, shown, undefined)).toBeUndefined();
  const kept = [column("name"), column("created", false)];
  expect(chosenColumns(shown, shown, kept)).toEqual(kept);
});

it("columns that were touched are kept as they were confirmed", () => {
  const on = [column("name"), column("size"), column("created")];
  expect(chosenColumns(on, shown, undefined)).toEqual(on);
  const moved = [column("name"), column("created"), column("size", false)];
  expect(chosenColumns(moved, shown, undefined)).toEqual(moved);
});
