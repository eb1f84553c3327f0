/** Parts of ARNs that pages need. */

/** The last part: the name of what the ARN names. */
export function nameOf(arn: string): string {
  return arn.slice(Math.max(arn.lastIndexOf(":"), arn.lastIndexOf("/")) + 1);
}

/** The state machine that an execution's ARN belongs to. */
export function machineArnOf(executionArn: string): string {
  const parts = executionArn.split(":");
  return [...parts.slice(0, 5), "stateMachine", parts[6] ?? ""].join(":");
}

/** The state machine itself, of an ARN that may name one of its versions or aliases. */
export function plainMachineArn(arn: string): string {
  return arn.split(":").slice(0, 7).join(":");
}

/** What an ARN names: service "iam", resource "role/path/name"; undefined of what is no ARN. */
export function partsOfArn(text: string): { service: string; resource: string } | undefined {
  const match = /^arn:[^:]+:([^:]+):[^:]*:[^:]*:(.+)$/s.exec(text);
  return match ? { service: match[1]!, resource: match[2]! } : undefined;
}
