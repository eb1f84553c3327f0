/** The roles that a service may take. */
import { useMemo } from "react";
import { trusts } from "../lib/trust";
import { read, useRead } from "./watch";

/** `fitting`: ARNs, undefined as long as they are not known; `unlisted`: why they will not be. */
export interface Roles { fitting: readonly string[] | undefined; unlisted: boolean }

/** `service`: "states.amazonaws.com". */
export function useRolesFor(service: string): Roles {
  const { data, error } = useRead(read("iam", "ListRoles", { MaxItems: 1000 }));
  const fitting = useMemo(() => data?.Roles.filter((role) => trusts(role.AssumeRolePolicyDocument, service)).map((role) => role.Arn), [data, service]);
  return { fitting, unlisted: !data && error !== undefined };
}
