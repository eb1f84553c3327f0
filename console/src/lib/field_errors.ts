/** Which fields of a form a service's message is about. Pure. */

/**
 * AWS says "2 validation errors detected: Value '' at 'trainingJobName' failed to satisfy constraint: …; Value null at
 * 'resourceConfig.instanceType' …". By the member's path; a message that names no member is about none.
 */
export function fieldErrors(message: string): Map<string, string> {
  const found = new Map<string, string>();
  const body = message.replace(/^\d+ validation errors? detected:\s*/, "");
  for (const part of body.split(/;\s+(?=Value\b)/)) {
    const path = /\bat '([^']+)'/.exec(part)?.[1];
    if (!path) continue;
    const rule = /failed to satisfy constraint:\s*(.*)$/s.exec(part)?.[1] ?? part;
    const name = path.toLowerCase();
    if (!found.has(name)) found.set(name, brief(rule.trim()));
  }
  return found;
}

/** Values that are told one by one. */
const VALUES_MAX = 8;

/** "Member must satisfy enum value set: [a, b, …]" of a hundred values says too much beside a field. */
function brief(rule: string): string {
  const [, before, list] = /^(.*enum value set: )\[(.*)\]$/s.exec(rule) ?? [];
  const values = list?.split(/,\s*/) ?? [];
  return values.length > VALUES_MAX ? `${before}[${values.slice(0, VALUES_MAX).join(", ")}, … ${values.length} in all]` : rule;
}

/** What is wrong with a member: named by itself or by one of its own members. */
export function wrongAt(errors: ReadonlyMap<string, string>, path: string): string | undefined {
  const wanted = path.toLowerCase();
  for (const [name, rule] of errors) {
    if (name === wanted || name.startsWith(`${wanted}.`)) return rule;
  }
  return undefined;
}
