import { expect, test } from "vitest";
import type { DescribeEndpointConfigOutput, DescribeEndpointOutput } from "@types-of/sagemaker";
import { changed, firstConfig, modelsOf, nextConfigName, variantsOf } from "./variants";

const ENDPOINT: DescribeEndpointOutput = {
  EndpointName: "e", EndpointArn: "arn", EndpointStatus: "InService", CreationTime: 1, LastModifiedTime: 1,
  ProductionVariants: [
    { VariantName: "a", CurrentWeight: 3, CurrentInstanceCount: 1, DesiredInstanceCount: 2 }, { VariantName: "b", CurrentWeight: 1, CurrentInstanceCount: 1 },
  ],
};
const CONFIG: DescribeEndpointConfigOutput = {
  EndpointConfigName: "c", EndpointConfigArn: "arn", CreationTime: 1,
  ProductionVariants: [
    { VariantName: "a", ModelName: "m", InstanceType: "ml.m4.xlarge", InitialInstanceCount: 1, InitialVariantWeight: 3 },
    { VariantName: "b", ModelName: "n", InitialInstanceCount: 1, InitialVariantWeight: 1 },
  ],
};

test("variants with what is set and what is", () => {
  expect(variantsOf(ENDPOINT, CONFIG)[0]).toEqual({
    name: "a", model: "m", instanceType: "ml.m4.xlarge", instances: 1, wanted: 2, weight: 3, share: 0.75,
  });
  expect(variantsOf({ ...ENDPOINT, ProductionVariants: [] }, CONFIG).map((one) => one.share)).toEqual([0.75, 0.25]);
  expect(variantsOf({ ...ENDPOINT, ProductionVariants: undefined }, undefined)).toEqual([]);
});

test("the next configuration", () => {
  const next = changed(CONFIG.ProductionVariants, new Map([["a", { weight: "0", count: "2" }], ["b", { weight: "x", count: "" }]]));
  expect(next.map((one) => [one.InitialVariantWeight, one.InitialInstanceCount])).toEqual([[0, 2], [1, 1]]);
  expect(next[0]!.ModelName).toBe("m");
});

test("the first configuration of an endpoint that is made again is another one", () => {
  const first = firstConfig("m", "model", "ml.m4.xlarge", "2", new Date("2026-11-29T11:21:18Z"));
  expect(first).toEqual({
    EndpointConfigName: "m-20261129-112118",
    ProductionVariants: [{ VariantName: "AllTraffic", ModelName: "model", InstanceType: "ml.m4.xlarge", InitialInstanceCount: 2, InitialVariantWeight: 1 }],
  });
  expect(firstConfig("m", "model", "ml.m4.xlarge", "2", new Date("2026-11-29T11:21:19Z")).EndpointConfigName).not.toBe(first.EndpointConfigName);
});

test("models of a configuration", () => {
  expect(modelsOf(CONFIG)).toEqual(["m", "n"]);
  expect(modelsOf({ ...CONFIG, ProductionVariants: [{ VariantName: "a" }, { VariantName: "b", ModelName: "n" }, { VariantName: "c", ModelName: "n" }] })).toEqual(["n"]);
});

test("its name", () => {
  const at = new Date("2026-11-29T11:21:18Z");
  expect(nextConfigName("mnist", at)).toBe("mnist-20261129-112118");
  expect(nextConfigName("mnist-20251129-112118", at)).toBe("mnist-20261129-112118");
  expect(nextConfigName("x".repeat(63), at).length).toBe(63);
});
