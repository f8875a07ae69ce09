import { texts } from "./texts";

/** The verbs of events, as the catalogue knows them. */
export const VERBS = Object.keys(texts.entries).flatMap((key) =>
  key.startsWith("verb.") ? [key.slice("verb.".length)] : [],
);
