import { expect, test } from "vitest";
import { fieldErrors, wrongAt } from "./field_errors";

test("each member's own rule", () => {
  const errors = fieldErrors(
    "2 validation errors detected: Value '' at 'trainingJobName' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
    "Value null at 'resourceConfig.instanceType' failed to satisfy constraint: Member must not be null");
  expect(wrongAt(errors, "TrainingJobName")).toBe("Member must have length greater than or equal to 1");
  expect(wrongAt(errors, "resourceConfig.instanceType")).toBe("Member must not be null");
  expect(wrongAt(errors, "resourceConfig")).toBe("Member must not be null");
  expect(wrongAt(errors, "resource")).toBeUndefined();
});

test("a message about no member is about none", () => {
  expect(fieldErrors("Could not assume role arn:aws:iam::1:role/x.").size).toBe(0);
});

test("long sets of values are cut", () => {
  const values = Array.from({ length: 100 }, (_, index) => `ml.${index}`).join(", ");
  const errors = fieldErrors(
    `1 validation error detected: Value 'x' at 'resourceConfig.instanceType' failed to satisfy constraint: Member must satisfy enum value set: [${values}]`
    );
  expect(wrongAt(errors, "resourceConfig.instanceType")).toBe(
    "Member must satisfy enum value set: [ml.0, ml.1, ml.2, ml.3, ml.4, ml.5, ml.6, ml.7, … 100 in all]");
});
