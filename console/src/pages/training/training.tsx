/** #/jobs, #/jobs/<name>, #/jobs/create?from=<name>, #/jobs/compare?names=<name>,<name>. */
import { lazy } from "react";
import type { PageProps } from "../../app/routes";
import { JobPage } from "./job_page";
import { JobList } from "./list_page";
import "./training.css";

const CreatePage = lazy(() => import("./create_page"));
const ComparePage = lazy(() => import("./compare_page"));

export default function Training({ place: { parts, query } }: PageProps) {
  const name = parts[1];
  if (!name) return <JobList />;
  if (name === "create") return <CreatePage key={query.get("from")} from={query.get("from") ?? undefined} />;
  if (name === "compare") return <ComparePage names={(query.get("names") ?? "").split(",").filter(Boolean)} />;
  return <JobPage key={name} name={name} />;
}
