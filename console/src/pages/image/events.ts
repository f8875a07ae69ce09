import { type Api, ok } from "~/api/client";
import type { Schema } from "~/api/types";

export type Event = Schema<"EventView">;

interface Wanted {
  target: string;
  verb?: string;
  result?: string;
  limit: number;
  marker?: string;
}

/** A page of the audit trail. The document also knows answers that are text, for other formats. */
export async function readEvents(api: Api, query: Wanted): Promise<Schema<"EventPage">> {
  const page = await ok(api.GET("/api/v1/audit", { params: { query } }));
  if (typeof page === "string") throw new Error("the audit trail came as text");
  return page;
}

/** What an event says of the copy that was asked for: `copy=ID region=REGION`. */
export function copyOf(event: Event): { image?: string; region?: string } {
  const facts = new Map((event.detail ?? "").split(" ").map((fact) => fact.split("=") as [string, string]));
  return { image: facts.get("copy"), region: facts.get("region") };
}
