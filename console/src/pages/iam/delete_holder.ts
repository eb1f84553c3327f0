/**
 * Deleting a role or user. IAM deletes only what nothing hangs on, so policies and keys go first; when the
 * deletion is refused in the end, jobs and workflows may still run as it, and it gets them back.
 */
import { call } from "../../api/call";
import { ApiError } from "../../api/http";
import { decodedDocument } from "./documents";
import { attach, attachedOf, deleteInline, detach, inlineDocumentOf, inlineOf, once, putInline, type Holder } from "./holder";

/** Something that hangs on a holder. Without `putBack` it is gone for good. */
interface Part { what: string; take: () => Promise<unknown>; putBack?: () => Promise<unknown> }

export async function deleteHolder(holder: Holder): Promise<void> {
  const parts = await partsOf(holder);
  const taken: Part[] = [];
  try {
    for (const part of parts) {
      await part.take();
      taken.push(part);
    }
    if (holder.kind === "role") await call("iam", "DeleteRole", { RoleName: holder.name });
    else await call("iam", "DeleteUser", { UserName: holder.name });
  } catch (refusal) {
    if (taken.length === 0) throw refusal;
    throw explained(refusal, outcome(holder, await putBack(taken)));
  }
}

/** Read before anything is taken: what may not be read could not be put back. */
async function partsOf(holder: Holder): Promise<Part[]> {
  const { AttachedPolicies = [] } = await once(attachedOf(holder));
  const attached = AttachedPolicies.map(({ PolicyName, PolicyArn }): Part => ({
    what: `the attached policy ${PolicyName}`, take: () => detach(holder, PolicyArn!), putBack: () => attach(holder, PolicyArn!),
  }));
  const inline: Part[] = [];
  for (const name of (await once(inlineOf(holder))).PolicyNames) {
    const document = decodedDocument((await once(inlineDocumentOf(holder, name))).PolicyDocument);
    inline.push({ what: `the inline policy ${name}: ${document}`, take: () => deleteInline(holder, name), putBack: () => putInline(holder, name, document) });
  }
  return [...attached, ...inline, ...(holder.kind === "user" ? await keysOf(holder.name) : [])];
}

async function keysOf(user: string): Promise<Part[]> {
  const { AccessKeyMetadata } = await call("iam", "ListAccessKeys", { UserName: user });
  return AccessKeyMetadata.map(({ AccessKeyId = "" }) => ({
    what: `the access key ${AccessKeyId} (a new one has to be made)`, take: () => call("iam", "DeleteAccessKey", { UserName: user, AccessKeyId }),
  }));
}

/** What stays lost. */
async function putBack(taken: readonly Part[]): Promise<string[]> {
  const lost: string[] = [];
  for (const part of taken) {
    const isBack = part.putBack !== undefined && await part.putBack().then(() => true, () => false);
    if (!isBack) lost.push(part.what);
  }
  return lost;
}

function outcome({ kind, name }: Holder, lost: readonly string[]): string {
  return lost.length === 0
    ? `The ${kind} ${name} was not deleted, and has all of its policies again.`
    : `The ${kind} ${name} was not deleted, but has lost ${lost.join("; ")}. Give it these again on its page.`;
}

/** The refusal with what came of it before its own words, which say why. */
function explained(refusal: unknown, came: string): Error {
  if (refusal instanceof ApiError) return new ApiError(refusal.code, `${came} ${refusal.message}`, refusal.status);
  return new Error(`${came} ${refusal instanceof Error ? refusal.message : String(refusal)}`);
}
