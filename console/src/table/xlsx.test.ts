import { strFromU8, unzipSync } from "fflate";
import { expect, it } from "vitest";
import { letters, toXlsx } from "./xlsx";

const parse = (text: string) => new DOMParser().parseFromString(text, "application/xml");

it("writes a sheet whose cells are what they were, and no formula", () => {
  const rows = [
    ["Name", "Size"],
    ['=HYPERLINK("http://evil.example")', 12.5],
    ["a & <b>\u0001\r\n新", 0],
    ["", 7],
  ];
  const files = unzipSync(toXlsx("Images: [all]/of them, and more than 31 characters", rows));
  for (const [path, bytes] of Object.entries(files)) {
    expect(parse(strFromU8(bytes)).querySelector("parsererror"), path).toBeNull();
  }
  const of = (path: string) => strFromU8(files[path] ?? new Uint8Array());
  expect(of("xl/workbook.xml")).toMatch(/<sheet name="[^"[\]:/]{1,31}"/);
  const sheet = of("xl/worksheets/sheet1.xml");
  expect(sheet).not.toContain("<f>");
  expect(sheet).toContain('<c r="B2"><v>12.5</v></c>');
  expect(sheet).toContain('<c r="A2" t="inlineStr"><is><t xml:space="preserve">=HYPERLINK(&quot;http');
  expect(sheet).toContain("a &amp; &lt;b&gt;&#13;\n新");
  expect(sheet).toContain('<row r="4"><c r="B4"><v>7</v></c></row>');
});

it("names columns as spreadsheets do", () => {
  expect([0, 25, 26, 51, 52, 701, 702].map(letters)).toEqual(["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
});
