import { expect, test } from "vitest";
import { stateIn } from "./state_in";

const DEFINITION = `{"States": {
  "Each": {"Type": "Map", "ItemProcessor": {"States": {"Wait": {"Type": "Wait", "Seconds": 1700000000123456789}}}},
  "Both": {"Type": "Parallel", "Branches": [{"States": {"Left": {"Type": "Pass"}}}, {"States": {"Right": {"Type": "Fail"}}}]}
}}`;

test.each([
  ["Wait", '{"Type": "Wait", "Seconds": 1700000000123456789}'], ["Right", '{"Type": "Fail"}'], ["Left", '{"Type": "Pass"}'], ["States", undefined], ["Nowhere", undefined],
])("the fields of %s, as they are written", (name, text) => {
  const found = stateIn(DEFINITION, name);
  expect(found?.value && DEFINITION.slice(found.value.from, found.value.to)).toBe(text);
  expect(found && DEFINITION.slice(found.keyFrom, found.keyTo)).toBe(found && `"${name}"`);
});

test.each(["", "null", '{"States": 7}', '{"States": {'])("no state in %j", (text) => expect(stateIn(text, "Z")).toBeUndefined());
