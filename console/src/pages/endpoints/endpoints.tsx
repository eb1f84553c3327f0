/** #/endpoints, #/endpoints/<name>, #/endpoints/create?model=<name>. */
import { shownBy } from "../../app/router";
import type { PageProps } from "../../app/routes";
import { EndpointPage } from "./endpoint_page";
import { EndpointList } from "./list_page";
import "./endpoints.css";
import { later } from "../../ui/later";

const CreateEndpoint = later(() => import("./create_page"));

export default function Endpoints({ place: { parts, query } }: PageProps) {
  const { name, form } = shownBy(parts, "create");
  if (form) return <CreateEndpoint key={query.get("model")} model={query.get("model") ?? undefined} />;
  return name ? <EndpointPage key={name} name={name} /> : <EndpointList />;
}
