/** #/models, #/models/<name>, #/models/create?job=<name>. */
import { shownBy } from "../../app/router";
import type { PageProps } from "../../app/routes";
import { ModelList } from "./list_page";
import { ModelPage } from "./model_page";
import { later } from "../../ui/later";

const CreateModel = later(() => import("./create_page"));

export default function Models({ place: { parts, query } }: PageProps) {
  const { name, form } = shownBy(parts, "create");
  if (form) return <CreateModel key={query.get("job")} job={query.get("job") ?? undefined} />;
  return name ? <ModelPage key={name} name={name} /> : <ModelList />;
}
