import { expect, it } from "vitest";
import { nameOfSystem } from "./systems";

it("systems have the names their makers give them", () => {
  expect(["centos", "rocky", "haiku"].map(nameOfSystem)).toEqual(["CentOS", "Rocky Linux", "Haiku"]);
});
