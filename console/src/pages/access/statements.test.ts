import { describe, expect, it } from "vitest";
import { groupOf, patternFor, patternOf, statementsOf, tickedOf, toggled } from "./statements";

const KEPT = [
  { effect: "deny" as const, actions: ["ims:images:delete"] },
  { effect: "allow" as const, actions: ["ims:vaults:*", "ims:images:share"] },
  { effect: "deny" as const, actions: ["ims:jobs:cancel"] },
];

describe("statements", () => {
  it("come back as they were, joined by effect", () => {
    expect(statementsOf(tickedOf(KEPT))).toEqual([
      { effect: "allow", actions: ["ims:images:share", "ims:vaults:*"] },
      { effect: "deny", actions: ["ims:images:delete", "ims:jobs:cancel"] },
    ]);
  });

  it("leave out an effect with nothing ticked", () => {
    const ticked = toggled(
      tickedOf([{ effect: "deny", actions: ["ims:jobs:cancel"] }]),
      "deny",
      "ims:jobs:cancel",
    );
    expect(statementsOf(ticked)).toEqual([]);
  });

  it("know which pattern brings an action", () => {
    const { allow } = tickedOf(KEPT);
    expect(patternFor(allow, "ims:vaults:manage")).toBe("ims:vaults:*");
    expect(patternFor(allow, "ims:images:share")).toBeUndefined();
    expect(patternFor(new Set(["ims:*"]), "ims:jobs:list")).toBe("ims:*");
    expect([groupOf("ims:jobs:list"), patternOf("ims:jobs:list")]).toEqual(["jobs", "ims:jobs:*"]);
  });
});
