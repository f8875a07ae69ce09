import { beforeEach, expect, it } from "vitest";
import { adopt, recall, speedometer, stopAll } from "./engine";
import { forget, type Remembered, remember, remembered } from "./memory";
import { uploads, wholePercent } from "./tray";
import type { Kept } from "./tus";

const PLACE = { region: "r1", project: "p1" };
const known: Remembered = {
  ...PLACE,
  image: "i1",
  name: "erp",
  filename: "erp.qcow2",
  length: 200,
  user: "alice",
  isOwn: true,
};
const kept = (image: string, user: string): Kept => ({
  id: `u-${image}`,
  image,
  filename: `${image}.img`,
  offset: 50,
  length: 100,
  sha256: null,
  created_by: { id: user, name: user },
  created_at: "",
  image_is_new: true,
  expires_at: "",
});

beforeEach(() => {
  localStorage.clear();
  stopAll();
});

it("remembers each upload once, and forgets it", () => {
  remember(known);
  remember({ ...known, id: "u1" });
  expect(remembered()).toEqual([{ ...known, id: "u1" }]);
  forget("i1");
  expect(localStorage.length).toBe(0);
  localStorage.setItem("lendglass.uploads", "{broken");
  expect(remembered()).toEqual([]);
});

it("shows again what this user had begun, and nothing of others", () => {
  remember(known);
  recall("bob");
  expect(uploads.get()).toEqual([]);
  recall("alice");
  expect(uploads.get()).toMatchObject([{ image: "i1", phase: "needs-file", length: 200 }]);
});

it("shows what another browser has begun, as long as the server has it", () => {
  adopt([kept("i2", "alice"), kept("i3", "bob")], PLACE, "alice");
  expect(uploads.get()).toMatchObject([{ image: "i2", phase: "needs-file", sent: 50 }]);
  adopt([], { ...PLACE, project: "p2" }, "alice");
  expect(uploads.get()).toHaveLength(1);
  adopt([], PLACE, "alice");
  expect(uploads.get()).toEqual([]);
});

it("tells the speed of the last seconds only", () => {
  let now = 0;
  const speed = speedometer(1_000, () => now);
  now = 1_000;
  expect(speed(3_000)).toBe(2_000);
  now = 10_000;
  expect(speed(3_000)).toBe(0);
  now = 12_000;
  expect(speed(13_000)).toBe(5_000);
});

it("sums up what is unfinished", () => {
  adopt([kept("i2", "alice"), kept("i4", "alice")], PLACE, "alice");
  expect(wholePercent(uploads.get())).toBe(50);
  expect(wholePercent([])).toBe(100);
});
