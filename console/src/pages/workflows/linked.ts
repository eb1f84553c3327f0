/** What a task's call made or used that has a page of its own. */
import { links } from "../../app/router";
import { nameOf } from "../../lib/arn";
import type { Try } from "./view";

export interface Link {
  readonly kind: "Training job" | "Model" | "Endpoint" | "Execution" | "Activity" | "Object" | "Bucket" | "Role";
  readonly name: string;
  readonly href: string;
  /** Of an execution. */
  readonly arn?: string;
}

function members(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {}; // cut short by the service
  }
}

/** The links of a call: by what it was called with, and what it answered. */
export function linksOf(one: Pick<Try, "service" | "parameters" | "submitted" | "output" | "resource">): Link[] {
  if (one.service === "activity") return [{ kind: "Activity", name: nameOf(one.resource), href: links.activities }];
  const given = members(one.parameters);
  const answered = { ...members(one.output), ...members(one.submitted) };
  const text = (name: string) => [answered[name], given[name]].find((value): value is string => typeof value === "string");
  const found: Link[] = [];
  const add = (kind: Link["kind"], name: string | undefined, href: (name: string) => string) => {
    if (name) found.push({ kind, name, href: href(name) });
  };
  if (one.service.includes("sagemaker")) {
    add("Training job", text("TrainingJobName"), links.job);
    add("Endpoint", text("EndpointName"), links.endpoint);
    if (/Model(\.|$)/.test(one.resource)) add("Model", text("ModelName"), links.model);
  }
  const execution = text("ExecutionArn") ?? text("executionArn");
  if (execution) found.push({ kind: "Execution", name: nameOf(execution), href: links.execution(execution), arn: execution });
  if (one.service === "aws-sdk:s3") {
    const [bucket, key] = [text("Bucket"), text("Key")];
    if (bucket && key) found.push({ kind: "Object", name: `${bucket}/${key}`, href: links.objects(bucket, key) });
    else add("Bucket", bucket, (name) => links.objects(name));
  }
  if (one.service === "aws-sdk:iam") add("Role", text("RoleName"), links.role);
  return found;
}
