/** Whether a role's trust document, percent-encoded as IAM sends it, names a service: "states.amazonaws.com". */
export function trusts(document: string | undefined, service: string): boolean {
  try {
    return decodeURIComponent(document ?? "").includes(`"${service}"`);
  } catch {
    return false;
  }
}
