import en from "@cloudscape-design/components/i18n/messages/all.en";
import zh from "@cloudscape-design/components/i18n/messages/all.zh-CN";
import { expect, it } from "vitest";

/** The texts among the messages that are still to be parsed. */
const unparsed = (messages: unknown): string[] =>
  typeof messages === "string"
    ? [messages]
    : Array.isArray(messages)
      ? []
      : Object.values(messages as object).flatMap(unparsed);

it.each([
  ["English", en],
  ["Chinese", zh],
])("the design system's %s texts come parsed: a build has no parser for them", (_, messages) => {
  expect(unparsed(messages)).toEqual([]);
  expect(JSON.stringify(messages)).toContain('"type":0');
});
