/**
 * Where the page is: in the fragment, as AWS's console has it, so that links made for that lead
 * right here: #/executions/details/<arn>, #/statemachines/view/<arn>, #/jobs/<name>.
 */
import { useSyncExternalStore } from "react";

export interface Place {
  /** The parts between slashes, decoded: ["executions", "details", "arn:…"]. */
  parts: string[];
  query: URLSearchParams;
}

const decoded = (text: string) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // typed by hand, as it stands
  }
};

export function placeOf(fragment: string): Place {
  const path = fragment.replace(/^#?\/?/, "");
  const at = path.indexOf("?");
  const names = at < 0 ? path : path.slice(0, at);
  return {
    parts: names === "" ? [] : names.split("/").map(decoded),
    query: new URLSearchParams(at < 0 ? "" : path.slice(at + 1)),
  };
}

/** "#/jobs/train%2F1?tab=logs" of ["jobs", "train/1"] and {tab: "logs"}; colons of ARNs stay as they are. */
export function href(parts: readonly string[], query: Record<string, string | undefined> = {}): string {
  const set = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const search = set.length > 0 ? `?${new URLSearchParams(set)}` : "";
  return `#/${parts.map((part) => encodeURIComponent(part).replaceAll("%3A", ":")).join("/")}${search}`;
}

/** Addresses of forms, in AWS's form. What has such a name is a step further down: #/jobs/view/create. */
const FORMS = new Set(["create", "compare", "view"]);

const thing = (section: string, name: string, query: Record<string, string | undefined> = {}) =>
  href([section, ...(FORMS.has(name) ? ["view"] : []), name], query);

/** The token of a link that logs in: #/login/<token>. */
export const loginToken = ({ parts: [first, token] }: Place): string | undefined => (first === "login" ? token || undefined : undefined);

/** What the address of a section's page says: the name of a thing, or one of the section's forms. */
export function shownBy<Form extends string>([, first, second]: readonly string[], ...forms: readonly Form[]): { name?: string; form?: Form } {
  if (first === undefined) return {};
  if (first === "view" && second !== undefined) return { name: second };
  const form = forms.find((one) => one === first);
  return form ? { form } : { name: first };
}

export const links = {
  home: "#/",
  machines: "#/statemachines",
  newMachine: "#/statemachines/create",
  machine: (arn: string, query = {}) => href(["statemachines", "view", arn], query),
  editMachine: (arn: string) => href(["statemachines", "edit", arn]),
  execution: (arn: string, query = {}) => href(["executions", "details", arn], query),
  startExecution: (machineArn: string, query = {}) => href(["executions", "start", machineArn], query),
  activities: "#/activities",
  jobs: "#/jobs",
  newJob: (from?: string) => href(["jobs", "create"], { from }),
  job: (name: string, query = {}) => thing("jobs", name, query),
  compareJobs: (names: readonly string[]) => href(["jobs", "compare"], { names: names.join(",") }),
  endpoints: "#/endpoints",
  endpoint: (name: string, query = {}) => thing("endpoints", name, query),
  endpointConfigs: "#/endpointconfigs",
  models: "#/models",
  model: (name: string) => thing("models", name),
  notebooks: "#/notebooks",
  notebook: (name: string) => thing("notebooks", name),
  buckets: "#/buckets",
  objects: (bucket: string, key = "") => href(["buckets", bucket, ...(key === "" ? [] : key.split("/"))]),
  iam: "#/roles",
  role: (name: string, query = {}) => href(["roles", name], query),
  users: "#/users",
  user: (name: string) => href(["users", name]),
  policies: "#/policies",
  policy: (arn: string) => href(["policies", arn]),
  why: (text = "") => href(text ? ["why", text] : ["why"]),
} as const;

let shown = typeof location === "undefined" ? "" : location.hash;
let place = placeOf(shown);
const listeners = new Set<() => void>();

function arrive(): void {
  if (location.hash === shown) return;
  shown = location.hash;
  place = placeOf(shown);
  listeners.forEach((tell) => tell());
}

if (typeof window !== "undefined") window.addEventListener("hashchange", arrive);

export const currentPlace = (): Place => place;

export function usePlace(): Place {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    currentPlace,
  );
}

/**
 * `replace`: the place that is left is not kept for "back" (a tab was chosen, a page has moved). All who ask are told
 * at once: a field whose text the address holds loses its caret when the text comes back later than it was typed.
 */
export function go(to: string, replace = false): void {
  if (replace) location.replace(to);
  else location.hash = to;
  arrive();
}

/** A part of a page that its address names: the chosen tab, the chosen state. */
export function useQuery<T extends string>(name: string, fallback: T): [T, (value: T) => void] {
  const { parts, query } = usePlace();
  const set = (value: T) => {
    const next = Object.fromEntries(query);
    if (value === fallback) delete next[name];
    else next[name] = value;
    go(href(parts, next), true);
  };
  return [(query.get(name) as T | null) ?? fallback, set];
}
