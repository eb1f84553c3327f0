/** What a refusal says: who was not allowed to do what, to what, and why. */

export interface Denied {
  principal: string;
  action: string;
  resource: string;
  /** "no identity-based policy allows the … action", "with an explicit deny in …"; "" when nothing is said. */
  reason: string;
}

const TEXT = /User: (\S+) is not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?(?:,? (because .*|with an explicit deny .*))?/s;

/** undefined when the text is no such refusal. */
export function deniedOf(text: string): Denied | undefined {
  const [, principal, action, resource = "*", reason = ""] = TEXT.exec(text) ?? [];
  if (!principal || !action) return undefined;
  return { principal, action, resource: resource.replace(/[.,"']+$/, ""), reason: reason.trim() };
}

export type Who =
  | { kind: "role" | "user"; name: string }
  | { kind: "root" }
  | { kind: "unknown" };

/** Whose policies decide for an ARN: a session's are its role's. */
export function whoOf(arn: string): Who {
  const [, , service, , , ...rest] = arn.split(":");
  const [kind = "", ...names] = rest.join(":").split("/");
  if (service === "sts" && kind === "assumed-role" && names[0]) return { kind: "role", name: names[0] };
  if (service === "iam" && (kind === "role" || kind === "user") && names.length > 0) return { kind, name: names.at(-1)! };
  if (kind === "root") return { kind: "root" };
  return { kind: "unknown" };
}

/** The statement that would allow it, to be added to a policy. */
export function remedy(action: string, resource: string, passedTo?: string): string {
  const statement = {
    Effect: "Allow", Action: action, Resource: resource || "*",
    ...(passedTo ? { Condition: { StringEquals: { "iam:PassedToService": passedTo } } } : {}),
  };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] }, null, 2);
}

/** "key=value" lines as IAM's context entries; several values of a key are separated by commas. */
export function contextOf(text: string): { ContextKeyName: string; ContextKeyValues: string[]; ContextKeyType: "string" | "stringList" }[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line.includes("=")).map((line) => {
    const at = line.indexOf("=");
    const values = line.slice(at + 1).split(",").map((value) => value.trim());
    return { ContextKeyName: line.slice(0, at).trim(), ContextKeyValues: values, ContextKeyType: values.length > 1 ? "stringList" : "string" };
  });
}
