import { describe, expect, test } from "vitest";
import { isJson, laidOpen, readable, reprint, tokens } from "./json";

describe("laid out anew", () => {
  test("spread out only where it was on one line", () => {
    expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(readable('{"a":\n1}')).toBe('{"a":\n1}');
    expect(readable("{")).toBe("{");
  });
  test.each([
    ['{"t":1700000000123456789}', '{\n  "t": 1700000000123456789\n}'],
    ["[1.0,-0,1E400,0.10,12345678901234567890.5e-3]", "[\n  1.0,\n  -0,\n  1E400,\n  0.10,\n  12345678901234567890.5e-3\n]"],
    ['{"a":1,"a":2}', '{\n  "a": 1,\n  "a": 2\n}'], // both of them
    ['"\\u00e9\\/\\n {}[]:, \\\\"', '"\\u00e9\\/\\n {}[]:, \\\\"'],
    ["{}", "{}"], [" [ ] ", "[]"], ['{"a":{},"b":[[]]}', '{\n  "a": {},\n  "b": [\n    []\n  ]\n}'],
    [" 17 ", "17"], ["null", "null"], ["\ttrue\n", "true"],
  ])("%s", (text, lines) => expect(reprint(text)).toBe(lines));
  test.each(["", "{", '{"a":1,}', "{a: 1}", "[1 2]", '"two\nlines"', "01", "NaN", "1 1"])("no JSON, as it was: %j", (text) => expect(reprint(text)).toBe(text));
  test("of any value: the same value, the layout of JSON.stringify, and once is enough", () => {
    const random = randomOf(7);
    for (let round = 0; round < 500; round++) {
      const text = randomJson(random, 5);
      const lines = reprint(text);
      expect(JSON.parse(lines)).toEqual(JSON.parse(text));
      expect(lines).toBe(JSON.stringify(JSON.parse(text), null, 2));
      expect(reprint(lines)).toBe(lines);
    }
  });
  test("deep and long ones take the time that their length takes", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect(reprint(deep).replaceAll(/\s/g, "")).toBe(deep);
    expect(reprint(deep).length).toBeLessThan(2 * deep.length);
    const long = `"${"\\n".repeat(5_000_000)}"`;
    expect(reprint(long)).toBe(long);
  });
});

test("JSON within JSON is laid open as it was written", () => {
  const event = { id: 1, input: '{"t":1700000000123456789}', output: "no JSON", other: "[1]", none: undefined, list: [{ input: "1.0" }, null] };
  expect(laidOpen(event, ["input", "output"])).toBe(reprint('{"id":1,"input":{"t":1700000000123456789},"output":"no JSON","other":"[1]","list":[{"input":1.0},null]}'));
});

describe("lexemes", () => {
  test.each([
    ['{"a": tr', '{ "a" : tr'], ['"x\\"y', '"x\\"y'], ['"open\n"b"', '"open "b"'], ['"\\', '"\\'], ["", ""],
  ])("%j", (text, found) => expect([...tokens(text)].map(({ from, to }) => text.slice(from, to)).join(" ")).toBe(found));
  test("whether a string has an end", () => {
    expect([...tokens('"a" "b\n"c\\"')].map((one) => one.closed)).toEqual([true, false, false]);
  });
});

test("what is JSON", () => expect(["1", "{}", "", "{"].map(isJson)).toEqual([true, true, false, false]));

/** Numbers in [0, 1), the same ones for a seed (mulberry32). */
function randomOf(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Written with space between lexemes here and there. */
function randomJson(random: () => number, depth: number): string {
  const below = (count: number) => Math.floor(random() * count);
  const space = () => ["", "", " ", "\n\t"][below(4)]!;
  const string = () => JSON.stringify(Array.from({ length: below(6) }, () => '"\\{}[]:, \nä😀\u2028x'[below(15)]).join(""));
  const items = (one: (index: number) => string) => Array.from({ length: below(4) }, (_, index) => space() + one(index) + space()).join(",");
  if (depth === 0 || below(4) === 0) return [String(random() * 10 ** (below(30) - 15)), string(), "true", "null"][below(4)]!;
  return below(2) === 0
    ? `[${items(() => randomJson(random, depth - 1)) || space()}]`
    : `{${items((index) => `${JSON.stringify(`${index}k${below(9)}"`)}${space()}:${space()}${randomJson(random, depth - 1)}`) || space()}}`;
}
