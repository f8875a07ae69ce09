import { describe, expect, it } from "vitest";
import { looksLikeId, parseIds, sharingCard } from "./ids";

const A = "4f0c2a7be1d94c0f9a6d1f0c55d0e291";
const B = "77aa0000-0000-4000-8000-000000000001";

describe("parseIds", () => {
  it("parts at commas of both kinds, semicolons, spaces and lines, and keeps each id once", () => {
    expect(parseIds(`${A}，${B}, 12345；x@y.example\n${A}`).map(({ id }) => id)).toEqual([
      A,
      B,
      "12345",
      "x@y.example",
    ]);
  });

  it("understands sharing cards among ids, with their region", () => {
    const card = sharingCard("r1", A, "project-b", "bob");
    expect(parseIds(`${B}，${card}、ims-share:r2/zz（项目，某人） 99999`)).toEqual([
      { id: B },
      { id: A, region: "r1" },
      { id: "zz", region: "r2" },
      { id: "99999" },
    ]);
  });

  it("finds nothing in nothing", () => expect(parseIds(" ，\n ,")).toEqual([]));
});

describe("looksLikeId", () => {
  it("takes the four shapes and nothing else", () => {
    expect([A, B, "595696882470", "root@acme.example"].every(looksLikeId)).toBe(true);
    expect(["zz", "12", "project-b", "a@b c", ""].some(looksLikeId)).toBe(false);
  });
});
