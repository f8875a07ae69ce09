import { describe, expect, it } from "vitest";
import { translator } from "~/i18n/texts";
import {
  descriptionProblem,
  diskProblem,
  joinTag,
  memoryProblem,
  nameProblem,
  splitTag,
  tagProblem,
  wholeProblem,
} from "./fields";
import { fieldTexts } from "./texts";

const t = translator(fieldTexts, "en");
const rules = (all: Record<string, unknown>) => (rule: string) => all[rule];
const plain = rules({ "image.name_max": 128, "image.name_free": false, "tags.max": 3 });
const free = rules({ "image.name_max": 255, "image.name_free": true });

describe("names", () => {
  it("take letters of any script up to the installation's length", () => {
    for (const name of ["a", "镜像 1", "erp-golden_2.0", "镜".repeat(128)]) {
      expect(nameProblem(name, plain, t), name).toBeUndefined();
    }
    for (const name of ["", " a", "a ", "a/b", "<b>", "镜".repeat(129)]) {
      expect(nameProblem(name, plain, t), name).toContain("1–128");
    }
  });

  it("are free where the installation says so", () => {
    expect(nameProblem(" a/b ", free, t)).toBeUndefined();
    expect(nameProblem("x".repeat(256), free, t)).toContain("255");
  });
});

it("descriptions have 1024 characters, no angle brackets and one line", () => {
  expect(descriptionProblem("x".repeat(1024), t)).toBeUndefined();
  for (const text of ["x".repeat(1025), "a<b", "a>b", "a\nb"])
    expect(descriptionProblem(text, t)).toBeTruthy();
});

describe("numbers", () => {
  it("are whole and in their range", () => {
    expect(wholeProblem("", t)).toBeUndefined();
    expect(wholeProblem("12", t)).toBeUndefined();
    for (const text of ["1.5", "-1", "a", "3000000000"]) expect(wholeProblem(text, t), text).toBeTruthy();
  });

  it("a disk holds what the file has inside, rounded up", () => {
    expect(diskProblem("0", 5e10, t)).toBeUndefined();
    expect(diskProblem("2", 2 * 1024 ** 3, t)).toBeUndefined();
    expect(diskProblem("2", 2 * 1024 ** 3 + 1, t)).toBe(
      "The file needs 3 GB (2,147,483,649 bytes, rounded up).",
    );
  });

  it("the maximum of memory is 0 or at least the minimum", () => {
    expect(memoryProblem("2048", "0", t)).toBeUndefined();
    expect(memoryProblem("2048", "2048", t)).toBeUndefined();
    expect(memoryProblem("2048", "2047", t)).toContain("at least the minimum");
  });
});

describe("tags", () => {
  it("are a key with or without a value", () => {
    expect(splitTag("env=a=b")).toEqual(["env", "a=b"]);
    expect(splitTag("env")).toEqual(["env", undefined]);
    expect(joinTag("env", "")).toBe("env");
    expect(joinTag("env", "prod")).toBe("env=prod");
  });

  it("keep to their lengths and to the number the installation takes", () => {
    expect(tagProblem("k".repeat(36), "v".repeat(43), ["a", "b"], plain, t)).toBeUndefined();
    expect(tagProblem("k".repeat(37), "", [], plain, t)).toContain("1–36");
    expect(tagProblem("k", "v".repeat(44), [], plain, t)).toContain("43");
    expect(tagProblem("", "v", [], plain, t)).toContain("1–36");
    expect(tagProblem("k", "", ["a", "b", "c"], plain, t)).toContain("3 tags");
    expect(tagProblem("env", "prod", ["env=prod"], plain, t)).toContain("already");
  });
});
