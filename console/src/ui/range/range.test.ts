import { describe, expect, it } from "vitest";
import { boundsOf, pickedOf } from "./range";

const NOW = Date.parse("2026-11-22T12:00:00Z");

describe("boundsOf", () => {
  it("counts presets back from now", () =>
    expect(boundsOf({ last: "day", from: null, to: null }, NOW)).toEqual({
      from: "2026-11-21T12:00:00.000Z",
    }));

  it("hands on a beginning and an end, and drops what is no time", () => {
    expect(boundsOf({ last: null, from: "2026-11-01T00:00:00+08:00", to: "soon" }, NOW)).toEqual({
      from: "2026-10-31T16:00:00.000Z",
      to: undefined,
    });
    expect(boundsOf({ last: "ever", from: null, to: null }, NOW)).toEqual({ from: undefined, to: undefined });
  });
});

describe("pickedOf", () => {
  it("shows a range only when it is whole", () => {
    expect(pickedOf({ last: null, from: "2026-11-01", to: null })).toBeNull();
    expect(pickedOf({ last: "week", from: null, to: null })).toMatchObject({ type: "relative", key: "week" });
  });
});
