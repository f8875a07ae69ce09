import { expect, it } from "vitest";
import { eventParser, type ServerEvent } from "./events";

it("parts a stream into events wherever it is cut", () => {
  const text =
    'retry: 1000\nid: p1\n\n:\n\nid: p2.a1\nevent: notice\ndata: {"a":\ndata: 1}\n\nevent: end\ndata: {}\n\n';
  for (let cut = 1; cut < text.length; cut++) {
    const seen: ServerEvent[] = [];
    const push = eventParser((event) => seen.push(event));
    push(text.slice(0, cut));
    push(text.slice(cut));
    expect(seen).toEqual([
      { id: "p1", event: "message", data: "" },
      { id: "p2.a1", event: "notice", data: '{"a":\n1}' },
      { id: undefined, event: "end", data: "{}" },
    ]);
  }
});
