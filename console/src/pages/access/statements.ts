import type { Schema } from "~/api/types";

export type Statement = Schema<"AccessStatement">;
export type Effect = "allow" | "deny";

/** What is ticked: words of actions, and beginnings followed by `*`. */
export type Ticked = Record<Effect, ReadonlySet<string>>;

export const NOTHING: Ticked = { allow: new Set(), deny: new Set() };

export function tickedOf(statements: Statement[]): Ticked {
  const words = (effect: Effect) =>
    new Set(statements.filter((one) => one.effect === effect).flatMap((one) => one.actions));
  return { allow: words("allow"), deny: words("deny") };
}

/** One statement for each effect that has anything, in the order of the alphabet. */
export const statementsOf = (ticked: Ticked): Statement[] =>
  (["allow", "deny"] as const)
    .filter((effect) => ticked[effect].size > 0)
    .map((effect) => ({ effect, actions: [...ticked[effect]].sort() }));

/** The pattern that brings an action with it. */
export const patternFor = (words: ReadonlySet<string>, action: string): string | undefined =>
  [...words].find((word) => word !== action && word.endsWith("*") && action.startsWith(word.slice(0, -1)));

export function toggled(ticked: Ticked, effect: Effect, word: string): Ticked {
  const words = new Set(ticked[effect]);
  if (!words.delete(word)) words.add(word);
  return { ...ticked, [effect]: words };
}

/** `ims:images:list` is of the group `images`. */
export const groupOf = (action: string): string => action.split(":")[1] ?? action;
export const patternOf = (action: string): string => `${action.slice(0, action.lastIndexOf(":") + 1)}*`;
