/** Whom a trust policy trusts, in a few words. */
import { nameOf } from "../../lib/arn";

interface Statement { Effect?: string; Principal?: string | Record<string, string | string[]> }

const listed = <T>(value: T | T[] | undefined): T[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

/** "sagemaker", "user alice", "account 000000000000"; nothing of what is denied. */
export function trustedBy(document: string): string[] {
  let parsed: { Statement?: Statement | Statement[] };
  try {
    parsed = JSON.parse(document) as typeof parsed;
  } catch {
    return [];
  }
  const allowing = listed(parsed.Statement).filter(({ Effect }) => Effect === "Allow");
  const names = allowing.flatMap(({ Principal }) => {
    if (typeof Principal === "string") return [Principal];
    return Object.entries(Principal ?? {}).flatMap(([kind, values]) => listed(values).map((value) =>
      (kind === "AWS" ? principalName(value) : value.replace(/(\.[a-z0-9-]+)?\.amazonaws\.com$/, ""))));
  });
  return [...new Set(names)];
}

function principalName(value: string): string {
  if (/^\d{12}$/.test(value)) return `account ${value}`;
  const [, , , , account, resource = ""] = value.split(":");
  if (resource === "root") return `account ${account}`;
  const kind = resource.split("/")[0];
  return kind === "role" || kind === "user" ? `${kind} ${nameOf(value)}` : value;
}
