import { describe, expect, it } from "vitest";
import { Markers } from "./markers";

/** Five rows a page of `count` rows; a marker is the last row before the page. */
const server = (count: number) => {
  const asked: (string | null)[] = [];
  const next = async (marker: string | null) => {
    asked.push(marker);
    const end = Number(marker ?? 0) + 5;
    return end < count ? String(end) : null;
  };
  return { asked, next };
};

describe("Markers", () => {
  it("walks to a page that an address names without its marker", async () => {
    const markers = new Markers();
    const { asked, next } = server(23);
    expect(await markers.walk(4, next)).toBe(4);
    expect(markers.begin(4)).toBe("15");
    expect(asked).toEqual([null, "5", "10"]);
    expect(markers.isOpen).toBe(true);
  });

  it("walks on from the nearest known page", async () => {
    const markers = new Markers();
    const { asked, next } = server(23);
    markers.learn(1, null, "5");
    markers.learn(2, "5", "10");
    await markers.walk(4, next);
    expect(asked).toEqual(["10"]);
  });

  it("stops where the list ends", async () => {
    const markers = new Markers();
    expect(await markers.walk(9, server(12).next)).toBe(3);
    expect(markers.pages).toBe(3);
    expect(markers.isOpen).toBe(false);
  });

  it("learns that a list has grown", () => {
    const markers = new Markers();
    markers.learn(1, null, null);
    expect([markers.pages, markers.isOpen]).toEqual([1, false]);
    markers.learn(1, null, "5");
    expect([markers.pages, markers.isOpen]).toEqual([2, true]);
  });
});
