import { expect, it } from "vitest";
import { copyOf, type Event } from "./events";
import { shortDigest } from "./Receipt";

it("an event of a copy says what was made, and where", () => {
  const of = (detail?: string) => copyOf({ detail } as Event);
  expect(of("copy=c0da region=r2")).toEqual({ image: "c0da", region: "r2" });
  expect(of("copy=c0da")).toEqual({ image: "c0da", region: undefined });
  expect(of()).toEqual({ image: undefined, region: undefined });
});

it("digests are shortened to what tells two apart", () => {
  expect(shortDigest(`sha256:${"0123456789abcdef".repeat(4)}`)).toBe("sha256:01234567…89abcdef");
  expect(shortDigest("md5:abc")).toBe("md5:abc");
});
