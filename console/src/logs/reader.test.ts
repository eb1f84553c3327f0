import { afterEach, expect, test, vi } from "vitest";
import { LogReader } from "./reader";

/** Streams as the service has them: pages of two events, and the same token again at the end. */
function service(streams: Record<string, string[]>) {
  const asked: string[] = [];
  const page = async (stream: string, token: string | undefined) => {
    asked.push(`${stream}@${token ?? ""}`);
    const from = Number(token ?? 0);
    const texts = streams[stream]!.slice(from, from + 2);
    return { events: texts.map((message, index) => ({ timestamp: from + index, message })), next: String(from + texts.length) };
  };
  return { page, asked };
}

afterEach(() => void vi.useRealTimers());

test("reads all pages, then only what is new", async () => {
  const streams: Record<string, string[]> = { a: ["1", "2", "3"], b: ["x"] };
  const { page, asked } = service(streams);
  const reader = new LogReader(page, () => {});
  await reader.follow([{ stream: "a", mark: "3" }, { stream: "b", mark: "1" }]);
  expect(reader.lines.map((line) => line.text)).toEqual(["1", "x", "2", "3"]);
  expect(reader.complete).toBe(true);
  asked.length = 0;
  streams.b!.push("y");
  await reader.follow([{ stream: "a", mark: "3" }, { stream: "b", mark: "2" }]);
  expect(asked).toEqual(["b@1", "b@2"]);
  expect(reader.lines.filter((line) => line.stream === "b").map((line) => line.text)).toEqual(["x", "y"]);
});

test("what failed is read again, nothing twice", async () => {
  const { page } = service({ a: ["1", "2", "3"] });
  let failing = true;
  const reader = new LogReader(async (stream, token) => {
    if (failing && token === "2") throw new Error("lost");
    return page(stream, token);
  }, () => {});
  await reader.follow([{ stream: "a", mark: "3" }]);
  expect(reader.error).toBeInstanceOf(Error);
  failing = false;
  await reader.follow([{ stream: "a", mark: "3" }]);
  expect(reader.error).toBeUndefined();
  expect(reader.lines.map((line) => line.text)).toEqual(["1", "2", "3"]);
});

test("growth while it reads is read too", async () => {
  const streams: Record<string, string[]> = { a: ["1"] };
  const { page } = service(streams);
  const reader = new LogReader(page, () => {});
  const first = reader.follow([{ stream: "a", mark: "1" }]);
  streams.a!.push("2");
  await reader.follow([{ stream: "a", mark: "2" }]);
  await first;
  expect(reader.lines.map((line) => line.text)).toEqual(["1", "2"]);
});

test("one that was stopped goes on when it is to follow again", async () => {
  const { page } = service({ a: ["1", "2", "3"] });
  const reader = new LogReader(page, () => {});
  reader.stop();
  await reader.follow([{ stream: "a", mark: "3" }]);
  expect(reader.lines.map((line) => line.text)).toEqual(["1", "2", "3"]);
});

test("what failed is tried again by itself: an ended job's streams never grow again", async () => {
  vi.useFakeTimers();
  const { page } = service({ a: ["1", "2", "3"] });
  let failures = 0;
  const told = vi.fn();
  const reader = new LogReader(async (stream, token) => {
    if (token === "2" && failures++ < 5) throw new Error("lost");
    return page(stream, token);
  }, told);
  await reader.follow([{ stream: "a", mark: "3" }]);
  expect(reader.error).toBeInstanceOf(Error);
  told.mockClear();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(reader.lines.map((line) => line.text)).toEqual(["1", "2", "3"]);
  expect(reader).toMatchObject({ error: undefined, complete: true });
  expect(told).toHaveBeenCalled();
});

test("one that was stopped does not try again", async () => {
  vi.useFakeTimers();
  const page = vi.fn(async () => {
    throw new Error("lost");
  });
  const reader = new LogReader(page, () => {});
  await reader.follow([{ stream: "a", mark: "1" }]);
  reader.stop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(page).toHaveBeenCalledTimes(1);
});

test("no error stands beside lines that come again", async () => {
  const { page } = service({ a: ["1", "2", "3"] });
  let failing = true;
  const errors: unknown[] = [];
  const reader: LogReader = new LogReader((stream, token) => (failing ? Promise.reject(new Error("lost")) : page(stream, token)), () => errors.push(reader.error));
  await reader.follow([{ stream: "a", mark: "3" }]);
  failing = false;
  await reader.follow([{ stream: "a", mark: "3" }]);
  expect(errors).toEqual([expect.any(Error), undefined, undefined, undefined]);
});

test("the stream that is furthest behind is read first: lines come in the order of time", async () => {
  const { page, asked } = service({ a: ["1", "2", "3", "4"], b: ["x", "y", "z"] });
  await new LogReader(page, () => {}).follow([{ stream: "a", mark: "" }, { stream: "b", mark: "" }]);
  expect(asked.slice(0, 4)).toEqual(["a@", "b@", "a@2", "b@2"]);
});

test("of too many lines a tenth goes at once, and is counted", async () => {
  const { page } = service({ a: Array.from({ length: 13 }, (_, index) => String(index)) });
  const lengths: number[] = [];
  const reader: LogReader = new LogReader(page, () => lengths.push(reader.lines.length), 10);
  await reader.follow([{ stream: "a", mark: "" }]);
  expect(lengths.slice(0, 7)).toEqual([2, 4, 6, 8, 10, 9, 10]);
  expect([reader.dropped, reader.lines[0]!.text]).toEqual([3, "3"]);
});

test("what is older than all that is kept does not come back", async () => {
  const streams: Record<string, string[]> = { a: Array.from({ length: 12 }, (_, index) => String(index)), late: [] };
  const { page } = service(streams);
  const reader = new LogReader(page, () => {}, 10);
  await reader.follow([{ stream: "a", mark: "" }]);
  expect([reader.dropped, reader.lines.length]).toEqual([3, 9]);
  streams.late!.push("old");
  await reader.follow([{ stream: "a", mark: "" }, { stream: "late", mark: "" }]);
  expect([reader.dropped, reader.lines.length]).toEqual([4, 9]);
});
