/** The sections of the rail, and which first parts of an address belong to each. */
import type { IconName } from "../ui/icon";
import { links } from "./router";

export interface Section { title: string; icon: IconName; href: string; key: string; of: readonly string[] }

export const SECTIONS: readonly Section[] = [
  { title: "Home", icon: "home", href: links.home, key: "h", of: [] },
  { title: "Workflows", icon: "workflows", href: links.machines, key: "w", of: ["statemachines", "executions", "activities"] },
  { title: "Training", icon: "training", href: links.jobs, key: "t", of: ["jobs"] },
  { title: "Endpoints", icon: "endpoints", href: links.endpoints, key: "e", of: ["endpoints", "endpointconfigs", "models"] },
  { title: "Notebooks", icon: "notebook", href: links.notebooks, key: "n", of: ["notebooks"] },
  { title: "Storage", icon: "storage", href: links.buckets, key: "s", of: ["buckets"] },
  { title: "IAM", icon: "iam", href: links.iam, key: "i", of: ["roles", "users", "policies", "why"] },
];

export function sectionOf(first: string | undefined): Section | undefined {
  return first === undefined ? SECTIONS[0] : SECTIONS.find((section) => section.of.includes(first));
}
