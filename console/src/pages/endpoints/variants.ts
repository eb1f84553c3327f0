/** An endpoint's variants: as they are, joined with their configuration, and as they shall be. Pure. */
import type { CreateEndpointConfigInput, DescribeEndpointConfigOutput, DescribeEndpointOutput, ProductionVariant } from "@types-of/sagemaker";

export interface Variant {
  name: string;
  model: string | undefined;
  instanceType: string | undefined;
  instances: number | undefined;
  wanted: number | undefined;
  weight: number | undefined;
  /** Of the requests that go to it: weights count as parts of their sum. */
  share: number | undefined;
}

export function variantsOf(endpoint: DescribeEndpointOutput, config: DescribeEndpointConfigOutput | undefined): Variant[] {
  const summaries = endpoint.ProductionVariants ?? [];
  const configured = config?.ProductionVariants ?? [];
  const names = summaries.length > 0 ? summaries.map((one) => one.VariantName) : configured.map((one) => one.VariantName);
  const weights = names.map((name) => summaries.find((one) => one.VariantName === name)?.CurrentWeight
    ?? configured.find((one) => one.VariantName === name)?.InitialVariantWeight);
  const total = weights.reduce<number>((sum, weight) => sum + (weight ?? 0), 0);
  return names.map((name, index) => {
    const now = summaries.find((one) => one.VariantName === name);
    const set = configured.find((one) => one.VariantName === name);
    const weight = weights[index];
    return {
      name, model: set?.ModelName, instanceType: set?.InstanceType, instances: now?.CurrentInstanceCount,
      wanted: now?.DesiredInstanceCount ?? set?.InitialInstanceCount, weight,
      share: weight === undefined || total === 0 ? undefined : weight / total,
    };
  });
}

/** The models of a configuration, each once. */
export const modelsOf = (config: DescribeEndpointConfigOutput): string[] =>
  [...new Set(config.ProductionVariants.flatMap((one) => one.ModelName ?? []))];

/** With one variant. Not of the endpoint's name alone: a configuration may outlive its endpoint, whose name is free again. */
export function firstConfig(endpoint: string, model: string, type: string, count: string, now: Date): CreateEndpointConfigInput {
  return {
    EndpointConfigName: nextConfigName(endpoint, now),
    ProductionVariants: [{
      VariantName: "AllTraffic", ModelName: model, InstanceType: type as never, InitialInstanceCount: Number(count) || undefined, InitialVariantWeight: 1,
    }],
  };
}

export interface Wanted { weight: string; count: string }

/** The variants of the next configuration; a text that is no number goes as it was, for the service to judge what is. */
export function changed(variants: readonly ProductionVariant[], wanted: ReadonlyMap<string, Wanted>): ProductionVariant[] {
  return variants.map((variant) => {
    const change = wanted.get(variant.VariantName);
    const number = (text: string | undefined, before: number | undefined) =>
      (text !== undefined && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : before);
    return {
      ...variant, InitialVariantWeight: number(change?.weight, variant.InitialVariantWeight),
      InitialInstanceCount: number(change?.count, variant.InitialInstanceCount),
    };
  });
}

/** A name for the configuration that comes next; configurations are never changed. At most 63 characters. */
export function nextConfigName(name: string, now: Date): string {
  const stamp = now.toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  const stem = name.replace(/-\d{8}-\d{6}$/, "");
  return `${stem.slice(0, 63 - stamp.length - 1).replace(/-+$/, "")}-${stamp}`;
}
