import { expect, it } from "vitest";
import { toCsv } from "./csv";

it("quotes what needs it and never writes a formula", () => {
  expect(toCsv([["a,b", 'say "x"', "=1+1", "-5", "plain"]])).toBe(
    '\uFEFF"a,b","say ""x""",\'=1+1,-5,plain\r\n',
  );
});
