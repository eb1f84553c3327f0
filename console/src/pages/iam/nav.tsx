import { links } from "../../app/router";

const PLACES = [
  ["roles", "Roles", links.iam],
  ["users", "Users", links.users],
  ["policies", "Policies", links.policies],
  ["why", "Why denied?", links.why()],
] as const;

export function IamNav({ at }: { at: (typeof PLACES)[number][0] }) {
  return (
    <nav className="iam-nav" aria-label="IAM">
      {PLACES.map(([id, title, href]) => <a key={id} href={href} aria-current={id === at ? "page" : undefined}>{title}</a>)}
    </nav>
  );
}
