/** Roles, users, policies, and why something was denied. */
import type { PageProps } from "../../app/routes";
import "./iam.css";
import { PolicyPage } from "./policy";
import { Policies } from "./policies";
import { RolePage } from "./role";
import { Roles } from "./roles";
import { UserPage } from "./user";
import { Users } from "./users";
import { Why } from "./why";

export default function Iam({ place }: PageProps) {
  const [section, ...rest] = place.parts;
  const name = rest.join("/"); // ARNs of policies and messages have slashes
  if (section === "users") return name ? <UserPage key={name} name={name} /> : <Users />;
  if (section === "policies") return name ? <PolicyPage key={name} arn={name} /> : <Policies />;
  if (section === "why") return <Why key={name} text={name} />;
  return name ? <RolePage key={name} name={name} /> : <Roles />;
}
