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
    if (!found.has(name)) found.set(name, rule.trim());
  }
  return found;
}

/** What is wrong with a member: named by itself or by one of its own members. */
export function wrongAt(errors: ReadonlyMap<string, string>, path: string): string | undefined {
  const wanted = path.toLowerCase();
  for (const [name, rule] of errors) {
    if (name === wanted || name.startsWith(`${wanted}.`)) return rule;
  }
  return undefined;
}
