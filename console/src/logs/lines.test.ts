import { describe, expect, test } from "vitest";
import { asText, cleaned, found, linesOfMessage, merged, pieces, type LogLine } from "./lines";

const line = (at: number, text: string, stream = "a"): LogLine => ({ at, stream, text });

describe("cleaned", () => {
  test.each([
    ["plain", "plain"],
    ["\u001b[32mgreen\u001b[0m text", "green text"],
    ["\u001b[1;38;5;196mred\u001b[K", "red"],
    ["\u001b]8;;http://x\u0007link\u001b]8;;\u0007", "link"],
    ["\u001b(Bx", "x"],
    [" 10%\r 50%\r100%", "100%"],
    [" 50%\r", " 50%"],
    ["a\tb\u0007\u0000", "a\tb"],
    ["line\r\n", "line"],
  ])("%j shows %j", (message, text) => expect(cleaned(message)).toBe(text));
});

test("a message of several lines is several lines", () => {
  expect(linesOfMessage("s", 5, "Traceback:\n  File x\n\n").map((one) => one.text)).toEqual(["Traceback:", "  File x"]);
});

describe("merged", () => {
  test("streams are put together in the order of time, and a stream's own order is kept", () => {
    const all = merged([line(1, "1"), line(3, "3"), line(3, "3b"), line(9, "9")], [line(3, "3c", "b"), line(2, "2", "b"), line(10, "10", "b")]);
    expect(all.map((one) => one.text)).toEqual(["1", "2", "3", "3b", "3c", "9", "10"]);
  });
  test("nothing new is the same array", () => {
    const lines = [line(1, "1")];
    expect(merged(lines, [])).toBe(lines);
  });
  test("what comes later is put behind", () => {
    expect(merged([line(1, "1")], [line(1, "2")]).map((one) => one.text)).toEqual(["1", "2"]);
  });
});

test("search", () => {
  const lines = [line(1, "Loss: 0.5"), line(2, "saved"), line(3, "loss loss")];
  expect(found(lines, "LOSS")).toEqual([0, 2]);
  expect(found(lines, "")).toEqual([]);
  expect(found(lines, ".5")).toEqual([0]);
  expect(pieces("loss of Loss", "loss")).toEqual([
    { text: "loss", hit: true }, { text: " of ", hit: false }, { text: "Loss", hit: true },
  ]);
  expect(pieces("İ loss", "loss")).toEqual([{ text: "İ loss", hit: false }]);
  expect(pieces("x", "")).toEqual([{ text: "x", hit: false }]);
});

test("as a file", () => {
  expect(asText([line(0, "x", "algo-1")])).toBe("1970-01-01T00:00:00.000Z  algo-1  x\n");
});
