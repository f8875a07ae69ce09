import { expect, it } from "vitest";
import { pageName } from "./Helpful";

it("calls a page the same whatever it shows", () => {
  expect(pageName("/r/r1/p/4f0c2a7b/images/private")).toBe("images/private");
  expect(pageName("/r/r1/p/4f0c/images/ee93ad77-74d0-49ac/tenants")).toBe("images/:id/tenants");
  expect(pageName("/me/credentials")).toBe("me/credentials");
  expect(pageName("/operator/public-images")).toBe("operator/public-images");
  expect(pageName("/")).toBe("overview");
});
