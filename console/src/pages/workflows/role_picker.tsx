/** The role that executions act as: those that trust Step Functions are suggested, any other is given by its ARN. */
import { useEffect, useMemo, useRef } from "react";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { links } from "../../app/router";
import { SuggestField } from "../../ui/suggest_field";

type Role = Output<"iam", "ListRoles">["Roles"][number];

/** Trust documents come percent-encoded. */
function trustsStates(role: Pick<Role, "AssumeRolePolicyDocument">): boolean {
  try {
    return decodeURIComponent(role.AssumeRolePolicyDocument ?? "").includes("states.amazonaws.com");
  } catch {
    return false;
  }
}

export function RolePicker({ value, onChange }: { value: string; onChange: (arn: string) => void }) {
  const { data, error } = useRead(read("iam", "ListRoles", { MaxItems: 1000 }));
  const fitting = useMemo(() => data?.Roles.filter(trustsStates).map((role) => role.Arn), [data]);
  const first = fitting?.[0];
  const proposed = useRef(false); // once: the field may be emptied for another ARN
  useEffect(() => {
    if (proposed.current || first === undefined) return;
    proposed.current = true;
    if (value === "") onChange(first);
  }, [value, first, onChange]);
  return <RoleField value={value} onChange={onChange} fitting={fitting} unlisted={error !== undefined} />;
}

/** `fitting`: ARNs, undefined as long as they are not known; `unlisted`: why they will not be. */
export function RoleField({ value, onChange, fitting, unlisted }: {
  value: string; onChange: (arn: string) => void; fitting: readonly string[] | undefined; unlisted: boolean;
}) {
  const hint = !fitting && unlisted ? "The ARN of a role that trusts states.amazonaws.com. (You may not list roles.)"
    : fitting?.length === 0 ? <>No role trusts Step Functions yet: <a href={links.iam}>create one</a>, or run <code>trainyard init</code>.</>
      : "Its executions act as this role. Empty the field to see all that trust Step Functions.";
  return <SuggestField label="Role" value={value} onChange={onChange} suggestions={fitting ?? []} hint={hint} placeholder="arn:aws:iam::…:role/…" />;
}
