import { expect, it } from "vitest";
import { ApiError } from "~/api/errors";
import type { ShareReport } from "~/api/types";
import { throwRefusals } from "./tenants";

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
