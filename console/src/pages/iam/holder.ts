/** A role or a user as the holder of policies: the same operations under other names. */
import { call } from "../../api/call";
import type { Output } from "../../api/services";
import { read, type Read } from "../../api/watch";

export interface Holder { kind: "role" | "user"; name: string }

/** More than the quota allows of either: one page. */
const ALL = 1000;

export function attachedOf({ kind, name }: Holder): Read<Output<"iam", "ListAttachedRolePolicies">> {
  return kind === "role"
    ? read("iam", "ListAttachedRolePolicies", { RoleName: name, MaxItems: ALL })
    : read("iam", "ListAttachedUserPolicies", { UserName: name, MaxItems: ALL });
}

export function inlineOf({ kind, name }: Holder): Read<Output<"iam", "ListRolePolicies">> {
  return kind === "role"
    ? read("iam", "ListRolePolicies", { RoleName: name, MaxItems: ALL })
    : read("iam", "ListUserPolicies", { UserName: name, MaxItems: ALL });
}

export function inlineDocumentOf({ kind, name }: Holder, policy: string): Read<{ PolicyDocument: string }> {
  return kind === "role"
    ? read("iam", "GetRolePolicy", { RoleName: name, PolicyName: policy })
    : read("iam", "GetUserPolicy", { UserName: name, PolicyName: policy });
}

export async function attach({ kind, name }: Holder, arn: string): Promise<void> {
  if (kind === "role") await call("iam", "AttachRolePolicy", { RoleName: name, PolicyArn: arn });
  else await call("iam", "AttachUserPolicy", { UserName: name, PolicyArn: arn });
}

export async function detach({ kind, name }: Holder, arn: string): Promise<void> {
  if (kind === "role") await call("iam", "DetachRolePolicy", { RoleName: name, PolicyArn: arn });
  else await call("iam", "DetachUserPolicy", { UserName: name, PolicyArn: arn });
}

export async function putInline({ kind, name }: Holder, policy: string, document: string): Promise<void> {
  if (kind === "role") await call("iam", "PutRolePolicy", { RoleName: name, PolicyName: policy, PolicyDocument: document });
  else await call("iam", "PutUserPolicy", { UserName: name, PolicyName: policy, PolicyDocument: document });
}

export async function deleteInline({ kind, name }: Holder, policy: string): Promise<void> {
  if (kind === "role") await call("iam", "DeleteRolePolicy", { RoleName: name, PolicyName: policy });
  else await call("iam", "DeleteUserPolicy", { UserName: name, PolicyName: policy });
}

/** IAM deletes only what nothing hangs on: policies and keys go first. */
export async function deleteHolder(holder: Holder): Promise<void> {
  const { kind, name } = holder;
  const attached = kind === "role"
    ? await call("iam", "ListAttachedRolePolicies", { RoleName: name, MaxItems: ALL })
    : await call("iam", "ListAttachedUserPolicies", { UserName: name, MaxItems: ALL });
  for (const { PolicyArn } of attached.AttachedPolicies ?? []) await detach(holder, PolicyArn!);
  const inline = kind === "role"
    ? await call("iam", "ListRolePolicies", { RoleName: name, MaxItems: ALL })
    : await call("iam", "ListUserPolicies", { UserName: name, MaxItems: ALL });
  for (const policy of inline.PolicyNames) await deleteInline(holder, policy);
  if (kind === "role") {
    await call("iam", "DeleteRole", { RoleName: name });
    return;
  }
  const keys = await call("iam", "ListAccessKeys", { UserName: name });
  for (const { AccessKeyId } of keys.AccessKeyMetadata) await call("iam", "DeleteAccessKey", { UserName: name, AccessKeyId: AccessKeyId! });
  await call("iam", "DeleteUser", { UserName: name });
}
