import { describe, expect, test } from "vitest";
import { machineArnOf, nameOf } from "./arn";
import { ago, bytes, duration, plural } from "./format";

describe("duration", () => {
  test.each([
    [0.0004, "0 ms"], [0.42, "420 ms"], [3.21, "3.2 s"], [59.6, "1 m"], [60, "1 m"], [72, "1 m 12 s"],
    [3600, "1 h"], [3601, "1 h"], [7260, "2 h 1 m"], [187_200, "2 d 4 h"], [-3, "0 ms"],
  ])("%d s is %s", (seconds, text) => expect(duration(seconds)).toBe(text));
});

describe("ago", () => {
  test.each([
    [0, "just now"], [4, "just now"], [59, "59 s ago"], [60, "1 m ago"], [7199, "1 h ago"], [172_800, "2 d ago"],
  ])("%d s before now is %s", (seconds, text) => expect(ago(1_000_000 - seconds, 1_000_000)).toBe(text));
});

describe("bytes", () => {
  test.each([
    [0, "0 B"], [999, "999 B"], [1000, "1.0 kB"], [1_234_567, "1.2 MB"], [999_600, "1.0 MB"], [123_456, "123 kB"],
  ])("%d is %s", (count, text) => expect(bytes(count)).toBe(text));
});

test("plural", () => {
  expect(plural(1, "event")).toBe("1 event");
  expect(plural(10_000, "event")).toBe("10,000 events");
});

test("ARNs", () => {
  expect(nameOf("arn:aws:iam::000000000000:role/service/Flow")).toBe("Flow");
  expect(machineArnOf("arn:aws:states:us-east-1:000000000000:execution:Train:run-7")).toBe(
    "arn:aws:states:us-east-1:000000000000:stateMachine:Train",
  );
});
