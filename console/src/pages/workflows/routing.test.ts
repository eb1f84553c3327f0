import { expect, test } from "vitest";
import { choices, itemsOf, restOf, routingOf, routingText, withFirst, wrongShare } from "./routing";

const version = (number: number) => `arn:aws:states:us-east-1:000000000000:stateMachine:flow:${number}`;
const item = (number: number, weight: number) => ({ stateMachineVersionArn: version(number), weight });

test.each([
  [[item(2, 100)], "version 2: 100 %"], [[item(2, 90), item(1, 10)], "version 2: 90 %, version 1: 10 %"], [[item(2, 0), item(1, 100)], "version 2: 0 %, version 1: 100 %"],
])("what is read is what would be written %#", (items, text) => {
  expect(itemsOf(routingOf(items, version(3)))).toEqual(items);
  expect(routingText(items)).toBe(text);
});

test("a new alias leads to the newest version", () => {
  expect(itemsOf(routingOf([], version(3)))).toEqual([item(3, 100)]);
});

test("weights sum to 100", () => {
  const divided = { first: version(2), second: version(1), share: "35" };
  expect(itemsOf(divided)).toEqual([item(2, 35), item(1, 65)]);
  expect(restOf(divided)).toBe(65);
});

test.each([["0", undefined], ["100", undefined], ["101", 1], ["-1", 1], ["1.5", 1], ["", 1], ["x", 1]])("a share of %j", (share, wrong) => {
  const routing = { first: version(2), second: version(1), share };
  expect(wrongShare(routing) !== undefined).toBe(wrong !== undefined);
  expect(restOf(routing) === undefined).toBe(wrong !== undefined);
  expect(wrongShare({ ...routing, second: "" })).toBeUndefined();
});

test("the first version is not the second one as well", () => {
  const routing = { first: version(2), second: version(1), share: "90" };
  expect(withFirst(routing, version(1))).toEqual({ first: version(1), second: "", share: "90" });
  expect(withFirst(routing, version(3))).toEqual({ first: version(3), second: version(1), share: "90" });
});

test("versions that are not listed can be kept", () => {
  expect(choices([version(3), version(2)], { first: version(2), second: version(1), share: "90" })).toEqual([version(3), version(2), version(1)]);
});
