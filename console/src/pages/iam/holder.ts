/** A role or a user as the holder of policies: the same operations under other names. */
import { call } from "../../api/call";
import { postJson } from "../../api/http";
import type { Output } from "../../api/services";
import { read, type Read } from "../../api/watch";

export interface Holder { kind: "role" | "user"; name: string }

/** More than the quota allows of either: one page. */
const ALL = 1000;

/** What a read answers now; nobody watches it. */
export async function once<T>({ request: { service, operation, input } }: Read<T>): Promise<T> {
  return (await (await postJson(`/call/${service}/${operation}`, input)).json()) as T;
}

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

/** Attaches what it can: the policies that it could not, with the first refusal. */
export async function attachEach(holder: Holder, arns: readonly string[]): Promise<{ refused: string[]; refusal?: unknown }> {
  const refused: { arn: string; error: unknown }[] = [];
  for (const arn of arns) await attach(holder, arn).catch((error: unknown) => refused.push({ arn, error }));
  return { refused: refused.map(({ arn }) => arn), refusal: refused[0]?.error };
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
