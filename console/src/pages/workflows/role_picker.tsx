/** The role that executions act as: those that trust Step Functions, or one by its ARN. */
import { useEffect, useMemo } from "react";
import type { Output } from "../../api/services";
import { read, useRead } from "../../api/watch";
import { links } from "../../app/router";
import { SelectField, TextField } from "../../ui/controls";

type Role = Output<"iam", "ListRoles">["Roles"][number];

/** Trust documents come percent-encoded. */
export function trustsStates(role: Pick<Role, "AssumeRolePolicyDocument">): boolean {
  try {
    return decodeURIComponent(role.AssumeRolePolicyDocument ?? "").includes("states.amazonaws.com");
  } catch {
    return false;
  }
}

export function RolePicker({ value, onChange }: { value: string; onChange: (arn: string) => void }) {
  const { data, error } = useRead(read("iam", "ListRoles", { MaxItems: 1000 }));
  const fitting = useMemo(() => data?.Roles.filter(trustsStates) ?? [], [data]);
  const first = fitting[0]?.Arn;
  useEffect(() => {
    if (value === "" && first !== undefined) onChange(first);
  }, [value, first, onChange]);
  if (error && !data)
    return <TextField label="Role" value={value} onChange={onChange}
      hint="The ARN of a role that trusts states.amazonaws.com. (You may not list roles.)" placeholder="arn:aws:iam::…:role/…" />;
  const options = fitting.map((role) => [role.Arn, role.RoleName] as const);
  const own = value !== "" && !fitting.some((role) => role.Arn === value) ? [[value, value] as const] : [];
  if (data && options.length + own.length === 0) {
    return (
      <TextField label="Role" value={value} onChange={onChange} placeholder="arn:aws:iam::…:role/…"
        hint={<>No role trusts Step Functions yet: <a href={links.iam}>create one</a>, or run <code>trainyard init</code>.</>} />
    );
  }
  return <SelectField label="Role" value={value} onChange={onChange} options={[...own, ...options]} hint="Its executions act as this role." />;
}
