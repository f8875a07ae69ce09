import { expect, it, vi } from "vitest";
import { atMostEvery, eventParser, type ServerEvent } from "./events";

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

it("acts at once, and once more for all that came in the pause", () => {
  vi.useFakeTimers();
  const stop = new AbortController();
  const act = vi.fn();
  const run = atMostEvery(400, stop.signal, act);
  for (let n = 0; n < 100; n++) run();
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(400);
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(4_000);
  expect(act).toHaveBeenCalledTimes(2);
  run();
  expect(act).toHaveBeenCalledTimes(3);
  stop.abort();
  run();
  vi.advanceTimersByTime(4_000);
  expect(act).toHaveBeenCalledTimes(3);
  vi.useRealTimers();
});
