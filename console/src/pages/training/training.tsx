/** #/jobs, #/jobs/<name>, #/jobs/create?from=<name>, #/jobs/compare?names=<name>,<name>. */
import { shownBy } from "../../app/router";
import type { PageProps } from "../../app/routes";
import { JobPage } from "./job_page";
import { JobList } from "./list_page";
import "./training.css";
import { later } from "../../ui/later";

const CreatePage = later(() => import("./create_page"));
const ComparePage = later(() => import("./compare_page"));

export default function Training({ place: { parts, query } }: PageProps) {
  const { name, form } = shownBy(parts, "create", "compare");
  if (form === "create") return <CreatePage key={query.get("from")} from={query.get("from") ?? undefined} />;
  if (form === "compare") return <ComparePage names={(query.get("names") ?? "").split(",").filter(Boolean)} />;
  return name ? <JobPage key={name} name={name} /> : <JobList />;
}
