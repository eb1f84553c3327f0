/** The role that a service shall take: those that trust it are suggested, the first at once; any other is given by its ARN. */
import { useEffect, useRef } from "react";
import { links } from "../app/router";
import { SuggestField } from "./suggest_field";

/** `service`: its name; `hint`: what the role is for. The ARNs of `fitting` are undefined as long as they are not known, or may not be (`unlisted`). */
export function RoleField({ value, onChange, roles: { fitting, unlisted }, service, hint }: {
  value: string; onChange: (arn: string) => void; roles: { fitting: readonly string[] | undefined; unlisted: boolean }; service: string; hint: string;
}) {
  const first = fitting?.[0];
  const proposed = useRef(false); // once: the field may be emptied for another ARN
  useEffect(() => {
    if (proposed.current || first === undefined) return;
    proposed.current = true;
    if (value === "") onChange(first);
  }, [value, first, onChange]);
  const told = unlisted ? `The ARN of a role that trusts ${service}. (You may not list roles.)`
    : fitting?.length === 0 ? <>No role trusts {service} yet: <a href={links.iam}>create one</a>, or run <code>trainyard init</code>.</>
      : `${hint} Empty the field to see all that trust ${service}.`;
  return <SuggestField label="Role" value={value} onChange={onChange} suggestions={fitting ?? []} hint={told} placeholder="arn:aws:iam::…:role/…" />;
}
