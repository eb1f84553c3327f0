import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SendFile } from "./send_file";
import { Uploads } from "./upload";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const file = (name: string, size = 10) => ({ key: name, file: new File(["x".repeat(size)], name) });
const files = (count: number) => Array.from({ length: count }, (_, index) => file(`f${index}`));
const keys = (uploads: Uploads) => uploads.summaryOf("b").rows.map(({ key, state }) => `${key} ${state}`);

/** A way to send whose end the test decides: by key. */
function staged() {
  const ends = new Map<string, { well: () => void; badly: (why: string) => void; signal: AbortSignal; sent: (bytes: number) => void }>();
  const send: SendFile = (_, key, __, signal, sent) => new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("Aborted", "AbortError")));
    ends.set(key, { well: resolve, badly: (why) => reject(new Error(why)), signal, sent });
  });
  return { ends, uploads: new Uploads(send) };
}

/** All that has been done is told. */
const told = () => vi.runAllTimersAsync();

test("thousands of files are told of together, and a few of them shown", async () => {
  const uploads = new Uploads(async (_, __, one, ___, sent) => sent(one.size));
  const listener = vi.fn();
  uploads.subscribe(listener);
  uploads.add("b", files(10_000));
  await told();
  expect(uploads.summaryOf("b")).toMatchObject({ files: 10_000, counts: { done: 10_000 }, size: 100_000, sent: 100_000 });
  expect(keys(uploads)).toEqual(["f9995 done", "f9996 done", "f9997 done", "f9998 done", "f9999 done"]);
  expect(listener.mock.calls.length).toBeLessThan(10);
});

test("what runs, what failed and what comes next is shown", async () => {
  const { ends, uploads } = staged();
  uploads.add("b", files(20));
  await told();
  ends.get("f0")!.badly("refused");
  ends.get("f1")!.well();
  ends.get("f2")!.sent(4);
  await told();
  expect(keys(uploads)).toEqual([
    "f2 running", "f3 running", "f4 running", "f0 failed",
    "f5 waiting", "f6 waiting", "f7 waiting", "f8 waiting", "f9 waiting", "f1 done",
  ]);
  expect(uploads.summaryOf("b")).toMatchObject({ files: 20, size: 200, sent: 14, rows: { 3: { error: "Error: refused" } } });
  expect(uploads.busy).toBe(true);
});

test("between two tellings the page sees the same", async () => {
  const { ends, uploads } = staged();
  uploads.add("b", files(1));
  await told();
  const before = uploads.summaryOf("b");
  ends.get("f0")!.sent(5);
  expect(uploads.summaryOf("b")).toBe(before);
  await told();
  expect(uploads.summaryOf("b").sent).toBe(5);
});

test("what failed is tried again", async () => {
  const { ends, uploads } = staged();
  uploads.add("b", files(2));
  await told();
  ends.get("f0")!.sent(7);
  ends.get("f0")!.badly("refused");
  ends.get("f1")!.well();
  await told();
  uploads.retryFailed("b");
  await told();
  expect(uploads.summaryOf("b")).toMatchObject({ sent: 10, counts: { running: 1, failed: 0 } });
  ends.get("f0")!.well();
  await told();
  expect(uploads.summaryOf("b")).toMatchObject({ sent: 20, counts: { done: 2 } });
  expect(uploads.summaryOf("b").rows.every(({ error }) => error === undefined)).toBe(true);
});

test("aborted: those on their way, and those that wait", async () => {
  const { ends, uploads } = staged();
  uploads.add("b", files(5));
  uploads.add("other", [file("o")]);
  await told();
  uploads.abortAll("b");
  await told();
  expect(uploads.summaryOf("b").counts).toMatchObject({ aborted: 5, running: 0, waiting: 0 });
  expect(ends.get("f0")!.signal.aborted).toBe(true);
  expect(ends.has("f4")).toBe(false);
  expect(uploads.summaryOf("other").counts.running).toBe(1);
  uploads.clearEnded("b");
  expect(uploads.summaryOf("b")).toMatchObject({ files: 0, size: 0, sent: 0, rows: [] });
});

test("cleared, nothing of it comes back", async () => {
  const { ends, uploads } = staged();
  uploads.add("b", files(5));
  await told();
  uploads.clear();
  await told();
  expect(ends.get("f0")!.signal.aborted).toBe(true);
  expect([...ends.keys()]).toEqual(["f0", "f1", "f2"]);
  expect(uploads.summaryOf("b").files).toBe(0);
  expect(uploads.busy).toBe(false);
});
