import { expect, test } from "vitest";
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
