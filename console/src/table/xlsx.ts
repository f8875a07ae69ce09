import { strToU8, zipSync } from "fflate";
import type { Cell } from "./csv";

/** A workbook of one sheet (ECMA-376). Text is written as text, so that no cell is ever a formula. */
export const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PARTS = "http://schemas.openxmlformats.org/package/2006";
const LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml";
/** Spreadsheets take no longer text in a cell, and no longer name of a sheet. */
const CELL_CHARS = 32_767;
const NAME_CHARS = 31;

/** Text as XML has it; what XML cannot have is left out. */
function escaped(text: string): string {
  return (
    [...text]
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
      .filter((char) => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(char))
      .join("")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("\r", "&#13;")
  );
}

/** `A`, `B`, … `Z`, `AA`: the letters of a column, from 0. */
export function letters(column: number): string {
  const last = String.fromCharCode(65 + (column % 26));
  return column < 26 ? last : letters(Math.floor(column / 26) - 1) + last;
}

function cell(value: Cell, place: string): string {
  if (typeof value === "number" && Number.isFinite(value)) return `<c r="${place}"><v>${value}</v></c>`;
  const text = escaped(String(value).slice(0, CELL_CHARS));
  return text && `<c r="${place}" t="inlineStr"><is><t xml:space="preserve">${text}</t></is></c>`;
}

export function toXlsx(title: string, rows: Cell[][]): Uint8Array<ArrayBuffer> {
  const name = escaped(title.replace(/[[\]:*?/\\']/g, " ").slice(0, NAME_CHARS) || "1");
  const lines = rows.map((row, y) => {
    const cells = row.map((value, x) => cell(value, `${letters(x)}${y + 1}`));
    return `<row r="${y + 1}">${cells.join("")}</row>`;
  });
  const files = {
    "[Content_Types].xml": `${HEAD}<Types xmlns="${PARTS}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${KIND}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${KIND}.worksheet+xml"/></Types>`,
    "_rels/.rels": `${HEAD}<Relationships xmlns="${PARTS}/relationships"><Relationship Id="r1" Type="${LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${LINKS}"><sheets><sheet name="${name}" sheetId="1" r:id="r1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `${HEAD}<Relationships xmlns="${PARTS}/relationships"><Relationship Id="r1" Type="${LINKS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    "xl/worksheets/sheet1.xml": `${HEAD}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView></sheetViews><sheetData>${lines.join("")}</sheetData></worksheet>`,
  };
  const bytes = Object.entries(files).map(([path, text]) => [path, strToU8(text)] as const);
  return zipSync(Object.fromEntries(bytes)) as Uint8Array<ArrayBuffer>;
}
