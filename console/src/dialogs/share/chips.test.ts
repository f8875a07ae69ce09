import { expect, it } from "vitest";
import type { Image } from "~/api/types";
import { overfull } from "./chips";

const image = (slots_left: number | undefined, shares: number) =>
  ({ id: "sys1", shares, actions: { share: { allowed: true, slots_left } } }) as unknown as Image;

it("knows which image cannot hold so many, whoever they are", () => {
  const check = (left: number | undefined, shares: number, ids: number, countsPending = true) =>
    overfull([image(left, shares)], ids, countsPending) !== undefined;
  expect(check(100, 28, 128)).toBe(false);
  expect(check(100, 28, 129)).toBe(true);
  expect(check(undefined, 0, 10_000)).toBe(false);
  expect(check(0, 128, 500, false)).toBe(false);
});
