import { describe, expect, test } from "vitest";
import { rangeOf, spotAt, treeAt, treeOf } from "./scan";

/** The text without its cursor "|", and where that was. */
function withCursor(text: string): [string, number] {
  const at = text.indexOf("|");
  return [text.slice(0, at) + text.slice(at + 1), at];
}

describe("where a cursor stands", () => {
  test.each([
    ['{|', "key", "", undefined], ['{"a|', "key", "", undefined], ['{"a"|', "key", "", "a"], ['{"a": |', "value", "", "a"], ['{"a": "b|"', "value", "", "a"],
    ['{"a": "b", |', "key", "", undefined], ['{"a": {"b": [1, |', "value", "a,b", undefined], ['{"a": {"b": [{"c": 1}, {"|', "key", "a,b,1", undefined],
    ['{"States": {"A b": {"Type": "P|a", "Next": 1}}}', "value", "States,A b", "Type"],
    ['{"a": 1}, {"|', "key", "", undefined], ["|", "value", "", undefined],
    ['{"a": "x\\"y|', "value", "", "a"], ['{"a": tr|', "value", "", "a"],
  ])("%s", (text, kind, path, key) => {
    const spot = spotAt(...withCursor(text));
    expect([spot.kind, spot.path.join(","), spot.key]).toEqual([kind, path, key]);
  });
  test("what a completion takes the place of", () => {
    const [text, at] = withCursor('{"Ty|pe": 1}');
    const spot = spotAt(text, at);
    expect([text.slice(spot.from, spot.to), spot.quoted, spot.colon]).toEqual(['"Type"', true, true]);
    expect(spotAt('{ "a": }', 7)).toMatchObject({ from: 7, to: 7, quoted: false, colon: false });
  });
});

describe("values", () => {
  const text = '{"StartAt": "A", "States": {"A": {"Choices": [{"Next": "B"}]}, "A/b[0]": {"End": true}';
  test("of a text that is not whole", () => {
    const tree = treeOf(text);
    expect(treeAt(tree, ["States", "A", "Choices", 0, "Next"])?.text).toBe("B");
    expect(treeAt(tree, ["States"])?.members.map((member) => member.key)).toEqual(["A", "A/b[0]"]);
    expect(treeAt(tree, ["States", "X", "Next"])).toBeUndefined();
    expect(treeOf("  ")).toBeUndefined();
  });
  test.each([
    ["/StartAt", '"StartAt": "A"'], ["/States/A", '"A"'], ["/States/A/Choices[0]/Next", '"Next": "B"'], ["/States/A/b[0]/End", '"End": true'],
    ["/States/A/Choices[0]", '{"Next": "B"}'], ["/States/A/Choices[7]/Next", '"Choices"'], ["/States/A/Resource", '"A"'], ["/", "{"], ["", "{"], ["/Nowhere", "{"],
  ])("location %s", (location, expected) => {
    const range = rangeOf(treeOf(text), location)!;
    expect(text.slice(range.from, range.to)).toBe(expected);
  });
});
