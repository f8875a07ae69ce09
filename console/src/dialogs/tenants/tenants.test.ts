import { describe, expect, it } from "vitest";
import { ApiError } from "~/api/errors";
import type { Share, ShareReport } from "~/api/types";
import { matching, slotsOf, throwRefusals } from "./tenants";

const share = (id: string, state: Share["state"], name?: string) =>
  ({ recipient: { kind: "project", id, name }, state }) as Share;
const SHARES = [
  share("4f0c", "accepted", "project-b"),
  share("77aa", "pending", "Team-01"),
  share("b2f7", "rejected"),
  share("c0de", "pending"),
];

describe("tenants", () => {
  it("are found by name or id, in any case, and by status", () => {
    const ids = (text: string, state: string) => matching(SHARES, text, state).map((one) => one.recipient.id);
    expect(ids("", "")).toHaveLength(4);
    expect(ids("TEAM", "")).toEqual(["77aa"]);
    expect(ids(" b2 ", "")).toEqual(["b2f7"]);
    expect(ids("", "pending")).toEqual(["77aa", "c0de"]);
    expect(ids("project", "pending")).toEqual([]);
  });

  it("use slots as the installation counts them", () => {
    const used = (pending: boolean, rejected: boolean) => slotsOf(SHARES, 3, { pending, rejected });
    expect(used(false, false)).toEqual({ tenants: 4, used: 1, max: 3, left: 2 });
    expect(used(true, false)).toMatchObject({ used: 3, left: 0 });
    expect(used(true, true)).toMatchObject({ used: 4, left: 0 });
    expect(slotsOf(SHARES, null, { pending: true, rejected: true }).left).toBeNull();
  });
});

it("what a batch refuses is thrown with its reasons, each once", () => {
  const report = (outcomes: string[]) =>
    ({
      request_id: "req-1",
      results: outcomes.map((outcome) => ({
        outcome,
        ...(outcome === "refused" ? { code: "SHARE_ACCEPTED", message: "It must reject first." } : {}),
      })),
    }) as unknown as ShareReport;
  expect(() => throwRefusals(report(["removed"]))).not.toThrow();
  try {
    throwRefusals(report(["removed", "refused", "refused"]));
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: "SHARE_ACCEPTED",
      message: "It must reject first.",
      requestId: "req-1",
    });
  }
});
