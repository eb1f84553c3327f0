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
